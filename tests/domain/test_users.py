"""Names, addresses, passwords, links and scopes."""

import re
import sys
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import Invalid, SessionId, UserId
from domain.sessions import DEFAULT_SCOPES, SESSION_IDLE, Session, choose_scopes
from domain.users import (
    MAX_EMAIL,
    MAX_LINK,
    RESERVED_NAMES,
    Account,
    canonical_email,
    canonical_username,
    check_password,
    clean_link,
)
from tests.domain.test_text import refused

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.goal("C4")
class TestUsername:
    @pytest.mark.parametrize("text", ["Bob", "BOB", "ｂｏｂ", "ⓑⓞⓑ", "𝐁𝐨𝐛"])
    def test_every_spelling_is_one_name(self, text: str) -> None:
        assert canonical_username(text) == "bob"

    @given(st.text(max_size=40))
    def test_a_canonical_name_is_its_own_canonical_name(self, text: str) -> None:
        try:
            name = canonical_username(text)
        except Invalid:
            return
        assert canonical_username(name) == name
        assert re.fullmatch("[a-z0-9_.]{3,30}", name)

    def test_no_character_of_unicode_leads_outside_the_alphabet(self) -> None:
        accepted = 0
        for number in range(sys.maxunicode + 1):
            if not unicodedata.decomposition(chr(number)) and chr(number) == chr(number).casefold():
                continue  # no form of it is another character
            try:
                name = canonical_username(f"x{chr(number)}yz")
            except Invalid:
                continue
            accepted += 1
            assert canonical_username(name) == name
            assert re.fullmatch("[a-z0-9_.]{3,30}", name)
        assert accepted > 100

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "ab",
            "a" * 31,
            ".bob",
            "bob.",
            "b..b",
            "b b",
            " bob",
            "bob\n",
            "bob\u200b",
            "b\u202eob",
            "bób",
            "боб",
            "b\x00b",
            "b-b",
        ],
    )
    def test_other_names_are_refused(self, text: str) -> None:
        assert refused(canonical_username, text) == "bad_username"

    @pytest.mark.parametrize(
        "text", ["api", "Static", "ws.", "null", "undefined", "ad.min", "a_d_m_i_n", "setup"]
    )
    def test_reserved_names_are_refused_with_dots_too(self, text: str) -> None:
        assert refused(canonical_username, text) in ("reserved", "bad_username")

    def test_an_administrator_may_have_a_reserved_name(self) -> None:
        assert canonical_username("admin", reserved_ok=True) == "admin"
        assert "admin" in RESERVED_NAMES


class TestEmail:
    def test_spellings_are_one_address(self) -> None:
        assert (
            canonical_email("Mira@Example.ORG") == canonical_email("ｍira@example.org") == "mira@example.org"
        )

    @pytest.mark.parametrize(
        "text",
        ["", "mira", "mira@", "@example.org", "a b@example.org", "a@b", "a@b.c", "<a@b.org>", "a@b@c.org"],
    )
    def test_what_is_no_address_is_refused(self, text: str) -> None:
        assert refused(canonical_email, text) == "bad_email"

    @given(st.integers(1, 250), st.sampled_from("aﬃ㎒ǆ"))
    def test_a_canonical_address_fits_its_column(self, length: int, letter: str) -> None:
        try:
            email = canonical_email(f"a@{letter * length}.org")
        except Invalid:
            return
        assert len(email) <= MAX_EMAIL
        assert canonical_email(email) == email


@pytest.mark.goal("A1")
class TestPassword:
    COMMON = frozenset({"password1"})

    @pytest.mark.parametrize(
        "password", ["a\x00bcdefgh", " leading and trailing ", "😀🎏🎈🎁🎀🎊🎉🎋", "x1y2z3w4" * 32]
    )
    def test_any_characters_and_many_of_them_are_fine(self, password: str) -> None:
        check_password(password, self.COMMON, "mira")

    @pytest.mark.parametrize(
        ("password", "code"),
        [
            ("short12", "bad_length"),
            ("x" * 257, "bad_length"),
            ("password1", "too_common"),
            ("PassWord1", "too_common"),
            ("mirabelle123", "too_common"),
            ("heliograph!", "too_common"),
            ("aaaaaaaaab", "too_common"),
            ("abc\ud800defgh", "bad_character"),
        ],
    )
    def test_weak_ones_are_refused_with_the_reason(self, password: str, code: str) -> None:
        assert refused(check_password, password, self.COMMON, "mirabelle") == code


