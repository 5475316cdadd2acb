"""What rate limiters, wake-up calls, live buses, presence and caches promise, whatever they are made with.

Another adapter joins by a line in the list of its port. A factory gets the clock that tests move; an adapter whose time
cannot be moved leaves it alone and the tests that move it are skipped for it.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.inprocess.cache import InProcessCache
from adapters.inprocess.limits import InProcessRateLimiter
from adapters.inprocess.live import InProcessLiveBus, InProcessPresence, InProcessWake
from domain.ports import Cache, LiveBus, Presence, Rate, RateLimiter, Wake

MIRA, NOOR = UUID(int=1), UUID(int=2)


@dataclass
class Seconds:
    """A monotonic clock that tests move."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


LIMITERS: list[Callable[[Seconds], RateLimiter]] = [InProcessRateLimiter]
WAKES: list[Callable[[], Wake]] = [InProcessWake]
BUSES: list[Callable[[], LiveBus]] = [InProcessLiveBus]
PRESENCES: list[Callable[[Seconds], Presence]] = [InProcessPresence]
CACHES: list[Callable[[Seconds], Cache]] = [lambda seconds: InProcessCache(10_000, seconds)]


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


# Rate limiters


@pytest.mark.goal("B1")
@pytest.mark.parametrize("make", LIMITERS)
class TestRateLimiter:
    RATE = Rate("upload", 5, 60)

    async def test_one_more_than_the_limit_is_refused(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        limiter = make(seconds)
        answers = [await limiter.hit(self.RATE, "mira") for _ in range(7)]
        assert [answer.allowed for answer in answers] == [True] * 5 + [False] * 2
        assert [answer.remaining for answer in answers] == [4, 3, 2, 1, 0, 0, 0]

    async def test_keys_and_policies_are_counted_apart(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        limiter = make(seconds)
        for _ in range(6):
            last = await limiter.hit(self.RATE, "mira")
        assert not last.allowed
        assert (await limiter.hit(self.RATE, "noor")).allowed
        assert (await limiter.hit(Rate("sign-in", 5, 60), "mira")).allowed

    async def test_waiting_as_long_as_it_says_is_enough(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        for tries in (6, 10, 40):
            for start in (0.0, 13.0, 47.5):
                limiter, seconds.now = make(seconds), 6_000.0 + start
                for _ in range(tries):
                    refused = await limiter.hit(self.RATE, "mira")
                assert not refused.allowed
                seconds.now += refused.reset_seconds
                assert (await limiter.hit(self.RATE, "mira")).allowed, (tries, start, refused)

    async def test_while_some_are_left_it_says_when_the_window_ends(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        limiter, seconds.now = make(seconds), 6_000.0
        assert (await limiter.hit(self.RATE, "mira")).reset_seconds == 60
        seconds.now += 47.5
        assert (await limiter.hit(self.RATE, "mira")).reset_seconds == 13

    async def test_it_does_not_ask_to_wait_much_longer_than_two_windows(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        limiter = make(seconds)
        for _ in range(1_000):
            refused = await limiter.hit(self.RATE, "mira")
        assert 1 <= refused.reset_seconds <= 2 * self.RATE.window_seconds + 1

    async def test_refused_tries_count_too(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        seconds.now = 6_000.0
        patient, stubborn = make(seconds), make(seconds)
        for _ in range(6):
            await patient.hit(self.RATE, "mira")
        for _ in range(100):
            await stubborn.hit(self.RATE, "mira")
        seconds.now += 85
        assert (await patient.hit(self.RATE, "mira")).allowed
        assert not (await stubborn.hit(self.RATE, "mira")).allowed

    async def test_a_window_that_has_passed_is_forgotten(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        limiter = make(seconds)
        for _ in range(50):
            await limiter.hit(self.RATE, "mira")
        seconds.now += 121
        assert (await limiter.hit(self.RATE, "mira")).remaining == 4

    async def test_the_turn_of_a_window_is_no_second_chance(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        seconds.now = 6_059.0
        limiter = make(seconds)
        before = [(await limiter.hit(self.RATE, "mira")).allowed for _ in range(5)]
        seconds.now = 6_061.0
        after = [(await limiter.hit(self.RATE, "mira")).allowed for _ in range(5)]
        assert all(before)
        assert sum(after) <= 1

    async def test_forgetting_starts_a_key_afresh(
        self, make: Callable[[Seconds], RateLimiter], seconds: Seconds
    ) -> None:
        limiter = make(seconds)
        for _ in range(9):
            await limiter.hit(self.RATE, "mira")
        await limiter.forget(self.RATE, "mira")
        await limiter.forget(self.RATE, "nobody")
        assert (await limiter.hit(self.RATE, "mira")).remaining == 4

    @given(st.lists(st.floats(0, 90), min_size=1, max_size=60), st.integers(1, 8))
    async def test_never_more_than_twice_the_limit_in_any_window(
        self, make: Callable[[Seconds], RateLimiter], gaps: list[float], limit: int
    ) -> None:
        seconds, rate, allowed = Seconds(), Rate("x", limit, 60), []
        limiter = make(seconds)
        for gap in gaps:
            seconds.now += gap
            if (await limiter.hit(rate, "mira")).allowed:
                allowed.append(seconds.now)
        for moment in allowed:
            assert sum(moment <= other < moment + 60 for other in allowed) < 2 * limit + 1


# Wake-up calls


@pytest.mark.parametrize("make", WAKES)
class TestWake:
    async def test_a_kick_ends_the_wait(self, make: Callable[[], Wake]) -> None:
        wake = make()
        waiting = asyncio.create_task(wake.wait(30))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        wake.kick()
        await asyncio.wait_for(waiting, 5)

    async def test_a_kick_before_the_wait_is_not_lost_and_counts_once(self, make: Callable[[], Wake]) -> None:
        wake = make()
        wake.kick()
        wake.kick()
        await asyncio.wait_for(wake.wait(30), 5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wake.wait(30), 0.05)

    async def test_without_a_kick_the_wait_ends_in_time(self, make: Callable[[], Wake]) -> None:
        await asyncio.wait_for(make().wait(0.05), 5)


# Live buses


async def take(stream: AsyncIterator[tuple[str, bytes]], count: int) -> list[tuple[str, bytes]]:
    return [await asyncio.wait_for(anext(stream), 5) for _ in range(count)]


@pytest.mark.goal("D5")
@pytest.mark.parametrize("make", BUSES)
class TestLiveBus:
    async def test_every_subscriber_gets_what_is_published_from_then_on_in_order(
        self, make: Callable[[], LiveBus]
    ) -> None:
        bus = make()
        await bus.publish("a", b"too early")
        one, other = bus.subscribe("a", "b"), bus.subscribe("a")
        for number in range(5):
            await bus.publish("a", b"%d" % number)
        await bus.publish("b", b"b")
        await bus.publish("c", b"not for us")
        assert await take(one, 6) == [*(("a", b"%d" % n) for n in range(5)), ("b", b"b")]
        assert await take(other, 5) == [("a", b"%d" % n) for n in range(5)]

    async def test_nobody_waits_for_a_slow_subscriber_who_loses_the_oldest(
        self, make: Callable[[], LiveBus]
    ) -> None:
        bus = make()
        slow = bus.subscribe("a")
        async with asyncio.timeout(5):
            for number in range(5_000):
                await bus.publish("a", b"%d" % number)
        got = [int(payload) for _, payload in await take(slow, 100)]
        assert got == sorted(got)
        assert got[0] > 0
        await bus.publish("a", b"5000")
        while (await take(slow, 1))[0][1] != b"5000":
            pass

    @pytest.mark.parametrize("read", [0, 1])
    async def test_a_closed_subscription_ends_and_is_forgotten(
        self, make: Callable[[], LiveBus], read: int
    ) -> None:
        bus = make()
        stream = bus.subscribe("a")
        await bus.publish("a", b"x")
        await take(stream, read)
        await stream.aclose()  # type: ignore[attr-defined]
        await bus.publish("a", b"y")
        with pytest.raises(StopAsyncIteration):
            await anext(stream)

    async def test_closing_ends_a_wait(self, make: Callable[[], LiveBus]) -> None:
        bus = make()
        stream = bus.subscribe("a")
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.02)
        await stream.aclose()  # type: ignore[attr-defined]
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 5)

    async def test_a_wait_that_is_given_up_disturbs_nobody(self, make: Callable[[], LiveBus]) -> None:
        bus = make()
        stream = bus.subscribe("a")
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        again = bus.subscribe("a")
        await bus.publish("a", b"x")
        assert await take(again, 1) == [("a", b"x")]


async def test_the_bus_of_one_process_keeps_nothing_for_those_who_left() -> None:
    bus = InProcessLiveBus()
    for read in (False, True):
        stream: Any = bus.subscribe("a", "b")
        await bus.publish("a", b"x")
        if read:
            await anext(stream)
        await stream.aclose()
    bus.subscribe("a")
    gc.collect()
    for topic in ("a", "b"):
        await bus.publish(topic, b"y")
    assert not bus._subscribers


# Presence


@pytest.mark.parametrize("make", PRESENCES)
class TestPresence:
    async def test_one_of_two_tabs_keeps_a_person_present(
        self, make: Callable[[Seconds], Presence], seconds: Seconds
    ) -> None:
        presence = make(seconds)
        await presence.enter(MIRA, "one")
        await presence.enter(MIRA, "other")
        await presence.leave(MIRA, "one")
        assert await presence.present([MIRA, NOOR]) == {MIRA}
        await presence.leave(MIRA, "other")
        assert await presence.present([MIRA, NOOR]) == set()

    async def test_entering_twice_counts_once_and_leaving_twice_is_harmless(
        self, make: Callable[[Seconds], Presence], seconds: Seconds
    ) -> None:
        presence = make(seconds)
        await presence.enter(MIRA, "one")
        await presence.enter(MIRA, "one")
        await presence.leave(MIRA, "one")
        await presence.leave(MIRA, "one")
        await presence.leave(NOOR, "never came")
        assert await presence.present([MIRA, NOOR]) == set()

    async def test_who_is_not_heard_of_for_a_minute_is_gone(
        self, make: Callable[[Seconds], Presence], seconds: Seconds
    ) -> None:
        presence = make(seconds)
        await presence.enter(MIRA, "one")
        await presence.enter(NOOR, "one")
        seconds.now += 59
        assert await presence.present([MIRA, NOOR]) == {MIRA, NOOR}
        await presence.enter(NOOR, "one")
        seconds.now += 2
        assert await presence.present([MIRA, NOOR]) == {NOOR}


# Caches


@pytest.mark.parametrize("make", CACHES)
class TestCache:
    async def test_it_gives_back_what_was_put_until_it_is_dropped(
        self, make: Callable[[Seconds], Cache], seconds: Seconds
    ) -> None:
        cache = make(seconds)
        assert await cache.get("a") is None
        await cache.put("a", b"\x00\xff", 60)
        await cache.put("b", b"", 60)
        assert await cache.get("a") == b"\x00\xff"
        assert await cache.get("b") == b""
        await cache.put("a", b"new", 60)
        assert await cache.get("a") == b"new"
        await cache.drop("a", "unknown")
        await cache.drop()
        assert await cache.get("a") is None
        assert await cache.get("b") == b""

    async def test_nothing_is_kept_longer_than_asked(
        self, make: Callable[[Seconds], Cache], seconds: Seconds
    ) -> None:
        cache = make(seconds)
        await cache.put("a", b"x", 10)
        seconds.now += 9.9
        assert await cache.get("a") == b"x"
        seconds.now += 0.2
        assert await cache.get("a") is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 400)), max_size=60))
async def test_the_cache_of_one_process_stays_within_its_bytes(puts: list[tuple[str, int]]) -> None:
    cache = InProcessCache(1_000)
    for key, size in puts:
        await cache.put(key, bytes(size), 60)
        assert await cache.get(key) == bytes(size)
        kept = [value for name in "abcdef" if (value := await cache.get(name)) is not None]
        assert sum(map(len, kept)) == cache._bytes <= 1_000
