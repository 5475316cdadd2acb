"""Accounts, sessions, tokens and the own profile over the API."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sanic import HTTPResponse

from application.accounts import ProfileChange
from application.signing_in import Issued
from application.views import Descriptions, Me, Page, Storage
from domain.kernel import SessionId, TokenId, UserId
from domain.sessions import Session, Token
from entrypoints import requests
from entrypoints.api.operation import BASE, Answer, Call, Operations, Paging
from entrypoints.api.schemas import Leave, MePatch, NewAccount, NewSession, NewToken, PasswordChange, given

group = Operations("accounts")


@dataclass(frozen=True, slots=True)
class MeOut(Me):
    """One's own account with what nobody else sees. `storage` is about originals, `descriptions` about posted photos."""

    storage: Storage
    descriptions: Descriptions


async def _me(call: Call, user: UserId) -> MeOut:
    me = await call.app.people.me(user)
    storage = await call.app.uploading.storage(user)
    described = await call.app.uploading.descriptions(user)
    own = {each.name: getattr(me, each.name) for each in fields(me)}
    return MeOut(**own, storage=storage, descriptions=described)


@dataclass(frozen=True, slots=True)
class TokenOut:
    """A token without its secret."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewTokenOut:
    """A new token; `token` is shown this once."""

    id: UUID
    token: str
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionOut:
    """A signed-in device."""

    id: UUID
    user_agent: str
    ip: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class NewSessionOut:
    """A new session; `csrf_token` goes into the `X-CSRF-Token` header of writes that come with its cookie."""

    id: UUID
    csrf_token: str
    expires_at: datetime
    account: MeOut


@group.declare(
    "POST",
    "/accounts",
    "createAccount",
    "Join",
    auth="none",
    status=201,
    body=NewAccount,
    answer=MeOut,
    problems=("username_taken", "email_taken", "sign_up_closed", "invite_required", "validation"),
    example={"username": "mira", "password": "four words make sense", "display_name": "Mira"},
)
async def create_account(call: Call) -> Answer:
    sent: NewAccount = call.body
    account = await call.app.joining.sign_up(
        call.client,
        sent.username,
        sent.password,
        email=sent.email,
        display_name=sent.display_name,
        invite=sent.invite,
    )
    return Answer(await _me(call, account.id), location=f"{BASE}/users/{account.username}")


@group.declare(
    "POST",
    "/tokens",
    "createToken",
    "Get a token for a program; `come_back` takes an account that is away into use again",
    auth="none",
    status=201,
    body=NewToken,
    answer=NewTokenOut,
    problems=("bad_credentials", "account_away", "validation"),
    example={"username": "mira", "password": "four words make sense", "scopes": ["read", "write"]},
)
async def create_token(call: Call) -> Answer:
    sent: NewToken = call.body
    issued = await call.app.signing_in.create_token(
        call.client, sent.username, sent.password, sent.name, sent.scopes, come_back=sent.come_back
    )
    return Answer(present_new_token(issued), location=f"{BASE}/tokens/{issued.item.id}")


def present_new_token(issued: Issued) -> NewTokenOut:
    """A token with the secret that is shown once."""
    token = issued.item
    assert isinstance(token, Token)  # noqa: S101 - narrows the type; sessions are presented elsewhere
    return NewTokenOut(token.id, issued.secret, token.name, token.scopes, token.expires_at)


@group.declare(
    "GET", "/tokens", "listTokens", "List the own tokens", unit=True, query=Paging, answer=Page[TokenOut]
)
async def list_tokens(call: Call) -> Page[TokenOut]:
    page = await call.app.signing_in.page_of_tokens(call.user, call.query.limit, call.query.cursor)
    return Page([present_token(token) for token in page.items], page.next, page.prev)


def present_token(token: Token) -> TokenOut:
    """A token without its secret."""
    return TokenOut(
        token.id, token.name, token.scopes, token.created_at, token.expires_at, token.last_used_at
    )


@group.declare(
    "DELETE", "/tokens/<token_id:uuid>", "revokeToken", "Revoke a token", status=204, problems=("not_found",)
)
async def revoke_token(call: Call, token_id: UUID) -> None:
    await call.app.signing_in.revoke_token(call.user, TokenId(token_id))


@group.declare(
    "POST",
    "/sessions",
    "signIn",
    "Sign a browser in; `come_back` takes an account that is away into use again",
    auth="none",
    status=201,
    body=NewSession,
    answer=NewSessionOut,
    problems=("bad_credentials", "account_away"),
    example={"username": "mira", "password": "four words make sense"},
)
async def sign_in(call: Call) -> Answer:
    sent: NewSession = call.body
    issued = await call.app.signing_in.sign_in(
        call.client, sent.username, sent.password, stay=sent.stay, come_back=sent.come_back
    )
    call.request.ctx.new_session = (issued.secret, sent.stay)
    session = issued.item
    return Answer(
        NewSessionOut(
            session.id,
            requests.csrf_token_for(call.request, issued.secret),
            session.expires_at,
            await _me(call, session.user_id),
        ),
        location=f"{BASE}/sessions/{session.id}",
    )


@group.declare("DELETE", "/sessions/current", "signOut", "Sign this browser out", status=204)
async def sign_out(call: Call) -> None:
    await call.app.signing_in.sign_out(call.who)
    call.request.ctx.new_session = ("", False)


@group.declare(
    "GET",
    "/sessions",
    "listSessions",
    "List the own signed-in devices, last used first",
    unit=True,
    query=Paging,
    answer=Page[SessionOut],
)
async def list_sessions(call: Call) -> Page[SessionOut]:
    page = await call.app.signing_in.page_of_sessions(call.user, call.query.limit, call.query.cursor)
    return Page([present_session(item, call.who.secret_id) for item in page.items], page.next, page.prev)


def present_session(session: Session, current: Any) -> SessionOut:
    """A device; `current` is the id of the asking one."""
    return SessionOut(
        session.id,
        session.user_agent,
        session.ip,
        session.created_at,
        session.last_seen_at,
        session.expires_at,
        session.id == current,
    )


@group.declare(
    "DELETE",
    "/sessions/<session_id:uuid>",
    "endSession",
    "Sign a device out",
    status=204,
    problems=("not_found",),
)
async def end_session(call: Call, session_id: UUID) -> None:
    await call.app.signing_in.end_session(call.user, SessionId(session_id))


@group.declare("GET", "/me", "getMe", "Get the own account", answer=MeOut)
async def get_me(call: Call) -> MeOut:
    return await _me(call, call.user)


@group.declare(
    "PATCH",
    "/me",
    "changeMe",
    "Change the own profile; another `email` needs the `password`",
    body=MePatch,
    answer=MeOut,
    problems=("validation", "reauth_required", "username_taken", "email_taken"),
    example={"bio": "Ridges and harbours.", "private": False},
)
async def change_me(call: Call) -> MeOut:
    names = (
        "display_name",
        "bio",
        "link",
        "place",
        "email",
        "username",
        "language",
        "private",
        "show_camera",
        "downloads",
        "timezone",
        "text_size",
        "motion",
        "single_keys",
        "alt_reminder",
    )
    change = ProfileChange(**{name: given(call.body, name) for name in names})
    await call.app.accounts.change_profile(call.user, change, call.client, given(call.body, "password"))
    return await _me(call, call.user)


@group.declare(
    "PUT",
    "/me/avatar",
    "setAvatar",
    "Set the avatar: a raw image, or multipart with `file`",
    answer=MeOut,
    upload="file",
    problems=("empty", "damaged", "insufficient_storage"),
)
async def set_avatar(call: Call) -> MeOut:
    assert call.upload is not None  # noqa: S101 - the declaration asks for a file
    await call.app.accounts.set_avatar(call.user, call.upload)
    return await _me(call, call.user)


@group.declare("DELETE", "/me/avatar", "removeAvatar", "Go back to initials", status=204)
async def remove_avatar(call: Call) -> None:
    await call.app.accounts.remove_avatar(call.user)


@group.declare(
    "PUT",
    "/me/password",
    "changePassword",
    "Change the password; other sessions and tokens end",
    status=204,
    body=PasswordChange,
    problems=("validation", "rate_limited"),
    example={"old": "four words make sense", "new": "five other words make sense"},
)
async def change_password(call: Call) -> None:
    await call.app.accounts.change_password(call.who, call.client, call.body.old, call.body.new)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An account that nobody sees any more. Until `erase_at` its owner may come back; null is for ever."""

    erase_at: datetime | None


@group.declare(
    "DELETE",
    "/me",
    "leave",
    "Delete the own account: hidden and signed out at once, erased after 14 days unless its owner signs in with "
    "`come_back`. With `for_good` false it is only hidden",
    status=202,
    body=Leave,
    answer=LeftOut,
    problems=("validation", "last_admin"),
    example={"password": "four words make sense"},
)
async def leave(call: Call) -> LeftOut:
    sent: Leave = call.body
    left = await call.app.leaving.leave(call.who, call.client, sent.password, for_good=sent.for_good)
    call.request.ctx.new_session = ("", False)
    return LeftOut(left.erase_at)


def finish_session(request: Any, response: HTTPResponse) -> None:
    """Set or clear the session cookie as the handler decided."""
    new: tuple[str, bool] | None = getattr(request.ctx, "new_session", None)
    if new is None:
        return
    secret, stay = new
    if secret:
        requests.set_session_cookie(request, response, secret, stay=stay)
    else:
        requests.clear_session_cookie(request, response)
