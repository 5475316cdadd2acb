"""The place itself: its name, and what its first administrator does first."""

from dataclasses import dataclass, replace

from application.access import audit, still_staff
from application.views import Me
from domain.instance import DEFAULT_NAME, Instance, clean_name
from domain.moderation import Staff
from domain.ports import Clock, Ids, UnitOfWorks


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What a new place still needs; True is done."""

    avatar: bool
    post: bool
    invite: bool
    backup: bool

    @property
    def done(self) -> bool:
        """Nothing is left."""
        return self.avatar and self.post and self.invite and self.backup


class ThisPlace:
    """What the place is called, known without asking: pages say it even where the database is away.

    The name that was configured comes before the stored one. `read` is called at the start and on a timer, because
    another process may have stored something.
    """

    def __init__(self, new_uow: UnitOfWorks, clock: Clock, ids: Ids, configured_name: str) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._configured_name = configured_name
        self._stored: Instance | None = None

    @property
    def name(self) -> str:
        """What the place is called."""
        return self._configured_name or (self._stored.name if self._stored else DEFAULT_NAME)

    @property
    def is_named_by_settings(self) -> bool:
        """Whether the settings name it, so that what is stored does not show."""
        return bool(self._configured_name)

    async def read(self) -> None:
        """Learn what is stored."""
        async with self._new_uow() as uow:
            self._stored = await uow.instance.find()

    async def rename(self, by: Staff, name: str) -> None:
        """Call it something else, and log who did. Raises Invalid, NotFound.

        Where the settings name it, what is stored does not show.
        """
        name = clean_name(name)
        async with self._new_uow() as uow:
            await still_staff(uow, by)
            stored = await uow.instance.find(lock=True) or Instance(DEFAULT_NAME, first_steps=False)
            if name != stored.name:
                await uow.instance.put(replace(stored, name=name))
                await audit(uow, self._ids.new(), self._clock.now(), by, "place.rename", stored.name, name)
            await uow.commit()
        await self.read()

    async def first_steps(self, viewer: Me) -> FirstSteps | None:
        """What is left to do, for an administrator of a place that was just set up; None for all others."""
        if viewer.role != "admin" or self._stored is None or not self._stored.first_steps:
            return None
        async with self._new_uow() as uow:
            progress = await uow.instance.progress()
        steps = FirstSteps(
            viewer.avatar is not None, viewer.counts.posts > 0, progress.invited, progress.backed_up
        )
        if steps.done:
            await self.end_first_steps()
            return None
        return steps

    async def end_first_steps(self) -> None:
        """Show them no more."""
        async with self._new_uow() as uow:
            stored = await uow.instance.find(lock=True)
            if stored is None:
                return
            ended = replace(stored, first_steps=False)
            await uow.instance.put(ended)
            await uow.commit()
        self._stored = ended
