"""Joining, signing in and out, sessions, tokens, invitations, the own profile, leaving."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from application.access import Client, account_of, keep_an_admin
from domain.files import AVATAR_PLAN, ObjectsOrphaned, Rendition
from domain.follows import Followed
from domain.kernel import Forbidden, Invalid, InviteId, NotFound, SessionId, TokenId, TooMany, UserId, msg
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
from domain.text import clean, fold
from domain.users import (
    SCOPES,
    SESSION_MAX,
    SESSION_SHORT,
    TOKEN_MAX,
    Account,
    AccountDeleted,
    BadCredentials,
    Identity,
    Invite,
    InviteRequired,
    ReauthRequired,
    Role,
    Scope,
    Session,
    SignUpClosed,
    SignUpMode,
    Token,
    canonical_email,
    canonical_username,
    check_password,
    choose_scopes,
)

SIGN_IN_PER_ADDRESS = Rate("login-address", 25, 300)
SIGN_IN_PER_NAME = Rate("login-name", 25, 3600)
SIGN_IN_PER_ACCOUNT = Rate("login-account", 25, 3600)
RENAMES = Rate("rename", 5, 24 * 3600)
# What the program does by itself is not counted.
ITSELF = Client(relaxed=True)
SIGN_UP_PER_ADDRESS = Rate("sign-up", 5, 1800)
SETUP_TRIES = Rate("setup", 5, 900)


def secret_hash(secret: str) -> bytes:
    """What is stored of a session's or token's secret: its SHA-256, 32 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


@dataclass(frozen=True, slots=True)
class Issued:
    """A new session or token with its secret, which is never shown again."""

    secret: str
    item: Session | Token


