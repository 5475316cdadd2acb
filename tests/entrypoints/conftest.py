"""Places for commands to work on."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entrypoints.command import Place


@pytest.fixture(scope="session")
def prepared(room: Path) -> Path:
    """The data folder of a place with an empty database. Making one takes longer than most commands."""
    folder = room / "prepared"
    folder.mkdir()
    folder.chmod(0o755)
    Place(folder).result("migrate")
    return folder / "data"


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
