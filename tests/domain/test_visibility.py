"""The privacy rule as a truth table, written down from the rules in words rather than from the code."""

from itertools import product
from uuid import UUID

import pytest

from domain.follows import Relationship
from domain.kernel import UserId
from domain.posts import AUDIENCES
from domain.visibility import can_know, can_see_posts, can_view, is_public

MIRA, NOOR = UserId(UUID(int=1)), UserId(UUID(int=2))

STRANGER = Relationship()
FOLLOWER = Relationship(follows=True)
ASKED = Relationship(requested=True)
FOLLOWED_BY = Relationship(followed_by=True)
BLOCKS = Relationship(blocks=True)
BLOCKED_BY = Relationship(blocked_by=True)
MUTES = Relationship(mutes=True)

# (viewer, how they stand) → what of (public account, private account) × (everyone, followers, only_me) they may see.
TABLE = {
    "signed out": (None, STRANGER, "y n n  n n n"),
    "stranger": (NOOR, STRANGER, "y n n  n n n"),
    "asked to follow": (NOOR, ASKED, "y n n  n n n"),
    "is followed": (NOOR, FOLLOWED_BY, "y n n  n n n"),
    "mutes": (NOOR, MUTES, "y n n  n n n"),
    "follows": (NOOR, FOLLOWER, "y y n  y y n"),
    "blocks": (NOOR, BLOCKS, "n n n  n n n"),
    "is blocked": (NOOR, BLOCKED_BY, "n n n  n n n"),
    "follows beside a block": (NOOR, Relationship(follows=True, blocked_by=True), "n n n  n n n"),
    "the author": (MIRA, STRANGER, "y y y  y y y"),
}


@pytest.mark.goal("Z2")
@pytest.mark.parametrize("who", TABLE)
def test_who_sees_which_post(who: str) -> None:
    viewer, relationship, row = TABLE[who]
    cases = product((False, True), AUDIENCES)
    for (private, audience), wanted in zip(cases, row.split(), strict=True):
        seen = can_view(viewer, MIRA, audience, active=True, private=private, relationship=relationship)
        assert seen == (wanted == "y"), (private, audience)


@pytest.mark.goal("Z7")
@pytest.mark.parametrize(
    ("viewer", "private", "audience"), list(product((None, MIRA, NOOR), (False, True), AUDIENCES))
)
def test_nobody_sees_anything_of_an_account_that_is_not_active(
    viewer: UserId | None, private: bool, audience: str
) -> None:
    for relationship in (STRANGER, FOLLOWER):
        assert not can_view(viewer, MIRA, audience, active=False, private=private, relationship=relationship)  # type: ignore[arg-type]
        assert not can_know(viewer, MIRA, active=False, relationship=relationship)


@pytest.mark.goal("Z4")
def test_a_block_in_either_direction_hides_the_member_and_nothing_else_does() -> None:
    for flags in product((False, True), repeat=6):
        stands = Relationship(*flags)
        assert can_know(NOOR, MIRA, active=True, relationship=stands) == (
            not stands.blocks and not stands.blocked_by
        )


@pytest.mark.goal("Z2")
def test_who_sees_a_post_sees_posts_and_who_sees_posts_knows_the_member() -> None:
    for flags, private, audience in product(product((False, True), repeat=6), (False, True), AUDIENCES):
        stands = Relationship(*flags)
        for viewer in (None, MIRA, NOOR):
            sees_posts = can_see_posts(viewer, MIRA, active=True, private=private, relationship=stands)
            if can_view(viewer, MIRA, audience, active=True, private=private, relationship=stands):
                assert sees_posts
            if sees_posts:
                assert can_know(viewer, MIRA, active=True, relationship=stands)


def test_public_is_what_somebody_signed_out_sees() -> None:
    for active, private, audience in product((False, True), (False, True), AUDIENCES):
        seen = can_view(None, MIRA, audience, active=active, private=private, relationship=STRANGER)
        assert is_public(audience, active=active, private=private) == seen
