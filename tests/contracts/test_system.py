"""The clock, ids, secrets and password hashes."""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.system.identifiers import SystemClock, SystemIds, common_passwords
from adapters.system.passwords import Argon2Passwords
from domain.kernel import Unavailable
from domain.ports import Clock, Ids, PasswordHasher

CLOCKS: list[Callable[[], Clock]] = [SystemClock]
IDS: list[Callable[[], Ids]] = [SystemIds]


@pytest.mark.parametrize("make", CLOCKS)
def test_now_is_aware_and_utc(make: Callable[[], Clock]) -> None:
    now = make().now()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.goal("D4")
@pytest.mark.parametrize("make", IDS)
def test_ids_are_unique_and_sort_by_the_time_they_were_made(make: Callable[[], Ids]) -> None:
    ids = make()
    made = [ids.new() for _ in range(20_000)]
    assert {id_.version for id_ in made} == {7}
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert [id_.bytes for id_ in made] == sorted(id_.bytes for id_ in made), "the database compares bytes"


@pytest.mark.goal("A2")
@pytest.mark.parametrize("make", IDS)
def test_secrets_and_keys_are_long_and_plain(make: Callable[[], Ids]) -> None:
    ids = make()
    secrets, keys = {ids.secret() for _ in range(1_000)}, {ids.key() for _ in range(1_000)}
    assert len(secrets) == len(keys) == 1_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,}", secret) for secret in secrets)
    assert all(re.fullmatch(r"[a-z2-7]{32}", key) for key in keys)


def test_the_passwords_tried_first_are_known() -> None:
    common = common_passwords()
    assert {"password", "123456", "qwerty"} <= common
    assert len(common) == 3_000


@pytest.fixture(params=[True, False], ids=["cheap", "as in production"])
def hasher(request: pytest.FixtureRequest) -> Iterator[PasswordHasher]:
    made = Argon2Passwords(cheap=request.param)
    yield made
    made.close()


@pytest.mark.goal("A1")
class TestPasswordHasher:
    @pytest.mark.parametrize(
        "password",
        ["four words make sense", "a\x00b" * 3, "😀" * 64, " spaces ", "x" * 256],
        ids=["plain", "nul", "emoji", "spaces", "long"],
    )
    async def test_only_the_password_itself_matches(self, hasher: PasswordHasher, password: str) -> None:
        phc = await hasher.hash(password)
        assert phc.startswith("$argon2id$")
        assert len(phc) <= 200
        assert await hasher.verify(password, phc)
        assert phc != await hasher.hash(password)
        for other in (password[:-1], f"{password} ", password.strip() + "!", "a", ""):
            assert other == password or not await hasher.verify(other, phc)

    async def test_nobody_has_no_password(self, hasher: PasswordHasher) -> None:
        assert not await hasher.verify("nobody has this password", None)
        assert not await hasher.verify("x", "")
        assert not await hasher.verify("x", "not a hash")
        assert not await hasher.verify("\ud800", await hasher.hash("x"))


@pytest.mark.goal("A1")
async def test_weaker_hashes_are_noticed_and_todays_are_not() -> None:
    cheap, dear = Argon2Passwords(cheap=True), Argon2Passwords()
    weak, strong = await cheap.hash("x"), await dear.hash("x")
    assert "m=19456,t=2,p=1" in strong
    assert dear.is_weak(weak)
    assert not dear.is_weak(strong)
    assert await dear.verify("x", weak)
    cheap.close()
    dear.close()


@pytest.mark.goal("O6")
async def test_the_loop_goes_on_while_passwords_are_checked_and_the_queue_has_an_end() -> None:
    hasher = Argon2Passwords()
    phc = await hasher.hash("x")
    longest, last = 0.0, asyncio.get_running_loop().time()

    async def watch() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.005)
            now = asyncio.get_running_loop().time()
            longest, last = max(longest, now - last), now

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(hasher.verify("y", phc) for _ in range(12)))
    watching.cancel()
    assert longest < 0.3
    hasher.close()
    hasher = Argon2Passwords(cheap=True)
    answers = await asyncio.gather(*(hasher.verify("y", None) for _ in range(260)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {bool, Unavailable}
    hasher.close()
