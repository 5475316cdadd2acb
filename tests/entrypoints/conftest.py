"""Places for commands to work on, and browsers for pages."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from entrypoints import container
from entrypoints.settings import Settings
from entrypoints.web.site import load
from tests.browsing import Browser
from tests.conftest import Server, join
from tests.entrypoints.command import Place


@pytest.fixture(scope="session")
def prepared(room: Path) -> Path:
    """The data folder of a place with an empty database, in which a server has run. Making one takes longer than most
    commands, and compiling templates anew most of a server's start."""
    folder = room / "prepared"
    folder.mkdir()
    folder.chmod(0o755)
    Place(folder).result("migrate")
    data = folder / "data"
    load(data / "cache" / "templates", container.read_secret(Settings(data_dir=data)))
    return data


@pytest.fixture
def ready(place: Place, prepared: Path) -> None:
    """Gives the place an empty database, on which nothing runs."""
    # Owners matter: the database's folder belongs to its user.
    subprocess.run(["cp", "-a", str(prepared), str(place.folder)], check=True)


@pytest.fixture
def place(room: Path, tmp_path: Path) -> Iterator[Place]:
    """An empty place. Below the tests' room, because the database's user must be able to pass through."""
    folder = room / f"place-{tmp_path.name}"
    folder.mkdir()
    folder.chmod(0o755)
    yield Place(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def browse(server: Server) -> AsyncIterator[Callable[[], Any]]:
    """`await browse()` opens a browser for nobody, `await browse("mira")` one for a member, who joins if need be."""
    async with AsyncExitStack() as stack:

        async def open_browser(name: str = "") -> Browser:
            opened = Browser(server, await stack.enter_async_context(server.browser()))
            if name:
                if not await server.program.people._reads.by_name(None, name):
                    await join(server.program, name)
                await opened.sign_in(name)
            return opened

        yield open_browser
