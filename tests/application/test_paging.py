"""Cursors: opaque, signed, bound to their list."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.paging import BadCursor, Cursors, Key

cursors = Cursors(b"a secret of tests that is long enough")
keys = st.builds(Key, st.uuids(), st.integers(-(2**63), 2**63 - 1))
scopes = st.text(max_size=30)


def accepted(scope: str, text: str) -> bool:
    try:
        cursors.read(scope, text)
    except BadCursor:
        return False
    return True


@given(scopes, st.sampled_from(["n", "p"]), keys)
def test_what_was_written_is_read(scope: str, direction: str, key: Key) -> None:
    assert cursors.read(scope, cursors.write(scope, direction, key)) == (direction, key)  # type: ignore[arg-type]


@pytest.mark.goal("I5")
@given(keys, st.integers(0, 60), st.integers(1, 255))
def test_a_changed_cursor_is_refused(key: Key, where: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(cursors.write("fresh", "n", key)))
    assert accepted("fresh", base64.urlsafe_b64encode(raw).decode())
    raw[where % len(raw)] ^= change
    assert not accepted("fresh", base64.urlsafe_b64encode(raw).decode())


@pytest.mark.goal("I5")
@given(keys, st.integers(0, 51))
def test_a_cut_or_longer_cursor_is_refused(key: Key, length: int) -> None:
    written = cursors.write("fresh", "n", key)
    assert accepted("fresh", written)
    assert not accepted("fresh", written[:length])
    assert not accepted("fresh", written + written[: length + 1])


@pytest.mark.goal("I5")
@given(st.text())
def test_made_up_text_is_refused(text: str) -> None:
    assert not accepted("fresh", text)


@pytest.mark.goal("I5")
def test_a_cursor_has_one_spelling() -> None:
    written = cursors.write("fresh", "n", Key(UUID(int=5)))
    other = written[:-3] + chr(ord(written[-3]) + 1) + "=="
    assert base64.urlsafe_b64decode(written) == base64.urlsafe_b64decode(other), (
        "else this test shows nothing"
    )
    assert not accepted("fresh", other)


@given(scopes, scopes, keys)
def test_a_cursor_of_another_list_is_refused(scope: str, other: str, key: Key) -> None:
    written = cursors.write(scope, "n", key)
    assert accepted(other, written) == (scope.encode("utf-8", "replace") == other.encode("utf-8", "replace"))


@given(keys)
def test_a_cursor_of_another_installation_is_refused(key: Key) -> None:
    foreign = Cursors(b"another secret of tests, long enough").write("fresh", "n", key)
    assert not accepted("fresh", foreign)
