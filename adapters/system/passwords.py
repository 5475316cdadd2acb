"""Implements domain.ports.PasswordHasher with argon2id in a few threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from domain.kernel import Unavailable

T = TypeVar("T")

# OWASP's second configuration; each computation holds 19 MiB, so at most AT_ONCE × 19 MiB.
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
AT_ONCE = 2
_MAX_WAITING = 200


class Argon2Passwords:
    """`cheap` is for tests only: the same code with settings that take no time."""

    def __init__(self, *, cheap: bool = False) -> None:
        memory, passes = (8, 1) if cheap else (MEMORY_KIB, PASSES)
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=LANES)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0
        # Checked against when there is no account, so that it takes as long as when there is one.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        return await self._run(self._hasher.hash, password)

    async def verify(self, password: str, phc: str | None) -> bool:
        return await self._run(self._matches, password, phc)

    def is_weak(self, phc: str) -> bool:
        return self._hasher.check_needs_rehash(phc)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: str, phc: str | None) -> bool:
        try:
            right = self._hasher.verify(phc or self._nobody, password)
        except (Argon2Error, InvalidHashError, UnicodeEncodeError):
            return False
        return right and bool(phc)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        if self._waiting >= _MAX_WAITING:
            raise Unavailable("too many passwords are being checked", retry_after_seconds=5)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1


class OnePassword(Argon2Passwords):
    """Computes each password's hash once: for many demo accounts with the same one."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, str] = {}

    async def hash(self, password: str) -> str:
        if password not in self._known:
            self._known[password] = await super().hash(password)
        return self._known[password]
