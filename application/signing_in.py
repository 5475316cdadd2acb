"""Signing in and out: sessions of browsers, tokens of programs, and who it is that comes with one."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from application.access import Client, audit, confirm, throttle, unchanged
from application.paging import Cursors, Key, rank_of
from application.sign_in_log import SignInLog
from application.views import Page
from domain.kernel import NotFound, SessionId, TokenId, UserId
from domain.moderation import Staff
from domain.ports import Clock, Ids, PasswordHasher, Rate, RateLimiter, UnitOfWork, UnitOfWorks
from domain.sessions import (
    SESSION_MAX,
    SESSION_SHORT,
    TOKEN_MAX,
    Away,
    BadCredentials,
    Identity,
    ReauthRequired,
    Scope,
    Session,
    Token,
    choose_scopes,
)
from domain.text import clean, fold
from domain.users import Account

# How far behind the moments of last use may be: reading must not write each time.
USE_KNOWN_TO = timedelta(minutes=5)
SIGN_IN_PER_ADDRESS = Rate("login:address", 25, 300)
SIGN_IN_PER_NAME = Rate("login:name", 25, 3600)
SIGN_IN_PER_ACCOUNT = Rate("login:account", 25, 3600)


def secret_hash(secret: str) -> bytes:
    """What is stored of a session's or token's secret: its SHA-256, 32 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


@dataclass(frozen=True, slots=True)
class Issued:
    """A new session or token with its secret, which is never shown again.

    The session of an account that is `away` opens nothing but the question whether its owner comes back.
    """

    secret: str
    item: Session | Token
    away: bool = False


class IdentityReads(Protocol):
    """Looks people up by what they hold. One query, on every request."""

    async def by_session(self, token_hash: bytes) -> tuple[Session, Identity] | None:
        """The session with this hash and its active account, expired or not; None when either is gone."""
        ...

    async def by_token(self, token_hash: bytes) -> tuple[Token, Identity] | None:
        """The token with this hash and its active account, expired or not; None when either is gone."""
        ...

    async def standing(self, ids: Collection[SessionId | TokenId], now: datetime) -> set[UUID]:
        """Those of these sessions and tokens that let an active account in."""
        ...

    async def mark_used(
        self, sessions: Sequence[SessionId], tokens: Sequence[TokenId], now: datetime
    ) -> None:
        """Write down that these were used."""
        ...


