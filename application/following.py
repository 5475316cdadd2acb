"""Following, asking to follow, blocking and muting."""

from dataclasses import replace

from application.access import access_member
from application.people import present_relationship
from application.views import MemberViewer
from domain.follows import FollowAsked, Followed, Following, OneselfNotAllowed, Relationship
from domain.kernel import NotFound, UserId
from domain.ports import Clock, UnitOfWork, UnitOfWorks
from domain.users import Account
from domain.visibility import can_see_posts


class FollowingPeople:
    """What people do about each other. Every action is a set: doing it twice is doing it once."""

    def __init__(self, new_uow: UnitOfWorks, clock: Clock) -> None:
        self._new_uow = new_uow
        self._clock = clock

    async def follow(self, viewer: UserId, username: str) -> Following:
        """Follow, or ask a private member. Raises NotFound, OneselfNotAllowed."""
        async with self._new_uow() as uow:
            member, stands = await self._lock(uow, viewer, username)
            if stands.follows:
                return "yes"
            if member.private:
                if await uow.follows.ask(viewer, member.id, self._clock.now()):
                    uow.record(FollowAsked(requester_id=viewer, target_id=member.id))
            elif await uow.follows.follow(viewer, member.id, self._clock.now()):
                uow.record(Followed(follower_id=viewer, followee_id=member.id))
            await uow.commit()
            return "requested" if member.private else "yes"

    async def unfollow(self, viewer: UserId, username: str) -> Following:
        """Stop following, or take the request back. Raises NotFound, OneselfNotAllowed."""
        async with self._new_uow() as uow:
            member, _ = await self._lock(uow, viewer, username)
            if await uow.follows.unfollow(viewer, member.id):
                await uow.commit()
            return "no"

    async def answer_request(self, viewer: UserId, username: str, *, accept: bool) -> None:
        """Accept or decline somebody's wish to follow. Raises NotFound when there is no such wish (any more)."""
        async with self._new_uow() as uow:
            member, _ = await self._lock(uow, viewer, username)
            if not await uow.follows.take_request(member.id, viewer):
                raise NotFound
            if accept and await uow.follows.follow(member.id, viewer, self._clock.now()):
                uow.record(Followed(follower_id=member.id, followee_id=viewer, was_asked=True))
            await uow.commit()

    async def accept_all(self, viewer: UserId) -> int:
        """Accept everybody who asks to follow; how many."""
        async with self._new_uow() as uow:
            followers = await uow.follows.accept_all(viewer, self._clock.now())
            for follower in followers:
                uow.record(Followed(follower_id=follower, followee_id=viewer, was_asked=True))
            await uow.commit()
        return len(followers)

    async def block(self, viewer: UserId, username: str) -> MemberViewer:
        """Block: both lose sight of each other, follows and requests in both directions end. Raises NotFound."""
        async with self._new_uow() as uow:
            member, _ = await self._lock(uow, viewer, username, blocked=True)
            await uow.follows.block(viewer, member.id, self._clock.now())
            return await _settled(uow, viewer, member)

    async def unblock(self, viewer: UserId, username: str) -> MemberViewer:
        """Take a block back; follows do not return. Raises NotFound."""
        async with self._new_uow() as uow:
            member, _ = await self._lock(uow, viewer, username, blocked=True)
            await uow.follows.unblock(viewer, member.id)
            return await _settled(uow, viewer, member)

    async def mute(self, viewer: UserId, username: str, muted: bool) -> MemberViewer:
        """Keep somebody's posts out of the viewer's home feed, or let them in again. Raises NotFound."""
        async with self._new_uow() as uow:
            member, _ = await self._lock(uow, viewer, username)
            if muted:
                await uow.follows.mute(viewer, member.id, self._clock.now())
            else:
                await uow.follows.unmute(viewer, member.id)
            return await _settled(uow, viewer, member)

    async def notify(self, viewer: UserId, username: str, wanted: bool) -> MemberViewer:
        """Hear about somebody's new posts or not. Raises NotFound when the viewer does not follow them."""
        async with self._new_uow() as uow:
            member, _ = await self._lock(uow, viewer, username)
            if not await uow.follows.notify(viewer, member.id, wanted):
                raise NotFound
            return await _settled(uow, viewer, member)

    async def _lock(
        self, uow: UnitOfWork, viewer: UserId, username: str, *, blocked: bool = False
    ) -> tuple[Account, Relationship]:
        """The member and how the viewer stands to them, with the pair locked. Raises NotFound, OneselfNotAllowed.

        With `blocked` also one whom the viewer blocks. Whether they block the viewer makes no difference then.
        """
        found = await uow.accounts.find_by_name(username)
        if found is None:
            raise NotFound
        if found.id == viewer:
            raise OneselfNotAllowed
        await uow.follows.lock_pair(viewer, found.id)
        return await access_member(uow, viewer, username, blocked=blocked)


async def _settled(uow: UnitOfWork, viewer: UserId, member: Account) -> MemberViewer:
    """Commit, and answer with how the viewer stands to the member then; a block from the other side stays unsaid."""
    stands = replace(await uow.follows.relationship(viewer, member.id), blocked_by=False)
    await uow.commit()
    sees = can_see_posts(viewer, member.id, active=member.active, private=member.private, relationship=stands)
    return present_relationship(viewer, member.id, stands, sees=sees)
