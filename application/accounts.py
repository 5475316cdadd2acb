"""The own account: profile, password, avatar. How one comes to it is told in `joining.py`."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from application.access import (
    Client,
    account_of,
    audit,
    confirm,
    own_account,
    throttle,
    unchanged,
    wrong_password,
)
from application.uploading import Turns
from domain.files import AVATAR_PLAN, ObjectsOrphaned
from domain.follows import Followed
from domain.kernel import Invalid, NotFound, Unavailable, UserId, msg
from domain.moderation import COMMAND_LINE
from domain.ports import (
    Clock,
    Ids,
    Images,
    MediaStore,
    PasswordHasher,
    Rate,
    RateLimiter,
    UnitOfWorks,
    Upload,
    Workspace,
)
from domain.sessions import Identity, ReauthRequired
from domain.users import Account, canonical_username, check_password, clean_email

RENAMES = Rate("rename", 5, 24 * 3600)
# What the program does by itself is not counted.
ITSELF = Client(relaxed=True)


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """The parts of a profile to change; None leaves a part alone."""

    display_name: str | None = None
    bio: str | None = None
    link: str | None = None
    place: str | None = None
    email: str | None = None
    username: str | None = None
    language: str | None = None
    private: bool | None = None
    show_camera: bool | None = None
    downloads: bool | None = None
    timezone: str | None = None
    text_size: int | None = None
    motion: str | None = None
    single_keys: bool | None = None
    alt_reminder: str | None = None


class Accounts:
    """What people do with their own accounts."""

    def __init__(
        self,
        new_uow: UnitOfWorks,
        clock: Clock,
        ids: Ids,
        hasher: PasswordHasher,
        limiter: RateLimiter,
        images: Images,
        media: MediaStore,
        workspace: Workspace,
        turns: Turns,
        *,
        common_passwords: frozenset[str],
        languages: Sequence[str],
        is_timezone: Callable[[str], bool],
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._limiter = limiter
        self._images = images
        self._media = media
        self._workspace = workspace
        self._turns = turns
        self._common_passwords = common_passwords
        self._languages = languages
        self._is_timezone = is_timezone

    async def change_profile(
        self,
        user: UserId,
        change: ProfileChange,
        client: Client = ITSELF,
        password: str | None = None,
    ) -> None:
        """Change what is given. Raises Invalid, UsernameTaken, EmailTaken or TooMany.

        Another e-mail address needs the password: without it ReauthRequired is raised. When an account stops being
        private, everybody who asked to follow becomes a follower.
        """
        confirmed = None
        if change.email is not None and password is not None:
            confirmed = await self._confirm(user, client, password)
        async with self._new_uow() as uow:
            if change.private is False:
                # Before the account, because this locks several people in one global order.
                for follower in await uow.follows.accept_all(user, self._clock.now()):
                    uow.record(Followed(follower_id=follower, followee_id=user, was_asked=True))
            account = await own_account(uow, user)
            username, email = account.username, account.email
            self._apply(account, change)
            if account.email != email and (
                confirmed is None or confirmed.password_hash != account.password_hash
            ):
                raise ReauthRequired
            if account.username != username:
                # Every name that was left stays taken.
                await throttle(self._limiter, client, RENAMES, str(user))
            if change.private is not None:
                account.private = change.private
            await uow.accounts.save(account)
            await uow.commit()

    def _apply(self, account: Account, change: ProfileChange) -> None:
        if change.display_name is not None:
            account.rename(change.display_name)
        account.describe(bio=change.bio, link=change.link, place=change.place)
        if change.username is not None:
            account.username = canonical_username(change.username, reserved_ok=account.role == "admin")
        if change.email is not None:
            account.email = clean_email(change.email)
        if change.language is not None:
            if change.language not in ("", *self._languages):
                raise Invalid.field(
                    "#/language",
                    "unknown",
                    msg("Choose among {languages}."),
                    languages=", ".join(self._languages),
                )
            account.language = change.language
        if change.show_camera is not None:
            account.show_camera = change.show_camera
        if change.downloads is not None:
            account.downloads = change.downloads
        if change.timezone is not None:
            if not self._is_timezone(change.timezone):
                raise Invalid.field(
                    "#/timezone",
                    "unknown",
                    msg("This is not the name of a time zone, such as Europe/Berlin."),
                )
            account.timezone = change.timezone
        account.prefer(
            text_size=change.text_size,
            motion=change.motion,
            single_keys=change.single_keys,
            alt_reminder=change.alt_reminder,
        )

    async def change_password(self, identity: Identity, client: Client, old: str, new: str) -> None:
        """Set a new password and sign out everywhere else. Raises Invalid, also for a wrong old one, and TooMany."""
        confirmed = await self._confirm(identity.user_id, client, old, "#/old")
        check_password(
            new,
            self._common_passwords,
            confirmed.username,
            confirmed.display_name,
            confirmed.email or "",
            pointer="#/new",
        )
        phc = await self._hasher.hash(new)
        async with self._new_uow() as uow:
            account = await unchanged(uow, confirmed)
            if account is None:
                raise wrong_password("#/old")
            account.password_hash = phc
            await uow.accounts.save(account)
            await uow.resets.drop(account.id)
            await uow.sessions.end_all(account.id, but=identity.session_id)
            await uow.tokens.revoke_all(account.id, but=identity.token_id)
            await uow.commit()

    async def set_avatar(self, user: UserId, picture: Upload) -> None:
        """Cut the middle square of an uploaded picture and make it the avatar, in every size. Raises ImageRefused.

        Raises Unavailable too; whatever is raised, nothing of the picture is kept.
        """
        key = self._ids.key()
        try:
            async with self._workspace.directory() as made:
                async with self._turns.of(user):
                    await self._images.inspect(picture.path)
                    cut = await self._images.render(picture.path, AVATAR_PLAN, None, made)
                for rendition in cut.renditions:
                    await self._media.put(f"avatars/{key}/{rendition.name}", made / rendition.name)
            await self._replace_avatar(user, key)
        except BaseException:
            with suppress(Unavailable):  # housekeeping finds what stays
                await self._clear_away(user, key)
            raise

    async def remove_avatar(self, user: UserId) -> None:
        """Go back to initials."""
        await self._replace_avatar(user, None)

    async def _replace_avatar(self, user: UserId, key: str | None) -> None:
        async with self._new_uow() as uow:
            account = await own_account(uow, user)
            if account.avatar_key:
                uow.record(ObjectsOrphaned(prefix=f"avatars/{account.avatar_key}/"))
            account.avatar_key = key
            await uow.accounts.save(account)
            await uow.commit()

    async def _clear_away(self, user: UserId, key: str) -> None:
        """Take the sizes of an avatar back, unless it is the avatar all the same."""
        async with self._new_uow() as uow:
            account = await uow.accounts.find(user)
        if account is None or account.avatar_key != key:
            await self._media.delete(f"avatars/{key}/")

    async def _confirm(
        self, user: UserId, client: Client, password: str, pointer: str = "#/password"
    ) -> Account:
        return await confirm(self._new_uow, self._hasher, self._limiter, client, user, password, pointer)

    # For whoever runs the server

    async def set_password(self, username: str, password: str) -> None:
        """Set somebody's password and sign them out everywhere. Raises NotFound, Invalid."""
        check_password(password, self._common_passwords, username)
        phc = await self._hasher.hash(password)
        async with self._new_uow() as uow:
            found = await account_of(uow, username)
            account = await uow.accounts.find(found.id, lock=True)
            if account is None or account.state == "deleted":
                raise NotFound
            await uow.sessions.end_all(account.id)
            await uow.tokens.revoke_all(account.id)
            account.password_hash = phc
            await uow.accounts.save(account)
            await uow.resets.drop(account.id)
            now = self._clock.now()
            await audit(uow, self._ids.new(), now, COMMAND_LINE, "user.password", f"@{account.username}")
            await uow.commit()
