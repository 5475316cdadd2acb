"""Who follows, has asked, blocks and mutes whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from domain.kernel import Event, Invalid, UserId, msg

Following = Literal["no", "requested", "yes"]


class OneselfNotAllowed(Invalid):
    """Following, blocking or muting oneself."""

    code = "not_yourself"
    message = msg("You cannot do this to yourself.")


@dataclass(frozen=True, slots=True)
class Relationship:
    """How a viewer stands to a member. All False for a stranger and for somebody signed out."""

    follows: bool = False
    requested: bool = False
    followed_by: bool = False
    blocks: bool = False
    blocked_by: bool = False
    mutes: bool = False
    notify_posts: bool = True

    @property
    def blocked(self) -> bool:
        """A block in either direction: to both, the other is not there."""
        return self.blocks or self.blocked_by

    @property
    def following(self) -> Following:
        """In the words of the API."""
        return "yes" if self.follows else "requested" if self.requested else "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(Event):
    """`was_asked`: the follower had asked, and this is the answer."""

    follower_id: UserId
    followee_id: UserId
    was_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowAsked(Event):
    requester_id: UserId
    target_id: UserId


class Follows(Protocol):
    """Edges between people. Every writing call expects the pair to be locked first."""

    async def lock_pair(self, one: UserId, other: UserId) -> None:
        """Until the unit ends nobody else changes any edge between the two. Locks are taken in one global order."""
        ...

    async def relationship(self, viewer: UserId | None, member: UserId) -> Relationship:
        """How `viewer` stands to `member`."""
        ...

    async def follow(self, follower: UserId, followee: UserId, now: datetime) -> bool:
        """Add the edge and count it on both sides; the newest posts of `followee` join the follower's home feed.

        False when it was there. A pending request of the same direction goes away.
        """
        ...

    async def unfollow(self, follower: UserId, followee: UserId) -> bool:
        """Remove edge or request, counters and home feed in step; False when there was neither."""
        ...

    async def ask(self, requester: UserId, target: UserId, now: datetime) -> bool:
        """Store a follow request; False when it was there."""
        ...

    async def take_request(self, requester: UserId, target: UserId) -> bool:
        """Remove a request; False when there was none."""
        ...

    async def block(self, blocker: UserId, blocked: UserId, now: datetime) -> bool:
        """Add a block, and remove follows and requests in both directions; False when it was there."""
        ...

    async def unblock(self, blocker: UserId, blocked: UserId) -> bool:
        """False when there was no block."""
        ...

    async def mute(self, muter: UserId, muted: UserId, now: datetime) -> bool:
        """False when it was there."""
        ...

    async def unmute(self, muter: UserId, muted: UserId) -> bool:
        """False when there was none."""
        ...

    async def notify(self, follower: UserId, followee: UserId, wanted: bool) -> bool:
        """Whether the follower hears about new posts; False when there is no follow."""
        ...

    async def accept_all(self, target: UserId, now: datetime) -> list[UserId]:
        """Turn every pending request to `target` into a follow, as when an account stops being private; whose."""
        ...
