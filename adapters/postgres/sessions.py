"""What lets people in: sessions, tokens, links to a new password and invitations."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
from tortoise.exceptions import IntegrityError

from adapters.postgres.engine import acquire
from adapters.postgres.tables import InviteRow, SessionRow, TokenRow
from domain.kernel import AlreadyMade, InviteId, SessionId, TokenId, UserId
from domain.sessions import (
    DEFAULT_SCOPES,
    SCOPES,
    SESSION_IDLE,
    Identity,
    Invite,
    PasswordReset,
    Scope,
    Session,
    Token,
)
from domain.text import is_storable

# What `Session.is_live` says, of rows of `sessions`.
LIVE = f"expires_at > now() AND last_seen_at > now() - interval '{SESSION_IDLE.days} days'"


class PostgresSessions:
    """Implements domain.sessions.Sessions."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, session: Session) -> None:
        await SessionRow.create(**{name: getattr(session, name) for name in Session.__slots__})

    async def find(self, token_hash: bytes) -> Session | None:
        row = await SessionRow.get_or_none(token_hash=token_hash)
        return Session(**{name: getattr(row, name) for name in Session.__slots__}) if row else None

    async def of_user(self, user_id: UserId, now: datetime) -> list[Session]:
        rows = await SessionRow.filter(user_id=user_id).order_by("-last_seen_at")
        sessions = [Session(**{name: getattr(row, name) for name in Session.__slots__}) for row in rows]
        return [session for session in sessions if session.is_live(now)]

    async def end(self, user_id: UserId, session_id: SessionId) -> bool:
        return await SessionRow.filter(id=session_id, user_id=user_id).delete() > 0

    async def end_all(self, user_id: UserId, *, but: SessionId | None = None) -> int:
        others = SessionRow.filter(user_id=user_id)
        return await (others.exclude(id=but) if but else others).delete()


class PostgresTokens:
    """Implements domain.sessions.Tokens."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, token: Token) -> None:
        values = {name: getattr(token, name) for name in Token.__slots__}
        await TokenRow.create(**values | {"scopes": list(token.scopes)})

    async def of_user(self, user_id: UserId, now: datetime) -> list[Token]:
        rows = await TokenRow.filter(user_id=user_id, expires_at__gt=now).order_by("-id")
        tokens = [Token(**{name: getattr(row, name) for name in Token.__slots__}) for row in rows]
        for token in tokens:
            token.scopes = tuple(token.scopes)
        return tokens

    async def revoke(self, user_id: UserId, token_id: TokenId) -> bool:
        return await TokenRow.filter(id=token_id, user_id=user_id).delete() > 0

    async def revoke_all(self, user_id: UserId, *, but: TokenId | None = None) -> int:
        others = TokenRow.filter(user_id=user_id)
        return await (others.exclude(id=but) if but else others).delete()


class PostgresResets:
    """Implements domain.sessions.PasswordResets."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def put(self, reset: PasswordReset) -> None:
        await self._c.execute(
            "INSERT INTO password_resets (user_id, token_hash, created_by, created_at, expires_at) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, "
            "created_by = excluded.created_by, created_at = excluded.created_at, expires_at = excluded.expires_at",
            *(
                getattr(reset, name)
                for name in ("user_id", "token_hash", "created_by", "created_at", "expires_at")
            ),
        )

    async def find(self, token_hash: bytes) -> PasswordReset | None:
        row = await self._c.fetchrow(
            "SELECT * FROM password_resets WHERE token_hash = $1 FOR UPDATE", token_hash
        )
        return PasswordReset(**dict(row)) if row else None

    async def drop(self, user_id: UserId) -> None:
        await self._c.execute("DELETE FROM password_resets WHERE user_id = $1", user_id)


