"""SQL for how a viewer stands to a member, written once. `viewer` is a parameter, `member` a column."""

from collections.abc import Mapping
from typing import Any

from domain.follows import Relationship

NOBODY = "00000000-0000-0000-0000-000000000000"


def not_blocked(viewer: str, member: str) -> str:
    """A condition: no block in either direction."""
    return (
        f"NOT EXISTS (SELECT FROM blocks WHERE blocker_id = {viewer} AND blocked_id = {member}) AND "
        f"NOT EXISTS (SELECT FROM blocks WHERE blocker_id = {member} AND blocked_id = {viewer})"
    )


def standing(viewer: str, member: str) -> str:
    """The columns that `read_standing` reads: what the privacy rule needs."""
    return (
        f"EXISTS (SELECT FROM follows WHERE follower_id = {viewer} AND followee_id = {member}) AS follows, "
        f"EXISTS (SELECT FROM blocks WHERE blocker_id = {viewer} AND blocked_id = {member}) AS blocks, "
        f"EXISTS (SELECT FROM blocks WHERE blocker_id = {member} AND blocked_id = {viewer}) AS blocked_by"
    )


def everything(viewer: str, member: str) -> str:
    """The columns that `read_relationship` reads."""
    return (
        f"{standing(viewer, member)}, "
        f"EXISTS (SELECT FROM follows WHERE follower_id = {member} AND followee_id = {viewer}) AS followed_by, "
        f"EXISTS (SELECT FROM follow_requests WHERE requester_id = {viewer} AND target_id = {member}) AS requested, "
        f"EXISTS (SELECT FROM mutes WHERE muter_id = {viewer} AND muted_id = {member}) AS mutes, "
        f"coalesce((SELECT notify_posts FROM follows WHERE follower_id = {viewer} AND followee_id = {member}), true) "
        "AS notify_posts"
    )


STRANGER = Relationship()
FOLLOWED = Relationship(follows=True)


def read_standing(row: Mapping[str, Any]) -> Relationship:
    """What `standing` selected. The two cases of nearly every row share one object."""
    if not (row["blocks"] or row["blocked_by"]):
        return FOLLOWED if row["follows"] else STRANGER
    return Relationship(follows=row["follows"], blocks=row["blocks"], blocked_by=row["blocked_by"])


def read_relationship(row: Mapping[str, Any]) -> Relationship:
    """What `everything` selected."""
    return Relationship(
        row["follows"],
        row["requested"],
        row["followed_by"],
        row["blocks"],
        row["blocked_by"],
        row["mutes"],
        row["notify_posts"],
    )
