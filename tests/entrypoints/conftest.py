"""Places for commands to work on."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.entrypoints.command import Place


@pytest.fixture
def place(room: Path, tmp_path: Path) -> Iterator[Place]:
    """An empty place. Below the tests' room, because the database's user must be able to pass through."""
    folder = room / f"place-{tmp_path.name}"
    folder.mkdir()
    folder.chmod(0o755)
    yield Place(folder)
    shutil.rmtree(folder, ignore_errors=True)