class TestLink:
    @pytest.mark.parametrize(
        ("text", "link"),
        [
            ("", ""),
            ("example.org", "https://example.org"),
            ("example.org/a?b=c#d", "https://example.org/a?b=c#d"),
            ("http://example.org", "http://example.org"),
            ("https://bücher.example/ü", "https://bücher.example/ü"),
        ],
    )
    def test_web_addresses_are_kept(self, text: str, link: str) -> None:
        assert clean_link(text) == link

    @pytest.mark.parametrize(
        "text",
        [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)//x.y",
            "data:text/html,x.y",
            "ftp://example.org",
            "https://",
            "https://nodot",
            "https://me@example.org",
            "https://exa mple.org",
            'https://example.org/"x',
            "https://example.org\\x",
            "https://[::1",
            "//example.org\u202e",
            "x onmouseover=alert.1",
        ],
    )
    def test_everything_else_is_refused(self, text: str) -> None:
        assert refused(clean_link, text) == "bad_link"

    @given(st.text())
    def test_a_link_goes_to_the_web_and_is_stable(self, text: str) -> None:
        try:
            link = clean_link(text)
        except Invalid:
            return
        assert link == "" or link.lower().startswith(("http://", "https://"))
        assert clean_link(link) == link

    @given(st.integers(0, MAX_LINK))
    def test_a_link_that_got_its_scheme_from_us_still_fits(self, length: int) -> None:
        text = f"a.example/{'x' * length}"
        if len(f"https://{text}") > MAX_LINK:
            assert refused(clean_link, text) == "too_long"
        else:
            assert clean_link(text) == f"https://{text}"


class TestScopes:
    def test_without_a_wish_a_token_may_do_what_a_member_may(self) -> None:
        assert choose_scopes(None, "admin") == DEFAULT_SCOPES

    def test_order_and_repetition_do_not_matter(self) -> None:
        assert choose_scopes(["write", "read", "write"], "member") == ("read", "write")

    @pytest.mark.parametrize(
        ("wanted", "role"),
        [([], "member"), (["fly"], "admin"), (["admin"], "member")],
    )
    def test_others_are_refused(self, wanted: list[str], role: str) -> None:
        assert choose_scopes(["admin"], "admin") == ("admin",)
        assert refused(choose_scopes, wanted, role) == "bad_scope"


@pytest.mark.goal("A2")
def test_a_session_ends_by_age_and_by_disuse() -> None:
    session = Session(SessionId(UserId(None)), UserId(None), b"", NOW, NOW, NOW + timedelta(days=90))  # type: ignore[arg-type]
    assert session.is_live(NOW + SESSION_IDLE - timedelta(seconds=1))
    assert not session.is_live(NOW + SESSION_IDLE)
    session.last_seen_at = NOW + timedelta(days=89)
    assert session.is_live(NOW + timedelta(days=90) - timedelta(seconds=1))
    assert not session.is_live(NOW + timedelta(days=90))


def test_a_display_name_may_join_emoji_but_hides_nothing() -> None:
    account = Account(UserId(None), "mira", "", NOW)  # type: ignore[arg-type]
    account.rename("Mira 👩‍🚀")
    assert account.display_name == "Mira 👩‍🚀"
    assert refused(account.rename, "Mi\u202era") == "bad_character"
    assert refused(account.rename, "Mi\u200bra") == "bad_character"
    for nothing in ("\u200d\u200d", "\u3164\u115f \u2800", "\U000e0041\ufe0f"):
        assert refused(account.rename, nothing) == "bad_character"
    account.rename("")
    assert refused(account.rename, "x" * 51) == "too_long"
