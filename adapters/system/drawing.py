"""Implements application.seeding.Pictures with processes that draw, one per core."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.05


class Drawing:
    """Draws pairs of (scene, seed) into `folder`, which exists and is its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    def draw(self, jobs: Sequence[tuple[str, int]], *, processes: int | None = None) -> None:
        """Begin with these; the first of the list are there first."""
        count = min(processes or os.cpu_count() or 1, len(jobs))
        self._processes += [self._start(jobs[number::count]) for number in range(count)]

    async def file(self, scene: str, seed: int) -> Path:
        path = self._folder / _name(scene, seed)
        # The programs put a picture under its name when it is complete.
        while not path.exists():
            if all(process.poll() is not None for process in self._processes) and not path.exists():
                raise RuntimeError(f"the picture {scene} {seed} could not be drawn")
            await asyncio.sleep(POLL_SECONDS)
        return path

    def close(self) -> None:
        """End whatever still draws."""
        for process in self._processes:
            process.kill()
            process.wait()

    def _start(self, jobs: Sequence[tuple[str, int]]) -> subprocess.Popen[bytes]:
        plan = self._folder / f"jobs-{len(list(self._folder.glob('jobs-*')))}.json"
        orders = [{"scene": scene, "seed": seed, "name": _name(scene, seed)} for scene, seed in jobs]
        plan.write_text(json.dumps(orders), "utf-8")
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "adapters.pillow.scenery", str(self._folder), "--jobs", str(plan)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )


def _name(scene: str, seed: int) -> str:
    return f"{scene}-{seed}.jpg"
