"""What lets people in: sessions, tokens, links to a new password, invitations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from domain.kernel import DomainError, Forbidden, Invalid, InviteId, SessionId, TokenId, UserId, msg
from domain.users import Role

Scope = Literal["read", "write", "messages", "files", "admin"]

SCOPES: tuple[Scope, ...] = ("read", "write", "messages", "files", "admin")
DEFAULT_SCOPES: tuple[Scope, ...] = ("read", "write", "messages", "files")

SESSION_IDLE = timedelta(days=14)
SESSION_MAX = timedelta(days=90)
SESSION_SHORT = timedelta(hours=12)
TOKEN_MAX = timedelta(days=365)
RESET_LIFE = timedelta(hours=1)


class BadCredentials(DomainError):
    """Sign-in failed; never says which half was wrong."""

    code = "bad_credentials"
    message = msg("The user name or the password is not right.")


class Away(Forbidden):
    """Said only to who gave the right password: the account is hidden by its owner, who may come back."""

    code = "account_away"
    message = msg("This account is switched off. Sign in with `come_back` to use it again.")


class ReauthRequired(Forbidden):
    """What opens the account to somebody else is asked of its owner, not of whoever found a device signed in."""

    code = "reauth_required"
    message = msg("Give your password to change this.")


class InviteRequired(Forbidden):
    code = "invite_required"
    message = msg("An invitation is needed to join, and this one is not valid.")


@dataclass(slots=True)
class Session:
    """A browser that is signed in. Only the SHA-256 of its secret is stored."""

    id: SessionId
    user_id: UserId
    token_hash: bytes
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str = ""
    ip: str = ""

    def is_live(self, now: datetime) -> bool:
        """Neither too old nor unused for too long."""
        return now < self.expires_at and now < self.last_seen_at + SESSION_IDLE


@dataclass(slots=True)
class Token:
    """A program's way in. Only the SHA-256 of its secret is stored; scopes never grow."""

    id: TokenId
    user_id: UserId
    name: str
    token_hash: bytes
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """A way to a new password without the old one, made by an administrator. Only the SHA-256 of its secret is stored."""

    user_id: UserId
    token_hash: bytes
    created_by: str
    created_at: datetime
    expires_at: datetime

    def is_live(self, now: datetime) -> bool:
        """Not too old."""
        return now < self.expires_at

    def told(self) -> str:
        """What the log says about its use."""
        return f"by a link of {self.created_by}"


def choose_scopes(wanted: list[str] | None, role: Role) -> tuple[Scope, ...]:
    """The scopes of a new token, in fixed order. Raises Invalid for unknown ones and for `admin` without the role."""
    if wanted is None:
        return DEFAULT_SCOPES
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted or ("admin" in wanted and role != "admin"):
        raise Invalid.field("#/scopes", "bad_scope", msg("Choose among {scopes}."), scopes=", ".join(SCOPES))
    return tuple(scope for scope in SCOPES if scope in wanted)


@dataclass(slots=True)
class Invite:
    """Lets `max_uses` people join until it expires. Its code is the secret."""

    id: InviteId
    code: str
    created_by: UserId | None
    created_at: datetime
    expires_at: datetime
    max_uses: int = 1
    uses: int = 0

    @property
    def path(self) -> str:
        """Where whoever has it can join."""
        return f"/invite/{self.code}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: an active account through a session or a token. `secret_id` names which one."""

    user_id: UserId
    username: str
    role: Role
    scopes: tuple[Scope, ...]
    secret_id: SessionId | TokenId
    via: Literal["session", "token"]
    language: str = ""

    @property
    def session_id(self) -> SessionId | None:
        """The session that the caller came with, or None."""
        return SessionId(self.secret_id) if self.via == "session" else None

    @property
    def token_id(self) -> TokenId | None:
        """The token that the caller came with, or None."""
        return TokenId(self.secret_id) if self.via == "token" else None


class Sessions(Protocol):
    """Signed-in browsers."""

    async def add(self, session: Session) -> None: ...

    async def find(self, token_hash: bytes) -> Session | None:
        """The session with this hash, expired or not, whatever its account's state."""
        ...

    async def of_user(self, user_id: UserId, now: datetime) -> list[Session]:
        """The live ones, last used first."""
        ...

    async def end(self, user_id: UserId, session_id: SessionId) -> bool:
        """End one of the user's own; False when there is none such."""
        ...

    async def end_all(self, user_id: UserId, *, but: SessionId | None = None) -> int:
        """End every session of the user, except `but`; how many ended."""
        ...


class Tokens(Protocol):
    """Personal access tokens."""

    async def add(self, token: Token) -> None: ...

    async def of_user(self, user_id: UserId, now: datetime) -> list[Token]:
        """The live ones, newest first."""
        ...

    async def revoke(self, user_id: UserId, token_id: TokenId) -> bool:
        """Revoke one of the user's own; False when there is none such."""
        ...

    async def revoke_all(self, user_id: UserId, *, but: TokenId | None = None) -> int:
        """Revoke every token of the user, except `but`; how many."""
        ...


class PasswordResets(Protocol):
    """Links to a new password, at most one for each account."""

    async def put(self, reset: PasswordReset) -> None:
        """Store it in place of the account's earlier one."""
        ...

    async def find(self, token_hash: bytes) -> PasswordReset | None:
        """The one with this hash, expired or not. Nobody else uses it until the unit ends."""
        ...

    async def drop(self, user_id: UserId) -> None:
        """Make the account's link useless, if there is one."""
        ...


class Invites(Protocol):
    """Invitations."""

    async def add(self, invite: Invite) -> None: ...

    async def use(self, code: str, now: datetime) -> bool:
        """Spend one use, or answer False: unknown, expired or used up. Exactly `max_uses` concurrent calls succeed."""
        ...

    async def find(self, invite_id: InviteId) -> Invite | None:
        """The invitation, also one that cannot be used any more; None when there is none such."""
        ...

    async def usable(self, code: str, now: datetime) -> Invite | None:
        """What `use` would spend a use of; None where it would answer False."""
        ...

    async def revoke(self, code: str, now: datetime) -> bool:
        """Make it unusable; False when there is none such that could be used."""
        ...