class IdentityReads(Protocol):
    """Looks people up by what they hold. One query, on every request."""

    async def by_session(self, token_hash: bytes) -> tuple[Session, Identity] | None:
        """The session with this hash and its active account, expired or not; None when either is gone."""
        ...

    async def by_token(self, token_hash: bytes) -> tuple[Token, Identity] | None:
        """The token with this hash and its active account, expired or not; None when either is gone."""
        ...

    async def mark_used(
        self, sessions: Sequence[SessionId], tokens: Sequence[TokenId], now: datetime
    ) -> None:
        """Write down that these were used."""
        ...


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
        identities: IdentityReads,
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
        self._identities = identities
        self._images = images
        self._media = media
        self._workspace = workspace
        self._common_passwords = common_passwords
        self._secret = secret
        self._languages = languages
        self._used_sessions: set[SessionId] = set()
        self._used_tokens: set[TokenId] = set()
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
        await self._throttle(client, SIGN_UP_PER_ADDRESS, client.address)
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
    ) -> Account:
        """A member made by whoever runs the server; no throttle, no invitation."""
        draft = self._draft(username, password, email, display_name, reserved_ok=role == "admin")
        account = replace(draft, role=role, password_hash=await self._hasher.hash(password))
        async with self._new_uow() as uow:
            await uow.accounts.add(account)
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
        await self._throttle(client, SETUP_TRIES, client.address)
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

    # Signing in

    async def sign_in(self, client: Client, login: str, password: str, *, stay: bool = True) -> Issued:
        """A new session. Raises BadCredentials (never saying which half) or TooMany."""
        account = await self._check_login(client, login, password)
        return await self._open_session(client, account, stay=stay)

    async def create_token(
        self, client: Client, login: str, password: str, name: str = "", scopes: list[str] | None = None
    ) -> Issued:
        """A new token for a program. Raises BadCredentials, TooMany, or Invalid for the scopes."""
        name = clean("#/name", name, limit=80)
        account = await self._check_login(client, login, password)
        return await self._issue_token(account, name, scopes)

    async def create_token_as(self, identity: Identity, name: str, scopes: list[str] | None) -> Issued:
        """A new token for the signed-in member; never with more rights than the caller has."""
        name = clean("#/name", name, limit=80)
        if identity.via == "token" and not set(scopes or SCOPES) <= set(identity.scopes):
            raise Forbidden(msg("A token cannot make one with more rights than it has."))
        async with self._new_uow() as uow:
            account = await _own(uow, identity.user_id)
        return await self._issue_token(account, name, scopes)

    async def token_for(self, username: str, name: str, scopes: list[str] | None) -> Issued:
        """A new token made by whoever runs the server. Raises NotFound."""
        async with self._new_uow() as uow:
            account = await uow.accounts.find_by_name(username)
        if account is None:
            raise NotFound
        return await self._issue_token(account, clean("#/name", name, limit=80), scopes)

    async def open_session_for(self, client: Client, user_id: UserId) -> Issued:
        """A session right after joining, without asking for the password again."""
        async with self._new_uow() as uow:
            account = await uow.accounts.find(user_id)
        if account is None or not account.active:
            raise NotFound
        return await self._open_session(client, account, stay=True)

    async def _check_login(self, client: Client, login: str, password: str) -> Account:
        name = fold(login.strip())[:254]
        await self._throttle(client, SIGN_IN_PER_ADDRESS, client.address)
        await self._throttle(client, SIGN_IN_PER_NAME, name)
        async with self._new_uow() as uow:
            account = await uow.accounts.find_by_login(login) if name else None
        if account is not None and not account.active:
            account = None
        # By user name and by e-mail address one guesses the same password. That the guesses of both are used up is not
        # said, or it would tell whose address it is: the right password is then as wrong as any.
        key = str(account.id) if account else name
        allowed = client.relaxed or (await self._limiter.hit(SIGN_IN_PER_ACCOUNT, key)).allowed
        right = await self._hasher.verify(password, account.password_hash if account else None)
        if account is None or not right or not allowed:
            raise BadCredentials
        await self._limiter.forget(SIGN_IN_PER_NAME, name)
        await self._limiter.forget(SIGN_IN_PER_ACCOUNT, key)
        if self._hasher.is_weak(account.password_hash):
            account.password_hash = await self._store_password(account, await self._hasher.hash(password))
        return account

    async def _open_session(self, client: Client, account: Account, *, stay: bool) -> Issued:
        now, secret = self._clock.now(), self._ids.secret()
        session = Session(
            SessionId(self._ids.new()),
            account.id,
            secret_hash(secret),
            now,
            now,
            now + (SESSION_MAX if stay else SESSION_SHORT),
            "".join(c for c in client.user_agent if c.isprintable())[:300],
            client.address[:45],
        )
        async with self._new_uow() as uow:
            await _unchanged(uow, account)
            await uow.sessions.add(session)
            await uow.commit()
        return Issued(secret, session)

    async def _issue_token(self, account: Account, name: str, scopes: list[str] | None) -> Issued:
        chosen: tuple[Scope, ...] = choose_scopes(scopes, account.role)
        now, secret = self._clock.now(), f"hg_{self._ids.secret()}"
        token = Token(
            TokenId(self._ids.new()), account.id, name, secret_hash(secret), chosen, now, now + TOKEN_MAX
        )
        async with self._new_uow() as uow:
            await _unchanged(uow, account)
            await uow.tokens.add(token)
            await uow.commit()
        return Issued(secret, token)

    async def identify_session(self, secret: str) -> Identity | None:
        """Whoever holds this session secret, or None when it is unknown, expired or revoked."""
        found = await self._identities.by_session(secret_hash(secret))
        now = self._clock.now()
        if found is None or not found[0].is_live(now):
            return None
        if found[0].last_seen_at < now - timedelta(hours=1):
            self._used_sessions.add(found[0].id)
        return found[1]

    async def identify_token(self, secret: str) -> Identity | None:
        """Whoever holds this token, or None when it is unknown, expired or revoked."""
        found = await self._identities.by_token(secret_hash(secret))
        now = self._clock.now()
        if found is None or now >= found[0].expires_at:
            return None
        if found[0].last_used_at is None or found[0].last_used_at < now - timedelta(hours=1):
            self._used_tokens.add(found[0].id)
        return found[1]

    async def write_down_use(self) -> None:
        """Store which sessions and tokens were used lately. Called on a timer, so that reading never writes."""
        sessions, self._used_sessions = list(self._used_sessions), set()
        tokens, self._used_tokens = list(self._used_tokens), set()
        if sessions or tokens:
            await self._identities.mark_used(sessions, tokens, self._clock.now())

    # Sessions and tokens

    async def sign_out(self, identity: Identity) -> None:
        """End the session (or revoke the token) that the caller came with."""
        async with self._new_uow() as uow:
            if identity.via == "session":
                await uow.sessions.end(identity.user_id, SessionId(identity.secret_id))
            else:
                await uow.tokens.revoke(identity.user_id, TokenId(identity.secret_id))
            await uow.commit()

    async def sessions(self, user: UserId) -> list[Session]:
        """One's live sessions, last used first."""
        async with self._new_uow() as uow:
            return await uow.sessions.of_user(user, self._clock.now())

    async def end_session(self, user: UserId, session_id: SessionId) -> None:
        """Sign out one of one's own devices. Raises NotFound."""
        async with self._new_uow() as uow:
            if not await uow.sessions.end(user, session_id):
                raise NotFound
            await uow.commit()

    async def end_other_sessions(self, identity: Identity) -> int:
        """Sign out everywhere else; how many."""
        keep = SessionId(identity.secret_id) if identity.via == "session" else None
        async with self._new_uow() as uow:
            ended = await uow.sessions.end_all(identity.user_id, but=keep)
            await uow.commit()
        return ended

    async def tokens(self, user: UserId) -> list[Token]:
        """One's live tokens, newest first."""
        async with self._new_uow() as uow:
            return await uow.tokens.of_user(user, self._clock.now())

    async def revoke_token(self, user: UserId, token_id: TokenId) -> None:
        """Revoke one of one's own tokens. Raises NotFound."""
        async with self._new_uow() as uow:
            if not await uow.tokens.revoke(user, token_id):
                raise NotFound
            await uow.commit()

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
            account = await _own(uow, user)
            username, email = account.username, account.email
            self._apply(account, change)
            if account.email != email and (
                confirmed is None or confirmed.password_hash != account.password_hash
            ):
                raise ReauthRequired
            if account.username != username:
                # Every name that was left stays taken.
                await self._throttle(client, RENAMES, str(user))
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
            account = await _own(uow, identity.user_id)
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
            account = await _own(uow, user)
            if account.avatar_key:
                uow.record(ObjectsOrphaned(prefix=f"avatars/{account.avatar_key}/"))
            account.avatar_key = key
            await uow.accounts.save(account)
            await uow.commit()

    async def delete(self, identity: Identity, client: Client, password: str) -> None:
        """Leave: at once invisible to everybody and signed out everywhere; the rest is erased by a job."""
        await self._confirm(identity.user_id, client, password, "#/password")
        await self.delete_account(identity.user_id)

    async def delete_account(self, user: UserId) -> None:
        """Delete as whoever runs the server may. Raises LastAdmin, NotFound."""
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
            await uow.commit()

    async def _confirm(self, user: UserId, client: Client, password: str, pointer: str) -> Account:
        await self._throttle(client, SIGN_IN_PER_ACCOUNT, str(user))
        async with self._new_uow() as uow:
            account = await _own(uow, user)
        if not await self._hasher.verify(password, account.password_hash):
            raise Invalid.field(pointer, "wrong_password", msg("This is not your password."))
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
            await uow.commit()

    async def delete_by_name(self, username: str) -> None:
        """Raises NotFound, LastAdmin."""
        async with self._new_uow() as uow:
            account = await account_of(uow, username)
        await self.delete_account(account.id)

    async def create_invite(self, by: UserId | None, *, uses: int = 1, days: int = 14) -> Invite:
        """An invitation. Raises Invalid for odd numbers."""
        if not (1 <= uses <= 10_000 and 1 <= days <= 365):
            raise Invalid.field("#/uses", "out_of_range", msg("1 to 10,000 uses and 1 to 365 days."))
        now = self._clock.now()
        invite = Invite(
            InviteId(self._ids.new()), self._ids.key()[:16], by, now, now + timedelta(days=days), uses
        )
        async with self._new_uow() as uow:
            await uow.invites.add(invite)
            await uow.commit()
        return invite

    async def invites(self) -> list[Invite]:
        """Those that can still be used, newest first."""
        async with self._new_uow() as uow:
            return await uow.invites.open(self._clock.now())

    async def revoke_invite(self, invite_id: InviteId) -> None:
        """Raises NotFound."""
        async with self._new_uow() as uow:
            if not await uow.invites.revoke(invite_id):
                raise NotFound
            await uow.commit()

    async def _store_password(self, checked: Account, phc: str) -> str:
        """Replace the hash of a password that was just checked. Raises BadCredentials when it was changed meanwhile."""
        async with self._new_uow() as uow:
            await _unchanged(uow, checked)
            account = await _own(uow, checked.id)
            account.password_hash = phc
            await uow.accounts.save(account)
            await uow.commit()
        return phc

    async def _throttle(self, client: Client, rate: Rate, key: str) -> None:
        if client.relaxed:
            return
        allowance = await self._limiter.hit(rate, key)
        if not allowance.allowed:
            raise TooMany(allowance.reset_seconds)


