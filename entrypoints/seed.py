"""Filling an instance with demo content, here or in a process of its own that ends with its parent.

As a program it reads its order as the first line of standard input and tells on standard output, one JSON object per
line, when the first posts are there and when all are: `{"part": "first"|"all", "people": …, "posts": …, …}`.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from application.demo_content import DemoContent, DemoPost, Picture, compose
from application.seeding import AVATAR, Recipe, Seeded, Seeding
from entrypoints import container
from entrypoints.settings import Settings

FIRST_POSTS = 6
# The accounts that the demo tells, whose home feeds are opened first.
NAMED = ("mira", "nplatov", "soyeon", "greta", "admin")
# The people of NAMED look at what they were told so often.
LOOK_SECONDS = 1.0

Progress = Callable[[int, int], object]


def compose_after(recipe: Recipe) -> DemoContent:
    """The content of a recipe. ValueError for numbers that cannot be."""
    return compose(people=recipe.people, posts=recipe.posts, seed=recipe.random_seed, now=recipe.now)


@dataclass(frozen=True, slots=True)
class Batches:
    """Content in the order in which people meet it: newest posts first, `first` of them before everything else."""

    content: DemoContent
    first: int

    @property
    def posts(self) -> tuple[list[DemoPost], list[DemoPost]]:
        """The first batch and the rest."""
        newest = sorted(self.content.posts, key=lambda post: post.created_at, reverse=True)
        return newest[: self.first], newest[self.first :]

    @property
    def faces(self) -> tuple[list[str], list[str]]:
        """Whose faces are seen with the first batch, and everybody else."""
        seen = dict.fromkeys(post.author for post in self.posts[0])
        return list(seen), [p.username for p in self.content.people if p.username not in seen]

    @property
    def follows(self) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """Those that the first pages show or need: of the named accounts, and of the first batch's authors."""
        seen = set(self.faces[0])
        first = {(one, other) for one, other in self.content.follows if one in NAMED or other in seen}
        return first, set(self.content.follows) - first

    @property
    def pictures(self) -> tuple[list[Picture], list[Picture]]:
        """Those of the first batch, and what is still to be drawn for the rest."""
        seeds = {person.username: person.avatar_seed for person in self.content.people}
        first, rest = (
            dict.fromkeys(
                [(AVATAR, seeds[name]) for name in names]
                + [(photo.scene, photo.seed) for post in posts for photo in post.photos]
            )
            for names, posts in zip(self.faces, self.posts, strict=True)
        )
        return list(first), [picture for picture in rest if picture not in first]


async def fill(
    settings: Settings,
    database: Callable[[], container.Database],
    recipe: Recipe,
    *,
    first: int = 0,
    on_first: Callable[[Seeded], object] = lambda seeded: None,
    progress: Progress = lambda done, total: None,
) -> Seeded:
    """Put everything in; tell when the newest `first` posts are there, with everybody's follows.

    `database` may block: drawing goes on meanwhile.
    """
    batches = Batches(compose_after(recipe), first)
    with tempfile.TemporaryDirectory(prefix="heliograph-drawing-") as folder:
        drawing = container.Drawing(Path(folder))
        drawing.draw(batches.pictures[0])
        try:
            async with container.seeding(settings, database(), drawing, batches.content, recipe) as seeding:
                return await _put_in(seeding, drawing, batches, on_first, progress)
        finally:
            drawing.close()


async def _put_in(
    seeding: Seeding,
    drawing: container.Drawing,
    batches: Batches,
    on_first: Callable[[Seeded], object],
    progress: Progress,
) -> Seeded:
    total, done = len(batches.content.people) + len(batches.content.posts), 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    await seeding.add_people(step)
    looking = asyncio.create_task(_look_now_and_then(seeding))
    try:
        await _add_the_rest(seeding, drawing, batches, on_first, step)
    finally:
        looking.cancel()
    await seeding.look_at_old_news(NAMED)
    return seeding.seeded


async def _look_now_and_then(seeding: Seeding) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        await seeding.look_at_old_news(NAMED)


async def _add_the_rest(
    seeding: Seeding,
    drawing: container.Drawing,
    batches: Batches,
    on_first: Callable[[Seeded], object],
    step: Callable[[], object],
) -> None:
    (first, rest), (seen, others) = batches.posts, batches.faces
    await seeding.add_follows(batches.follows[0])
    await asyncio.gather(seeding.add_posts(first, step), seeding.add_avatars(seen))
    await seeding.look_at_old_news(NAMED)
    on_first(replace(seeding.seeded))
    drawing.draw(batches.pictures[1])
    await seeding.add_follows(batches.follows[1])
    await asyncio.gather(seeding.add_avatars(others), seeding.add_posts(rest, step))


# As a process of its own


def order(settings: Settings, recipe: Recipe, first: int) -> dict[str, Any]:
    """What such a process needs to know to begin, as JSON; the line after it is `Database.told()`."""
    return {
        "settings": settings.told(),
        "recipe": {**asdict(recipe), "now": recipe.now.isoformat()},
        "first": first,
    }


def main() -> None:
    """One run, as ordered on standard input."""
    from entrypoints.processes import die_with_parent, read_line  # noqa: PLC0415 - only as a program

    told = read_line()
    recipe = Recipe(**{**told["recipe"], "now": datetime.fromisoformat(told["recipe"]["now"])})

    def database() -> container.Database:
        place = container.Database.heard(read_line())
        die_with_parent()
        return place

    def after_first(seeded: Seeded) -> None:
        _tell("first", seeded)
        # People are served from now on, and they come before us.
        os.nice(10)

    settings = Settings(**told["settings"])
    seeded = asyncio.run(fill(settings, database, recipe, first=told["first"], on_first=after_first))
    _tell("all", seeded)


def _tell(part: str, seeded: Seeded) -> None:
    sys.stdout.write(json.dumps({"part": part, **asdict(seeded)}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