class PostgresInvites:
    """Implements domain.sessions.Invites."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, invite: Invite) -> None:
        try:
            await InviteRow.create(**{name: getattr(invite, name) for name in Invite.__slots__})
        except IntegrityError as error:
            raise AlreadyMade from error

    async def use(self, code: str, now: datetime) -> bool:
        if not is_storable(code):
            return False
        spent = await self._c.fetchval(
            "UPDATE invites SET uses = uses + 1 WHERE code = $1 AND uses < max_uses AND expires_at > $2 RETURNING id",
            code.strip()[:64],
            now,
        )
        return spent is not None

    async def find(self, invite_id: InviteId) -> Invite | None:
        row = await self._c.fetchrow("SELECT * FROM invites WHERE id = $1", invite_id)
        return Invite(**dict(row)) if row else None

    async def usable(self, code: str, now: datetime) -> Invite | None:
        if not is_storable(code):
            return None
        row = await self._c.fetchrow(
            "SELECT * FROM invites WHERE code = $1 AND uses < max_uses AND expires_at > $2",
            code.strip()[:64],
            now,
        )
        return Invite(**dict(row)) if row else None

    async def revoke(self, code: str, now: datetime) -> bool:
        if not is_storable(code):
            return False
        gone = await self._c.fetchval(
            "DELETE FROM invites WHERE code = $1 AND uses < max_uses AND expires_at > $2 RETURNING id",
            code,
            now,
        )
        return gone is not None


class PostgresIdentities:
    """Implements application.signing_in.IdentityReads; one statement on every request."""

    async def by_session(self, token_hash: bytes) -> tuple[Session, Identity] | None:
        async with acquire() as connection:
            row = await connection.fetchrow(_COOKIE, token_hash)
        if row is None:
            return None
        session = Session(
            SessionId(row["id"]),
            UserId(row["user_id"]),
            token_hash,
            row["created_at"],
            row["last_seen_at"],
            row["expires_at"],
        )
        return session, _identity(row, SCOPES if row["role"] == "admin" else DEFAULT_SCOPES, "session")

    async def by_token(self, token_hash: bytes) -> tuple[Token, Identity] | None:
        async with acquire() as connection:
            row = await connection.fetchrow(_BEARER, token_hash)
        if row is None:
            return None
        scopes = tuple(s for s in row["scopes"] if s != "admin" or row["role"] == "admin")
        token = Token(
            TokenId(row["id"]),
            UserId(row["user_id"]),
            row["name"],
            token_hash,
            scopes,
            row["created_at"],
            row["expires_at"],
            row["last_used_at"],
        )
        return token, _identity(row, scopes, "token")

    async def standing(self, ids: Collection[SessionId | TokenId], now: datetime) -> set[UUID]:
        async with acquire() as connection:
            rows = await connection.fetch(_STANDING, list(ids), now, now - SESSION_IDLE)
        return {row["id"] for row in rows}

    async def mark_used(
        self, sessions: Sequence[SessionId], tokens: Sequence[TokenId], now: datetime
    ) -> None:
        async with acquire() as connection:
            await connection.execute(
                "UPDATE sessions SET last_seen_at = $2 WHERE id = ANY($1::uuid[])", list(sessions), now
            )
            await connection.execute(
                "UPDATE tokens SET last_used_at = $2 WHERE id = ANY($1::uuid[])", list(tokens), now
            )


_STANDING = """
SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = ANY($1::uuid[]) AND u.state = 'active' AND s.expires_at > $2 AND s.last_seen_at > $3
UNION ALL
SELECT t.id FROM tokens t JOIN users u ON u.id = t.user_id
WHERE t.id = ANY($1::uuid[]) AND u.state = 'active' AND t.expires_at > $2
"""
_COOKIE = """
SELECT s.id, s.user_id, s.created_at, s.last_seen_at, s.expires_at, u.username, u.role, u.language
FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND u.state = 'active'
"""
_BEARER = """
SELECT t.id, t.user_id, t.name, t.scopes, t.created_at, t.expires_at, t.last_used_at, u.username, u.role, u.language
FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = $1 AND u.state = 'active'
"""


def _identity(row: asyncpg.Record, scopes: tuple[Scope, ...], via: Literal["session", "token"]) -> Identity:
    return Identity(
        UserId(row["user_id"]), row["username"], row["role"], scopes, row["id"], via, row["language"]
    )