def _avatar_sizes(made: Sequence[Rendition]) -> Iterator[tuple[str, Rendition]]:
    """What to store under each name that addresses of avatars use: of a small picture, the largest that it fills."""
    for kind, ending, widths in (
        ("image/webp", "webp", AVATAR_PLAN.webp),
        ("image/jpeg", "jpg", AVATAR_PLAN.jpeg),
    ):
        sizes = sorted((r for r in made if r.type == kind), key=lambda r: r.width)
        for width in widths:
            yield f"{width}.{ending}", next((r for r in sizes if r.width >= width), sizes[-1])


async def _own(uow: UnitOfWork, user: UserId) -> Account:
    account = await uow.accounts.find(user, lock=True)
    if account is None or not account.active:
        raise NotFound
    return account


async def _unchanged(uow: UnitOfWork, account: Account) -> None:
    """Raises BadCredentials when the account is not what the password was checked against any more.

    Checking takes a while, and a password that was changed meanwhile must not open anything.
    """
    now = await uow.accounts.find(account.id, lock=True)
    if now is None or not now.active or now.password_hash != account.password_hash:
        raise BadCredentials


def _session_of(identity: Identity) -> SessionId | None:
    return SessionId(identity.secret_id) if identity.via == "session" else None


def _token_of(identity: Identity) -> TokenId | None:
    return TokenId(identity.secret_id) if identity.via == "token" else None
