"""Joining and the own profile."""

import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

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
from domain.instance import DEFAULT_NAME, Instance, clean_name
from domain.kernel import Forbidden, Invalid, NotFound, Unavailable, UserId, msg
from domain.moderation import COMMAND_LINE, Action, Staff
from domain.ports import (
    Clock,
    Ids,
    Images,
    MediaStore,
    PasswordHasher,
    Rate,
    RateLimiter,
    UnitOfWork,
    UnitOfWorks,
    Upload,
    Workspace,
)
from domain.text import clean
from domain.users import (
    Account,
    Identity,
    InviteRequired,
    ReauthRequired,
    Role,
    SignUpClosed,
    SignUpMode,
    canonical_email,
    canonical_username,
    check_password,
)

SIGN_UP_PER_ADDRESS = Rate("sign-up", 5, 1800)
SETUP_TRIES = Rate("setup", 5, 900)
NAMES_PER_ADDRESS = Rate("names", 30, 1800)
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
        sign_up: SignUpMode,
        common_passwords: frozenset[str],
        secret: bytes,
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
        self._secret = secret
        self._languages = languages
        self._is_timezone = is_timezone
        self.sign_up_mode: SignUpMode = sign_up

    # Joining

    async def sign_up(
        self,
        client: Client,
        username: str,
        password: str,
        *,
        email: str | None = None,
        display_name: str | None = None,
        invite: str | None = None,
        language: str = "",
        timezone: str = "",
    ) -> Account:
        """A new member. Raises SignUpClosed, InviteRequired, UsernameTaken, EmailTaken, Invalid or TooMany.

        `language` and `timezone` are guesses of the browser's: what is not known here is left out.
        """
        self._check_open(invite)
        draft = self._draft(username, password, email, display_name)
        draft.language = language if language in self._languages else ""
        draft.timezone = timezone if self._is_timezone(timezone) else draft.timezone
        await throttle(self._limiter, client, SIGN_UP_PER_ADDRESS, client.address)
        account = replace(draft, password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            if self.sign_up_mode == "invite" and not await uow.invites.use(invite or "", self._clock.now()):
                raise InviteRequired
            await uow.accounts.add(account)
            await uow.commit()
        return account

    async def check_name(self, client: Client, username: str, invite: str | None = None) -> str:
        """The spelling in which one could join as `username`. Raises what `sign_up` would raise about the name alone."""
        self._check_open(invite)
        name = canonical_username(username)
        await throttle(self._limiter, client, NAMES_PER_ADDRESS, client.address)
        async with self._new_uow() as uow:
            if self.sign_up_mode == "invite" and not await uow.invites.use(invite or "", self._clock.now()):
                raise InviteRequired
            await uow.accounts.add(Account(UserId(self._ids.new()), name, "", self._clock.now()))
            # and leave without a commit
        return name

    def _check_open(self, invite: str | None) -> None:
        if self.sign_up_mode == "closed":
            raise SignUpClosed
        if self.sign_up_mode == "invite" and not invite:
            raise InviteRequired

    async def add(
        self,
        username: str,
        password: str,
        *,
        email: str | None = None,
        display_name: str | None = None,
        role: Role = "member",
        by: Staff | None = None,
        source: UUID | None = None,
    ) -> Account:
        """A member made by whoever runs the server; no throttle, no invitation. Logged where somebody is named.

        `source` is the account of elsewhere that is going to be brought into it.
        """
        draft = self._draft(username, password, email, display_name, reserved_ok=role == "admin")
        account = replace(draft, role=role, password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            await uow.accounts.add(account)
            if source is not None:
                await uow.exports.begin_import(account.id, source, self._clock.now())
            if by is not None:
                await self._log(uow, by, "user.add", account, role)
            await uow.commit()
        return account

    async def check(self, username: str, *, email: str | None, display_name: str | None, role: Role) -> None:
        """Whether `add` would take everything but the password. Raises Invalid, UsernameTaken, EmailTaken."""
        password = self._ids.secret()
        draft = self._draft(username, password, email, display_name, reserved_ok=role == "admin")
        async with self._new_uow() as uow:
            await uow.accounts.add(draft)  # and leave without a commit

    def setup_code(self) -> str:
        """The one-time code for the first administrator. The same in every process; useless once an account exists."""
        digest = hmac.digest(self._secret, b"first administrator", "sha256")
        return "-".join(digest.hex()[i : i + 4] for i in (0, 4, 8))

    async def needs_setup(self) -> bool:
        """Whether there is no administrator yet."""
        async with self._new_uow() as uow:
            return not await uow.accounts.has_admin()

    async def set_up(
        self, client: Client, code: str, username: str, password: str, place_name: str = DEFAULT_NAME
    ) -> Account:
        """The first administrator, and the name of the place. Raises Forbidden once there is one, Invalid."""
        await throttle(self._limiter, client, SETUP_TRIES, client.address)
        if not hmac.compare_digest(code.strip().lower().encode(), self.setup_code().encode()):
            raise Invalid.field(
                "#/code", "bad_code", msg("This is not the code that the server printed when it started.")
            )
        draft, called = self._first(username, password, place_name)
        account = replace(draft, role="admin", password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            if await uow.accounts.has_admin(lock=True):
                raise Forbidden(msg("This server is already set up."))
            await uow.accounts.add(account)
            by = Staff(account.id, account.username, client.address)
            await self._log(uow, by, "user.add", account, "admin")
            await uow.instance.put(Instance(called, first_steps=True))
            await uow.commit()
        return account

    def _first(self, username: str, password: str, place_name: str) -> tuple[Account, str]:
        """The first account and the name of its place, with everything at fault named at once."""
        problems: list[Invalid] = []
        try:
            called = clean_name(place_name)
        except Invalid as error:
            problems.append(error)
        try:
            draft = self._draft(username, password, None, None, reserved_ok=True)
        except Invalid as error:
            problems.append(error)
        if problems:
            raise Invalid(problems=tuple(problem for error in problems for problem in error.problems))
        return draft, called

    def _draft(
        self,
        username: str,
        password: str,
        email: str | None,
        display_name: str | None,
        *,
        reserved_ok: bool = False,
    ) -> Account:
        problems: list[Invalid] = []
        account = Account(UserId(self._ids.new()), "", "", self._clock.now())
        try:
            account.username = canonical_username(username, reserved_ok=reserved_ok)
        except Invalid as error:
            problems.append(error)
        try:
            account.email = clean("#/email", email, limit=254) if email else None
            if account.email:
                canonical_email(account.email)
        except Invalid as error:
            problems.append(error)
        try:
            account.rename(display_name or "")
        except Invalid as error:
            problems.append(error)
        try:
            check_password(password, self._common_passwords, username, display_name or "", email or "")
        except Invalid as error:
            problems.append(error)
        if problems:
            raise Invalid(problems=tuple(problem for error in problems for problem in error.problems))
        return account

    # The own account

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
                    uow.record(Followed(follower_id=follower, followee_id=user))
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
            account.email = clean("#/email", change.email, limit=254) or None
            if account.email:
                canonical_email(account.email)
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
            await self._log(uow, COMMAND_LINE, "user.password", account)
            await uow.commit()

    async def _log(self, uow: UnitOfWork, by: Staff, action: Action, whom: Account, detail: str = "") -> None:
        await audit(uow, self._ids.new(), self._clock.now(), by, action, f"@{whom.username}", detail)
