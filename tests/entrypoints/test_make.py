"""`make demo` as a newcomer runs it: from a copy of the checkout, with packages that are installed already."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.entrypoints.command import ROOT, alive, family

PARTS = (
    "adapters",
    "application",
    "domain",
    "entrypoints",
    "locales",
    "migrations",
    "requirements",
    "Makefile",
)


@pytest.fixture
def checkout(room: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of what the demo needs, with the packages of this very Python."""
    if shutil.which("make") is None or not Path(sys.prefix, "pyvenv.cfg").exists():
        pytest.skip("needs make and a virtual environment")
    folder = room / f"checkout-{tmp_path.name}"
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, folder / part)
    venv = folder / ".venv"
    (venv / "bin").mkdir(parents=True)
    shutil.copy(Path(sys.prefix, "pyvenv.cfg"), venv)
    (venv / "lib").symlink_to(Path(sys.prefix, "lib"))
    (venv / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    # As the installer writes them, which has nothing left to do then.
    starter = venv / "bin" / "heliograph"
    starter.write_text(f'#!/bin/sh\nexec "{venv}/bin/python" -m entrypoints "$@"\n')
    starter.chmod(0o755)
    lock = (folder / "requirements" / "runtime.lock").read_bytes()
    (venv / "runtime.installed").write_text(hashlib.sha256(lock).hexdigest())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Demo:
    """`make demo` in a terminal of its own."""

    def __init__(self, checkout: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {
            name: text for name, text in os.environ.items() if not name.startswith(("HELIOGRAPH_", "MAKE"))
        }
        self._said = checkout / "said.txt"
        self.process = subprocess.Popen(
            ["make", "demo", f"PORT={self.port}"],
            cwd=checkout,
            env={**kept, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._said.open("w"),
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for(self, text: str) -> None:
        until = time.monotonic() + 60
        while text not in self._said.read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                self.ctrl_c()
                raise AssertionError(self._said.read_text())
            time.sleep(0.05)

    def posts(self) -> list[str]:
        """The ids of the posts that everybody sees, newest first."""
        address = f"http://127.0.0.1:{self.port}/explore?sort=fresh"
        with urllib.request.urlopen(address, timeout=20) as answer:
            page = answer.read().decode()
        return [part.partition('"')[0] for part in page.split('href="/p/')[1:]]

    def ctrl_c(self) -> float:
        """What the terminal does; the seconds until everything has ended."""
        began = time.monotonic()
        processes: list[psutil.Process] = []
        if self.process.poll() is None:
            processes = family(self.process)
            os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)
        while alive(processes) and time.monotonic() - began < 30:
            time.sleep(0.05)
        assert alive(processes) == []
        return time.monotonic() - began


def test_the_demo_starts_stops_and_finds_everything_again(checkout: Path) -> None:
    first = Demo(checkout)
    first.wait_for("Ctrl C stops")
    seen = first.posts()
    assert seen
    # Requests and jobs that are under way get ten seconds.
    assert first.ctrl_c() < 20
    said = (checkout / "said.txt").read_text()
    assert "Stopped." in said
    assert "Traceback" not in said
    again = Demo(checkout)
    again.wait_for("Ctrl C stops")
    assert set(seen) <= set(again.posts())
    again.ctrl_c()


@pytest.mark.parametrize("moment", ["demo\n", "database ready"])
def test_ctrl_c_ends_a_demo_that_has_not_started_yet(checkout: Path, moment: str) -> None:
    demo = Demo(checkout)
    demo.wait_for(moment)
    assert demo.ctrl_c() < 10
    assert "Traceback" not in (checkout / "said.txt").read_text()
