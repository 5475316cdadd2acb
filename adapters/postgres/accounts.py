"""Accounts, sessions, tokens and invitations: row ↔ entity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg
from tortoise.exceptions import IntegrityError

from adapters.postgres.engine import acquire
from adapters.postgres.relations import not_blocked
from adapters.postgres.tables import InviteRow, SessionRow, TokenRow, UserRow
from domain.kernel import AlreadyMade, Conflict, InviteId, SessionId, TokenId, UserId
from domain.text import fold, is_storable
from domain.users import (
    DEFAULT_SCOPES,
    SCOPES,
    SESSION_IDLE,
    Account,
    EmailTaken,
    Identity,
    Invite,
    PasswordReset,
    Scope,
    Session,
    Token,
    UsernameTaken,
    canonical_email,
)

ERASING = 7_241_002
# What `Session.is_live` says, of rows of `sessions`.
LIVE = f"expires_at > now() AND last_seen_at > now() - interval '{SESSION_IDLE.days} days'"

_COLUMNS = (
    "id username password_hash created_at email display_name bio link place language private role state avatar_key "
    "show_camera downloads timezone text_size motion single_keys alt_reminder "
    "away_since erase_at posts_everyone posts_followers posts_only_me followers following"
).split()
_COUNTERS = {"posts_everyone", "posts_followers", "posts_only_me", "followers", "following"}


def read_account(row: Any) -> Account:
    """An account from a row, mapping or ORM object, that has its columns."""
    get = row.__getitem__ if hasattr(row, "keys") else row.__getattribute__
    return Account(**{name: get(name) for name in _COLUMNS})


def _columns(account: Account) -> dict[str, Any]:
    values = {name: getattr(account, name) for name in _COLUMNS if name not in _COUNTERS}
    return values | {"email_canonical": canonical_email(account.email) if account.email else None}


_TAKEN: dict[str, type[Conflict]] = {"users_username_key": UsernameTaken, "users_email_key": EmailTaken}


def _taken(error: IntegrityError) -> Conflict:
    cause = error.args[0] if error.args else None
    return _TAKEN.get(getattr(cause, "constraint_name", "") or "", Conflict)()


class PostgresAccounts:
    """Implements domain.users.Accounts."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def add(self, account: Account) -> None:
        try:
            await UserRow.create(**_columns(account), **dict.fromkeys(_COUNTERS, 0))
        except IntegrityError as error:
            raise _taken(error) from error
        await self._claim_name(account)

    async def find(self, user_id: UserId, *, lock: bool = False) -> Account | None:
        row = await self._c.fetchrow(
            f"SELECT {', '.join(_COLUMNS)} FROM users WHERE id = $1{' FOR NO KEY UPDATE' if lock else ''}",
            user_id,
        )
        return read_account(row) if row else None

    async def find_by_name(self, username: str) -> Account | None:
        if not is_storable(username):
            return None
        row = await UserRow.get_or_none(username=username, state="active")
        return read_account(row) if row else None

    async def known_names(self, viewer: UserId, names: Sequence[str]) -> tuple[str, ...]:
        if not names:
            return ()
        rows = await self._c.fetch(
            "SELECT a.username FROM unnest($2::text[]) WITH ORDINALITY AS named (name, n) "
            "JOIN users a ON a.username = named.name "
            f"WHERE a.state = 'active' AND {not_blocked('$1', 'a.id')} ORDER BY n",
            viewer,
            list(names),
        )
        return tuple(row["username"] for row in rows)

    async def find_by_login(self, login: str) -> Account | None:
        name = fold(login.strip())
        if not is_storable(name):
            return None
        row = await self._c.fetchrow(
            f"SELECT {', '.join(_COLUMNS)} FROM users WHERE (username = $1 OR email_canonical = $1) AND state <> 'deleted'",
            name[:254],
        )
        return read_account(row) if row else None

    async def save(self, account: Account) -> None:
        values = _columns(account)
        before = await self._c.fetchval("SELECT username FROM users WHERE id = $1", account.id)
        try:
            await UserRow.filter(id=values.pop("id")).update(**values)
        except IntegrityError as error:
            raise _taken(error) from error
        if account.username != before:
            await self._claim_name(account)

    async def _claim_name(self, account: Account) -> None:
        # Answers with the row whoever made it, and waits for a claim that is being made.
        owner = await self._c.fetchval(
            "INSERT INTO usernames (username, user_id) VALUES ($1, $2) "
            "ON CONFLICT (username) DO UPDATE SET user_id = usernames.user_id RETURNING user_id",
            account.username,
            account.id,
        )
        if owner != account.id:
            raise UsernameTaken

    async def has_admin(self, *, lock: bool = False) -> bool:
        if lock:
            # A table lock, because the first administrator is made by whoever comes first, and there is no row to lock yet.
            await self._c.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        return bool(
            await self._c.fetchval(
                "SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND state <> 'deleted')"
            )
        )

    async def lock_admins(self) -> list[UserId]:
        rows = await self._c.fetch(
            "SELECT id FROM users WHERE role = 'admin' AND state = 'active' ORDER BY id FOR NO KEY UPDATE"
        )
        return [UserId(row["id"]) for row in rows]

    async def leaving(self, now: datetime, limit: int) -> list[Account]:
        rows = await self._c.fetch(
            f"SELECT {', '.join(_COLUMNS)} FROM users WHERE erase_at <= $1 AND state <> 'deleted' "
            "ORDER BY erase_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED",
            now,
            limit,
        )
        return [read_account(row) for row in rows]

    async def erase(self, user_id: UserId, limit: int) -> tuple[bool, list[str]]:
        # Two accounts that leave at once have rows between them that each would take in another order.
        await self._c.execute("SELECT pg_advisory_xact_lock($1)", ERASING)
        posts = [
            row["id"]
            for row in await self._c.fetch(
                "SELECT id FROM posts WHERE author_id = $1 ORDER BY id LIMIT $2 FOR UPDATE",
                user_id,
                max(limit // 100, 1),
            )
        ]
        # With many followers a post stands in many feeds; it goes itself when it stands in few enough for one step.
        withdrawn = await self._c.execute(
            "DELETE FROM home_feed WHERE (user_id, post_id) IN "
            "(SELECT user_id, post_id FROM home_feed WHERE post_id = ANY($1::uuid[]) LIMIT $2)",
            posts,
            20 * limit,
        )
        if int(withdrawn.rsplit(" ", 1)[-1]) == 20 * limit:
            return False, []
        # Before the uploads that they hold.
        drafts = await self._c.execute(
            "DELETE FROM drafts WHERE id IN (SELECT id FROM drafts WHERE author_id = $1 LIMIT $2)",
            user_id,
            limit,
        )
        files = await self._c.fetch(
            # Those of the posts first: what is left of them goes with the posts, and nobody would know its prefix.
            "SELECT id, key FROM files f WHERE post_id = ANY($1::uuid[]) OR (owner_id = $2 AND post_id IS NULL "
            "AND NOT EXISTS (SELECT FROM draft_photos WHERE file_id = f.id)) "
            "ORDER BY post_id IS NULL LIMIT greatest($3, 10 * cardinality($1::uuid[]))",
            posts,
            user_id,
            limit,
        )
        await self._c.execute("DELETE FROM files WHERE id = ANY($1::uuid[])", [row["id"] for row in files])
        exports = await self._c.fetch(
            "DELETE FROM exports WHERE id IN (SELECT id FROM exports WHERE user_id = $1 LIMIT $2) RETURNING key",
            user_id,
            limit,
        )
        await self._c.execute("DELETE FROM posts WHERE id = ANY($1::uuid[])", posts)
        for statement in _BEFORE_ERASING:
            await self._c.execute(statement, user_id, limit)
        left = len(posts) + len(files) + len(exports) + int(drafts.rsplit(" ", 1)[-1])
        for statement in _ERASE:
            left += int((await self._c.execute(statement, user_id, limit)).rsplit(" ", 1)[-1])
        prefixes = [f"photos/{row['key']}/" for row in files]
        prefixes += [f"exports/{row['key']}/" for row in exports if row["key"]]
        if left == 0:
            avatar = await self._c.fetchval("SELECT avatar_key FROM users WHERE id = $1", user_id)
            prefixes += [f"avatars/{avatar}/"] if avatar else []
            await self._c.execute(_TOMBSTONE, user_id)
        return left == 0, prefixes


# What the statements below count on is locked first, by statements of their own and in key order, as everybody does.
_BEFORE_ERASING = (
    # Against a decision meanwhile, which takes the words of those who left.
    """SELECT FROM cases WHERE id IN (SELECT case_id FROM reports WHERE reporter_id = $1 ORDER BY case_id LIMIT $2)
       ORDER BY id FOR SHARE""",
    """SELECT FROM posts WHERE id IN (
         (SELECT post_id FROM likes WHERE user_id = $1 ORDER BY post_id LIMIT $2) UNION
         (SELECT post_id FROM comments WHERE author_id = $1 ORDER BY post_id LIMIT $2) UNION
         (SELECT c.post_id FROM comment_likes l JOIN comments c ON c.id = l.comment_id WHERE l.user_id = $1
          ORDER BY l.comment_id LIMIT $2))
       ORDER BY id FOR NO KEY UPDATE""",
    """SELECT FROM users WHERE id IN (
         (SELECT followee_id FROM follows WHERE follower_id = $1 ORDER BY followee_id LIMIT $2) UNION
         (SELECT follower_id FROM follows WHERE followee_id = $1 ORDER BY follower_id LIMIT $2))
       ORDER BY id FOR NO KEY UPDATE""",
)
# Each takes up to $2 rows of the account $1 away, and what counted them goes down by as many. Every statement answers
# with the number of rows it changed; all of them 0 means that nothing is left.
_ERASE = (
    """WITH gone AS (DELETE FROM likes WHERE id IN (SELECT id FROM likes WHERE user_id = $1 ORDER BY post_id LIMIT $2)
         RETURNING post_id)
       UPDATE posts SET likes = likes - 1 WHERE id IN (SELECT post_id FROM gone)""",
    """WITH own AS (SELECT id, post_id FROM comments WHERE author_id = $1 ORDER BY post_id LIMIT $2),
         every AS (SELECT id FROM own UNION SELECT c.id FROM comments c JOIN own ON c.reply_to = own.id),
         gone AS (DELETE FROM comments WHERE id IN (SELECT id FROM every) RETURNING post_id),
         sums AS (SELECT post_id, count(*) AS n FROM gone GROUP BY post_id)
       UPDATE posts SET comments = comments - n FROM sums WHERE id = post_id""",
    """WITH gone AS (DELETE FROM comment_likes WHERE (user_id, comment_id) IN
         (SELECT user_id, comment_id FROM comment_likes WHERE user_id = $1 ORDER BY comment_id LIMIT $2)
         RETURNING comment_id)
       UPDATE comments SET likes = likes - 1 WHERE id IN (SELECT comment_id FROM gone)""",
    """WITH gone AS (DELETE FROM follows WHERE id IN
         (SELECT id FROM follows WHERE follower_id = $1 ORDER BY followee_id LIMIT $2) RETURNING followee_id)
       UPDATE users SET followers = followers - 1 WHERE id IN (SELECT followee_id FROM gone)""",
    """WITH gone AS (DELETE FROM follows WHERE id IN
         (SELECT id FROM follows WHERE followee_id = $1 ORDER BY follower_id LIMIT $2) RETURNING follower_id)
       UPDATE users SET following = following - 1 WHERE id IN (SELECT follower_id FROM gone)""",
    "DELETE FROM saves WHERE id IN (SELECT id FROM saves WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM home_feed WHERE user_id = $1 AND post_id IN (SELECT post_id FROM home_feed WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM hidden_posts WHERE user_id = $1 AND post_id IN "
    "(SELECT post_id FROM hidden_posts WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM removed_comments WHERE id IN "
    "(SELECT id FROM removed_comments WHERE author_id = $1 OR removed_by = $1 LIMIT $2)",
    "DELETE FROM removed_posts WHERE id IN (SELECT id FROM removed_posts WHERE author_id = $1 LIMIT $2)",
    "DELETE FROM follow_requests WHERE id IN "
    "(SELECT id FROM follow_requests WHERE requester_id = $1 OR target_id = $1 LIMIT $2)",
    "DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE blocker_id = $1 OR blocked_id = $1 LIMIT $2)",
    "DELETE FROM mutes WHERE id IN (SELECT id FROM mutes WHERE muter_id = $1 OR muted_id = $1 LIMIT $2)",
    # Of the cases about the account, a case goes when no report of it is left: with it they would go all at once.
    "DELETE FROM reports WHERE id IN (SELECT r.id FROM reports r "
    "JOIN cases c ON c.id = r.case_id WHERE c.owner_id = $1 LIMIT $2)",
    "DELETE FROM cases WHERE id IN (SELECT id FROM cases c WHERE owner_id = $1 "
    "AND NOT EXISTS (SELECT FROM reports WHERE case_id = c.id) LIMIT $2)",
    # What it reported stays without its name, and what it wrote with that until somebody decides.
    """UPDATE reports SET reporter_id = NULL, note = CASE WHEN c.decision IS NULL THEN reports.note ELSE '' END
       FROM cases c WHERE c.id = case_id AND reports.id IN
         (SELECT id FROM reports WHERE reporter_id = $1 ORDER BY case_id LIMIT $2)""",
    "DELETE FROM password_resets WHERE user_id = $1 AND $2::int > 0",
    "DELETE FROM home_visits WHERE user_id = $1 AND $2::int > 0",
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM imports WHERE user_id = $1 AND source_id IN "
    "(SELECT source_id FROM imports WHERE user_id = $1 LIMIT $2)",
    "DELETE FROM idempotency WHERE user_id = $1 AND key IN (SELECT key FROM idempotency WHERE user_id = $1 LIMIT $2)",
)

# What stays of a deleted account: its id and its name, so that nobody can take the name over.
_TOMBSTONE = """
UPDATE users SET email = NULL, email_canonical = NULL, password_hash = '', display_name = '', bio = '', link = '',
  place = '', language = '', private = true, role = 'member', avatar_key = NULL, show_camera = false, downloads = false,
  timezone = DEFAULT, text_size = DEFAULT, motion = DEFAULT, single_keys = DEFAULT, alt_reminder = DEFAULT,
  away_since = NULL, erase_at = NULL,
  posts_everyone = 0, posts_followers = 0, posts_only_me = 0, followers = 0, following = 0
WHERE id = $1 AND state = 'deleted'
"""


class PostgresSessions:
    """Implements domain.users.Sessions."""

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
    """Implements domain.users.Tokens."""

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
    """Implements domain.users.PasswordResets."""

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
    """Implements domain.users.Invites."""

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
