"""Joining, invitations, the own profile, leaving."""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from application.access import Client, account_of, audit, keep_an_admin, own_account, throttle
from domain.files import AVATAR_PLAN, ObjectsOrphaned, Rendition
from domain.follows import Followed
from domain.kernel import Forbidden, Invalid, InviteId, NotFound, SessionId, TokenId, UserId, msg
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
    AccountDeleted,
    Identity,
    Invite,
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
# Not the rate of signing in, which strangers can use up: it must not keep owners from their accounts.
CONFIRMATIONS = Rate("confirm", 25, 3600)
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
        *,
        sign_up: SignUpMode,
        common_passwords: frozenset[str],
        secret: bytes,
        languages: Sequence[str],
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._limiter = limiter
        self._images = images
        self._media = media
        self._workspace = workspace
        self._common_passwords = common_passwords
        self._secret = secret
        self._languages = languages
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
    ) -> Account:
        """A new member. Raises SignUpClosed, InviteRequired, UsernameTaken, EmailTaken, Invalid or TooMany."""
        if self.sign_up_mode == "closed":
            raise SignUpClosed
        if self.sign_up_mode == "invite" and not invite:
            raise InviteRequired
        draft = self._draft(username, password, email, display_name)
        await throttle(self._limiter, client, SIGN_UP_PER_ADDRESS, client.address)
        account = replace(draft, password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            if self.sign_up_mode == "invite" and not await uow.invites.use(invite or "", self._clock.now()):
                raise InviteRequired
            await uow.accounts.add(account)
            await uow.commit()
        return account

    async def add(
        self,
        username: str,
        password: str,
        *,
        email: str | None = None,
        display_name: str | None = None,
        role: Role = "member",
        by: Staff | None = None,
    ) -> Account:
        """A member made by whoever runs the server; no throttle, no invitation. Logged where somebody is named."""
        draft = self._draft(username, password, email, display_name, reserved_ok=role == "admin")
        account = replace(draft, role=role, password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            await uow.accounts.add(account)
            if by is not None:
                await self._log(uow, by, "user.add", account, role)
            await uow.commit()
        return account

    def setup_code(self) -> str:
        """The one-time code for the first administrator. The same in every process; useless once an account exists."""
        digest = hmac.digest(self._secret, b"first administrator", "sha256")
        return "-".join(digest.hex()[i : i + 4] for i in (0, 4, 8))

    async def needs_setup(self) -> bool:
        """Whether there is no administrator yet."""
        async with self._new_uow() as uow:
            return not await uow.accounts.has_admin()

    async def set_up(self, client: Client, code: str, username: str, password: str) -> Account:
        """The first administrator. Raises Forbidden once there is one, Invalid for a wrong code."""
        await throttle(self._limiter, client, SETUP_TRIES, client.address)
        if not hmac.compare_digest(code.strip().lower().encode(), self.setup_code().encode()):
            raise Invalid.field(
                "#/code", "bad_code", msg("This is not the code that the server printed when it started.")
            )
        draft = self._draft(username, password, None, None, reserved_ok=True)
        account = replace(draft, role="admin", password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            if await uow.accounts.has_admin(lock=True):
                raise Forbidden(msg("This server is already set up."))
            await uow.accounts.add(account)
            by = Staff(account.id, account.username, client.address)
            await self._log(uow, by, "user.add", account, "admin")
            await uow.commit()
        return account

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
            confirmed = await self._confirm(user, client, password, "#/password")
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

    async def change_password(self, identity: Identity, client: Client, old: str, new: str) -> None:
        """Set a new password and sign out everywhere else. Raises Invalid, also for a wrong old one, and TooMany."""
        account = await self._confirm(identity.user_id, client, old, "#/old")
        check_password(
            new,
            self._common_passwords,
            account.username,
            account.display_name,
            account.email or "",
            pointer="#/new",
        )
        phc = await self._hasher.hash(new)
        async with self._new_uow() as uow:
            account = await own_account(uow, identity.user_id)
            account.password_hash = phc
            await uow.accounts.save(account)
            await uow.sessions.end_all(account.id, but=_session_of(identity))
            await uow.tokens.revoke_all(account.id, but=_token_of(identity))
            await uow.commit()

    async def set_avatar(self, user: UserId, picture: Upload) -> None:
        """Cut the middle square of an uploaded picture and make it the avatar. Raises ImageRefused."""
        key = self._ids.key()
        async with self._workspace.directory() as made:
            await self._images.inspect(picture.path)
            cut = await self._images.render(picture.path, AVATAR_PLAN, None, made)
            for name, rendition in _avatar_sizes(cut.renditions):
                await self._media.put(f"avatars/{key}/{name}", made / rendition.name)
        await self._replace_avatar(user, key)

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

    async def delete(self, identity: Identity, client: Client, password: str) -> None:
        """Leave: at once invisible to everybody and signed out everywhere; the rest is erased by a job."""
        await self._confirm(identity.user_id, client, password, "#/password")
        await self.delete_account(identity.user_id)

    async def delete_account(self, user: UserId, by: Staff | None = None) -> None:
        """Delete; logged where somebody else than its owner does. Raises LastAdmin, NotFound."""
        async with self._new_uow() as uow:
            await keep_an_admin(uow, user)
            account = await uow.accounts.find(user, lock=True)
            if account is None or account.state == "deleted":
                raise NotFound
            # What nobody could see when it went is not told about later.
            account.private = account.private or not account.active
            account.state = "deleted"
            await uow.accounts.save(account)
            await uow.sessions.end_all(user)
            await uow.tokens.revoke_all(user)
            uow.record(AccountDeleted(user_id=user))
            if by is not None:
                await self._log(uow, by, "user.delete", account)
            await uow.commit()

    async def _confirm(self, user: UserId, client: Client, password: str, pointer: str) -> Account:
        await throttle(self._limiter, client, CONFIRMATIONS, str(user))
        async with self._new_uow() as uow:
            account = await own_account(uow, user)
        if not await self._hasher.verify(password, account.password_hash):
            raise Invalid.field(pointer, "wrong_password", msg("This is not your password."))
        await self._limiter.forget(CONFIRMATIONS, str(user))
        return account

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
            await self._log(uow, COMMAND_LINE, "user.password", account)
            await uow.commit()

    async def delete_by_name(self, username: str) -> None:
        """Raises NotFound, LastAdmin."""
        async with self._new_uow() as uow:
            account = await account_of(uow, username)
        await self.delete_account(account.id, by=COMMAND_LINE)

    async def _log(self, uow: UnitOfWork, by: Staff, action: Action, whom: Account, detail: str = "") -> None:
        await audit(uow, self._ids.new(), self._clock.now(), by, action, f"@{whom.username}", detail)

    async def create_invite(self, by: UserId | None, *, uses: int = 1, days: int = 14) -> Invite:
        """An invitation; from the command line, where nobody in particular makes it, it is logged.

        Raises Invalid for odd numbers.
        """
        if not (1 <= uses <= 10_000 and 1 <= days <= 365):
            raise Invalid.field("#/uses", "out_of_range", msg("1 to 10,000 uses and 1 to 365 days."))
        now = self._clock.now()
        invite = Invite(
            InviteId(self._ids.new()), self._ids.key()[:16], by, now, now + timedelta(days=days), uses
        )
        async with self._new_uow() as uow:
            await uow.invites.add(invite)
            if by is None:
                await self._log_invite(uow, "invite.create", invite.id)
            await uow.commit()
        return invite

    async def invites(self) -> list[Invite]:
        """Those that can still be used, newest first."""
        async with self._new_uow() as uow:
            return await uow.invites.open(self._clock.now())

    async def revoke_invite(self, invite_id: InviteId) -> None:
        """From the command line. Raises NotFound."""
        async with self._new_uow() as uow:
            if not await uow.invites.revoke(invite_id):
                raise NotFound
            await self._log_invite(uow, "invite.revoke", invite_id)
            await uow.commit()

    async def _log_invite(self, uow: UnitOfWork, action: Action, invite_id: InviteId) -> None:
        # By its id: whoever has the code can join.
        await audit(uow, self._ids.new(), self._clock.now(), COMMAND_LINE, action, str(invite_id))


def _avatar_sizes(made: Sequence[Rendition]) -> Iterator[tuple[str, Rendition]]:
    """What to store under each name that addresses of avatars use: of a small picture, the largest that it fills."""
    for kind, ending, widths in (
        ("image/webp", "webp", AVATAR_PLAN.webp),
        ("image/jpeg", "jpg", AVATAR_PLAN.jpeg),
    ):
        sizes = sorted((r for r in made if r.type == kind), key=lambda r: r.width)
        for width in widths:
            yield f"{width}.{ending}", next((r for r in sizes if r.width >= width), sizes[-1])


def _session_of(identity: Identity) -> SessionId | None:
    return SessionId(identity.secret_id) if identity.via == "session" else None


def _token_of(identity: Identity) -> TokenId | None:
    return TokenId(identity.secret_id) if identity.via == "token" else None