class SigningIn:
    """How people and programs come in, and what they came in with."""

    def __init__(
        self,
        new_uow: UnitOfWorks,
        clock: Clock,
        ids: Ids,
        hasher: PasswordHasher,
        limiter: RateLimiter,
        identities: IdentityReads,
        cursors: Cursors,
        log: SignInLog,
    ) -> None:
        self._new_uow = new_uow
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._limiter = limiter
        self._identities = identities
        self._cursors = cursors
        self._log = log
        self._used_sessions: set[SessionId] = set()
        self._used_tokens: set[TokenId] = set()

    async def sign_in(
        self,
        client: Client,
        login: str,
        password: str,
        *,
        stay: bool = True,
        come_back: bool = False,
        ask: bool = False,
    ) -> Issued:
        """A new session. Raises BadCredentials (never saying which half) or TooMany.

        Of an account that is away: with `come_back` it is so no longer, with `ask` the session waits for `come_back`, and
        without either Away is raised.
        """
        account = await self._check_login(client, login, password)
        if account.away and not ask:
            account = await self._bring_back(account, come_back)
        return await self._open_session(client, account, stay=stay)

    async def create_token(
        self,
        client: Client,
        login: str,
        password: str,
        name: str = "",
        scopes: list[str] | None = None,
        *,
        come_back: bool = False,
    ) -> Issued:
        """A new token for a program. Raises BadCredentials, TooMany, Invalid for the scopes, Away without `come_back`."""
        name = clean("#/name", name, limit=80)
        account = await self._check_login(client, login, password)
        if account.away:
            account = await self._bring_back(account, come_back)
        return await self._issue_token(account, name, scopes, client=client)

    async def away(self, secret: str) -> Account | None:
        """The account that its owner may come back to, by the secret of its session; None for any other."""
        async with self._new_uow() as uow:
            return await self._away(uow, secret)

    async def come_back(self, secret: str) -> None:
        """Show the account again to everybody whose session this is. Raises NotFound."""
        async with self._new_uow() as uow:
            account = await self._away(uow, secret, lock=True)
            if account is None:
                raise NotFound
            account.come_back()
            await uow.accounts.save(account)
            await uow.commit()

    async def stay_away(self, secret: str) -> None:
        """End the session with this secret, whatever its account's state."""
        async with self._new_uow() as uow:
            session = await uow.sessions.find(secret_hash(secret))
            if session is not None:
                await uow.sessions.end(session.user_id, session.id)
                await uow.commit()

    async def _away(self, uow: UnitOfWork, secret: str, *, lock: bool = False) -> Account | None:
        session = await uow.sessions.find(secret_hash(secret))
        if session is None or not session.is_live(self._clock.now()):
            return None
        account = await uow.accounts.find(session.user_id, lock=lock)
        return account if account is not None and account.away else None

    async def _bring_back(self, checked: Account, wanted: bool) -> Account:
        """Raises Away where it is not wanted, BadCredentials where the account has changed since."""
        if not wanted:
            raise Away
        async with self._new_uow() as uow:
            account = await _unchanged(uow, checked)
            account.come_back()
            await uow.accounts.save(account)
            await uow.commit()
        return account

    async def create_token_as(
        self, identity: Identity, client: Client, password: str, name: str, scopes: list[str] | None
    ) -> Issued:
        """A new token for the signed-in member. Raises ReauthRequired without their password, TooMany, or Invalid."""
        name = clean("#/name", name, limit=80)
        if not password:
            raise ReauthRequired
        account = await confirm(
            self._new_uow, self._hasher, self._limiter, client, identity.user_id, password
        )
        return await self._issue_token(account, name, scopes)

    async def token_for(
        self, username: str, name: str, scopes: list[str] | None, by: Staff | None = None
    ) -> Issued:
        """A new token made by whoever runs the server; logged where somebody is named. Raises NotFound."""
        async with self._new_uow() as uow:
            account = await uow.accounts.find_by_name(username)
        if account is None:
            raise NotFound
        return await self._issue_token(account, clean("#/name", name, limit=80), scopes, by)

    async def open_session_for(self, client: Client, user_id: UserId) -> Issued:
        """A session right after joining, without asking for the password again."""
        async with self._new_uow() as uow:
            account = await uow.accounts.find(user_id)
        if account is None or not account.active:
            raise NotFound
        return await self._open_session(client, account, stay=True)

    async def _check_login(self, client: Client, login: str, password: str) -> Account:
        await throttle(self._limiter, client, SIGN_IN_PER_ADDRESS, client.address)
        name = fold(login.strip())[:254]
        await throttle(self._limiter, client, SIGN_IN_PER_NAME, name)
        async with self._new_uow() as uow:
            account = await uow.accounts.find_by_login(login) if name else None
        if account is not None and not (account.active or account.away):
            account = None
        # By user name and by e-mail address one guesses the same password. That the guesses of both are used up is not
        # said, or it would tell whose address it is: the right password is then as wrong as any.
        key = str(account.id) if account else name
        allowed = client.relaxed or (await self._limiter.hit(SIGN_IN_PER_ACCOUNT, key)).allowed
        right = await self._hasher.verify(password, account.password_hash if account else None)
        if account is None or not right or not allowed:
            if account is not None and allowed:
                self._log.add_failed(account.id, client)
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
            await self._log.add(uow, account.id, "session", client)
            await uow.commit()
        return Issued(secret, session, account.away)

    async def _issue_token(
        self,
        account: Account,
        name: str,
        scopes: list[str] | None,
        by: Staff | None = None,
        client: Client | None = None,
    ) -> Issued:
        """`client` is where somebody signed in with the password for it."""
        chosen: tuple[Scope, ...] = choose_scopes(scopes, account.role)
        now, secret = self._clock.now(), f"hg_{self._ids.secret()}"
        token = Token(
            TokenId(self._ids.new()), account.id, name, secret_hash(secret), chosen, now, now + TOKEN_MAX
        )
        async with self._new_uow() as uow:
            await _unchanged(uow, account)
            await uow.tokens.add(token)
            if client is not None:
                await self._log.add(uow, account.id, "token", client)
            if by is not None:
                await audit(uow, self._ids.new(), now, by, "token.create", f"@{account.username}", name)
            await uow.commit()
        return Issued(secret, token)

    async def identify_session(self, secret: str) -> Identity | None:
        """Whoever holds this session secret, or None when it is unknown, expired or revoked."""
        found = await self._identities.by_session(secret_hash(secret))
        now = self._clock.now()
        if found is None or not found[0].is_live(now):
            return None
        if found[0].last_seen_at < now - USE_KNOWN_TO:
            self._used_sessions.add(found[0].id)
        return found[1]

    async def identify_token(self, secret: str) -> Identity | None:
        """Whoever holds this token, or None when it is unknown, expired or revoked."""
        found = await self._identities.by_token(secret_hash(secret))
        now = self._clock.now()
        if found is None or now >= found[0].expires_at:
            return None
        if found[0].last_used_at is None or found[0].last_used_at < now - USE_KNOWN_TO:
            self._used_tokens.add(found[0].id)
        return found[1]

    async def ended(self, ids: Collection[SessionId | TokenId]) -> set[UUID]:
        """Those of these sessions and tokens that let nobody in any more."""
        standing = await self._identities.standing(ids, self._clock.now())
        return {each for each in ids if each not in standing}

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

    async def page_of_sessions(self, user: UserId, limit: int, cursor: str | None) -> Page[Session]:
        """The same in pages. Raises BadCursor."""
        every = await self.sessions(user)
        return self._cursors.cut_whole(
            f"sessions:{user}",
            limit,
            cursor,
            every,
            lambda session: Key(session.id, rank_of(session.last_seen_at)),
        )

    async def end_session(self, user: UserId, session_id: SessionId) -> None:
        """Sign out one of one's own devices. Raises NotFound."""
        async with self._new_uow() as uow:
            if not await uow.sessions.end(user, session_id):
                raise NotFound
            await uow.commit()

    async def end_other_sessions(self, identity: Identity) -> int:
        """Sign out everywhere else; how many."""
        async with self._new_uow() as uow:
            ended = await uow.sessions.end_all(identity.user_id, but=identity.session_id)
            await uow.commit()
        return ended

    async def tokens(self, user: UserId) -> list[Token]:
        """One's live tokens, newest first."""
        async with self._new_uow() as uow:
            return await uow.tokens.of_user(user, self._clock.now())

    async def page_of_tokens(self, user: UserId, limit: int, cursor: str | None) -> Page[Token]:
        """The same in pages. Raises BadCursor."""
        every = await self.tokens(user)
        return self._cursors.cut_whole(f"tokens:{user}", limit, cursor, every, lambda token: Key(token.id))

    async def revoke_token(self, user: UserId, token_id: TokenId, by: Staff | None = None) -> None:
        """Revoke one of the user's tokens; logged where somebody is named who does it for them. Raises NotFound."""
        async with self._new_uow() as uow:
            if not await uow.tokens.revoke(user, token_id):
                raise NotFound
            if by is not None and (account := await uow.accounts.find(user)) is not None:
                whose, now = f"@{account.username}", self._clock.now()
                await audit(uow, self._ids.new(), now, by, "token.revoke", whose, str(token_id))
            await uow.commit()

    async def _store_password(self, checked: Account, phc: str) -> str:
        """Replace the hash of a password that was just checked. Raises BadCredentials when it was changed meanwhile."""
        async with self._new_uow() as uow:
            account = await _unchanged(uow, checked)
            account.password_hash = phc
            await uow.accounts.save(account)
            await uow.commit()
        return phc


async def _unchanged(uow: UnitOfWork, checked: Account) -> Account:
    account = await unchanged(uow, checked)
    if account is None:
        raise BadCredentials
    return account
