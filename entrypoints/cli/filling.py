"""`heliograph seed`: demo content into this place."""

import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from application.demo_content import FEWEST_PEOPLE, PICTURES
from application.seeding import Recipe, Seeded
from entrypoints import container
from entrypoints.cli.opening import complete, ready, settings_of_place
from entrypoints.cli.terminal import Usage, terminal
from entrypoints.seed import fill
from entrypoints.settings import Settings


def seed(
    *,
    people: int = 24,
    posts: int = 180,
    random_seed: int = 7,
    reset: bool = False,
    password_file: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
) -> None:
    """Demo content into this place.

    Parameters
    ----------
    people
        How many accounts.
    posts
        How many posts.
    random_seed
        Another number, other content.
    reset
        Remove everything that is here before.
    password_file
        File with the password of the new accounts; - is standard input. A random one is made without it.
    """
    if people < FEWEST_PEOPLE or not 0 < posts <= people * len(PICTURES):
        raise Usage(f"At least {FEWEST_PEOPLE} people, and 1 to {people * len(PICTURES)} posts for {people}.")
    settings = settings_of_place()
    password = secrets.token_urlsafe(9) if password_file is None else terminal.password(password_file)
    recipe = Recipe(datetime.now(UTC), people, posts, random_seed, password)
    # Nobody else may be at work while everything is removed.
    with container.open_database(settings, owner=reset) as database:
        if reset:
            _permit(settings, database)
        seeded = complete(_seed(settings, database, recipe, reset=reset))
    _show(seeded, recipe, shown_password=password if password_file is None else None)


def _permit(settings: Settings, database: container.Database) -> None:
    """Only whoever says by name which place is to be emptied. Raises Refused."""
    name = complete(container.called(settings, database))
    terminal.confirm("This removes every account, post and picture of this place.", name)


async def _seed(settings: Settings, database: container.Database, recipe: Recipe, *, reset: bool) -> Seeded:
    await ready(settings, database)
    if reset:
        await container.empty(settings, database)
    return await fill(settings, lambda: database, recipe, progress=terminal.progress("Seeding"))


def _show(seeded: Seeded, recipe: Recipe, *, shown_password: str | None) -> None:
    text = (
        f"{seeded.people} people, {seeded.posts} posts with {seeded.photos} photos, {seeded.likes:,} likes, "
        f"{seeded.comments:,} comments, {seeded.follows:,} follows"
    )
    if seeded.left_out:
        text += f"\n{seeded.left_out} things were left out, because their names belong to other accounts."
    if shown_password:
        text += f"\nThe password of all of them is  {shown_password}"
    told = asdict(seeded) | {"random_seed": recipe.random_seed}
    terminal.show(text, told | ({"password": shown_password} if shown_password else {}))
