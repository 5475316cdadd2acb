"""`heliograph user`, `invite` and `token`."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

from cyclopts import Parameter

from application.directory import Entry
from application.importing import Report
from application.paging import MAX_LIMIT
from application.program import Application
from application.unpacking import Source, look
from domain.kernel import DomainError, Invalid, NotFound, TokenId, UserId
from domain.moderation import COMMAND_LINE
from domain.sessions import Invite, Scope, Token
from domain.users import Role
from entrypoints import container
from entrypoints.cli.failures import report as tell
from entrypoints.cli.opening import complete, place_opened, settings_of, settings_of_place, with_program
from entrypoints.cli.terminal import Failed, terminal
from entrypoints.settings import command

PasswordFile = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
T = TypeVar("T")
PASSWORD_TRIES = 3


def add(
    username: str,
    /,
    *,
    role: Role = "member",
    email: str | None = None,
    display_name: str | None = None,
    password_file: PasswordFile = None,
) -> None:
    """Make an account.

    Parameters
    ----------
    username
        3 to 30 of a-z, 0-9, dot and underscore.
    role
        What the account may do.
    email
        Its e-mail address.
    display_name
        The name that people read.
    password_file
        File with the password in its first line; - is standard input. Asked for without it.
    """

    async def check(program: Application) -> None:
        await program.joining.check(username, email=email, display_name=display_name, role=role)

    async def work(program: Application, password: str) -> str:
        account = await program.joining.add(
            username, password, email=email, display_name=display_name, role=role, by=COMMAND_LINE
        )
        return account.username

    name = _with_password(password_file, check, work)
    public = settings_of().public_url
    where = f"  Sign in at {public}/login" if public else ""
    terminal.show(f"Created @{name} ({role}).{where}", {"username": name, "role": role})


def list_users(*, role: Role | None = None) -> None:
    """All accounts.

    Parameters
    ----------
    role
        Only those with this role.
    """
    entries = with_program(lambda program: program.directory.all(role=role))
    rows = [
        (e.username, e.role, e.state, e.posts, e.followers, _size(e.stored_bytes), _day(e.created_at))
        for e in entries
    ]
    heads = ("name", "role", "state", "posts", "followers", "stored", "joined")
    empty = (
        f"Nobody is {role}."
        if role
        else f"No accounts yet. Make the first:  {command()} user add NAME --role admin"
    )
    terminal.table(heads, rows, {"items": [_entry(e) for e in entries], "next": None}, empty=empty)


def show(username: str, /) -> None:
    """One account."""

    async def work(_: Application, entry: Entry) -> Entry:
        return entry

    _, entry = _about(username, work)
    facts = _entry(entry) | {"stored_bytes": _size(entry.stored_bytes)}
    lines = [f"{name:<13} {'' if value is None else value}" for name, value in facts.items()]
    terminal.show("\n".join(lines), _entry(entry))


def password(username: str, /, *, password_file: PasswordFile = None) -> None:
    """Set somebody's password and sign them out everywhere.

    Parameters
    ----------
    username
        Whose.
    password_file
        File with the password in its first line; - is standard input. Asked for without it.
    """
    try:
        name = _with_password(
            password_file,
            lambda program: program.directory.get(username),
            lambda program, new: _set_password(program, username, new),
        )
    except NotFound:
        raise _nobody(username) from None
    terminal.show(f"@{name} has a new password and is signed out everywhere.", {"username": name})


async def _set_password(program: Application, login: str, new: str) -> str:
    name = (await program.directory.get(login)).username
    await program.accounts.set_password(name, new)
    return name


def reset(username: str, /) -> None:
    """Make a link with which somebody chooses a new password. It works once, for an hour; pass it on privately."""
    _, link = _about(
        username, lambda program, entry: program.resetting.make_link(entry.username, COMMAND_LINE)
    )
    address, until = settings_of().origin + link.path, link.expires_at.isoformat(timespec="minutes")
    told = {"username": link.username, "url": address, "expires_at": until}
    terminal.show(f"A new password for @{link.username}, once, until {until}:\n{address}", told)


def role(username: str, role: Role, /) -> None:
    """Make somebody a member or an administrator."""
    name, _ = _about(username, lambda program, entry: program.moderation.change(entry.username, role=role))
    terminal.show(f"@{name} is now {role}.", {"username": name, "role": role})


def suspend(username: str, /) -> None:
    """Hide somebody and everything of theirs, and sign them out."""
    name, _ = _about(
        username, lambda program, entry: program.moderation.change(entry.username, suspended=True)
    )
    terminal.show(f"@{name} is suspended.", {"username": name, "state": "suspended"})


def restore(username: str, /) -> None:
    """Take a suspension back."""
    name, _ = _about(
        username, lambda program, entry: program.moderation.change(entry.username, suspended=False)
    )
    terminal.show(f"@{name} is active again.", {"username": name, "state": "active"})


def delete(username: str, /) -> None:
    """Delete an account with its posts and pictures, for good."""
    terminal.confirm(f"This deletes {username} with all posts and pictures, for good.", username)
    name, _ = _about(
        username, lambda program, entry: program.leaving.delete_by_name(entry.username), drain=True
    )
    terminal.show(f"@{name} is deleted.", {"username": name, "state": "deleted"})


def bring(
    archive: Path,
    /,
    *,
    name: str | None = None,
    password_file: PasswordFile = None,
    same_people: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Make an account of an archive from elsewhere. Doing it again goes on where it stopped.

    Parameters
    ----------
    archive
        The ZIP that somebody made under Settings, Your data.
    name
        The user name here; that of the archive without it.
    password_file
        File with the password in its first line; - is standard input. Asked for without it.
    same_people
        Those here with the same user names are the same people: follow, mute and block them again.
    """
    settings_of_place()
    with container.open_takeout(archive) as reader:
        source = complete(look(reader))
        whose = name or source.username
        user = with_program(lambda program: _begun(program, whose, source))
        if user is None:
            user = _new_member(whose, source, password_file)
        report = with_program(
            lambda program: program.importing.bring(
                user, reader, source, same_people=same_people, progress=_tell_posts
            ),
            drain=True,
        )
    told = {"username": whose, **asdict(report)}
    terminal.show("\n".join(_report_lines(whose, report)), told)
    if report.refusals:
        raise Failed(f"{report.refusals} things were not taken in.", 1, "partly")


async def _begun(program: Application, name: str, source: Source) -> UserId | None:
    """The account that the archive was begun to be brought into; None where there is no such name. Raises Failed."""
    try:
        begun = await program.importing.began(name, source)
    except NotFound:
        return None
    if begun is None:
        raise Failed(
            f"There is an account @{name} already, which is not of this archive. Choose another --name.", 5
        )
    return begun


def _new_member(name: str, source: Source, password_file: str | None) -> UserId:
    """An account for it, with its e-mail address if nobody here has that."""

    async def check(program: Application) -> None:
        await program.joining.check(name, email=None, display_name=None, role="member")

    async def work(program: Application, password: str) -> UserId:
        for email in dict.fromkeys((source.email, None)):
            try:
                made = await program.joining.add(
                    name, password, email=email, by=COMMAND_LINE, source=source.account_id
                )
            except DomainError:
                if email is None:
                    raise
            else:
                return made.id
        raise NotFound

    return _with_password(password_file, check, work)


def _tell_posts(number: int) -> None:
    if number % 100 == 0:
        terminal.say(f"{number} posts")


def _report_lines(name: str, report: Report) -> list[str]:
    lines = [f"@{name}"]
    for kind in dict.fromkeys([*report.brought, *report.there, *report.left]):
        known, left = report.there.get(kind, 0), report.left.get(kind, 0)
        line = f"  {kind:<9} {report.brought.get(kind, 0):>6} taken in"
        line += f", {known} were there" if known else ""
        lines.append(line + (f", {left} about posts of others stay in the archive" if left else ""))
    lines += [f"  not {each.kind}: {each.what}: {each.why}" for each in report.refused]
    left = report.refusals - len(report.refused)
    return [*lines, f"  and {left} more"] if left else lines


# Invitations


def create_invite(*, uses: int = 1, days: int = 14) -> None:
    """Make an invitation.

    Parameters
    ----------
    uses
        How many people may join with it.
    days
        How long it is valid.
    """
    invite = with_program(lambda program: program.moderation.create_invite(uses=uses, days=days))
    address = settings_of().origin + invite.path
    until = _day(invite.expires_at)
    terminal.show(f"{invite.code}  until {until}\n{address}", _invite(invite) | {"url": address})


def list_invites() -> None:
    """Invitations that can be used."""

    async def work(program: Application) -> list[Invite]:
        page = await program.moderation.invites(MAX_LIMIT)
        found = page.items
        while page.next:
            page = await program.moderation.invites(MAX_LIMIT, page.next)
            found += page.items
        return found

    invites = with_program(work)
    rows = [(i.code, f"{i.uses} of {i.max_uses}", _day(i.expires_at)) for i in invites]
    told = {"items": [_invite(i) for i in invites], "next": None}
    empty = f"No invitations that could be used. Make one:  {command()} invite create"
    terminal.table(("code", "used", "until"), rows, told, empty=empty)


def revoke_invite(code: str, /) -> None:
    """Make an invitation useless."""
    try:
        with_program(lambda program: program.moderation.revoke_invite(code))
    except NotFound:
        raise Failed("There is no such invitation that could be used.", 4, "not_found") from None
    terminal.show(f"The invitation {code} is revoked.", {"code": code, "revoked": True})


# Tokens


def create_token(
    username: str,
    /,
    *,
    name: str = "",
    scope: Annotated[tuple[Scope, ...], Parameter(negative="")] = (),
) -> None:
    """Make a token for a program. It is shown once.

    Parameters
    ----------
    username
        In whose name it acts.
    name
        What it is for.
    scope
        What it may do, given once or more; everything but admin without it.
    """
    scopes = [str(one) for one in scope] or None
    _, issued = _about(
        username,
        lambda program, entry: program.signing_in.token_for(entry.username, name, scopes, COMMAND_LINE),
    )
    token = issued.item
    if isinstance(token, Token):
        terminal.show(issued.secret, _token(token) | {"token": issued.secret})


def list_tokens(username: str, /) -> None:
    """Somebody's tokens."""
    name, tokens = _about(username, lambda program, entry: program.signing_in.tokens(entry.id))
    rows = [(t.id, t.name, " ".join(t.scopes), _day(t.expires_at), _day(t.last_used_at)) for t in tokens]
    terminal.table(
        ("id", "name", "scopes", "until", "used"),
        rows,
        {"items": [_token(t) for t in tokens], "next": None},
        empty=f"No tokens of @{name} yet. Make one:  {command()} token create {name}",
    )


def revoke_token(username: str, token_id: UUID, /) -> None:
    """Make a token useless."""

    async def work(program: Application, entry: Entry) -> None:
        try:
            await program.signing_in.revoke_token(entry.id, TokenId(token_id), COMMAND_LINE)
        except NotFound:
            raise Failed(f"@{entry.username} has no such token.", 4, "not_found") from None

    _about(username, work)
    terminal.show("The token is revoked.", {"id": str(token_id), "revoked": True})


def _about(
    login: str, work: Callable[[Application, Entry], Awaitable[T]], *, drain: bool = False
) -> tuple[str, T]:
    """The user name of whoever is meant by it or by an e-mail address, and what `work` on them gives. Raises Failed."""

    async def find_and_work(program: Application) -> tuple[str, T]:
        entry = await program.directory.get(login)
        return entry.username, await work(program, entry)

    try:
        return with_program(find_and_work, drain=drain)
    except NotFound:
        raise _nobody(login) from None


def _nobody(login: str) -> Failed:
    return Failed(f"There is no account {login}.", 4, "not_found")


def _with_password(
    file: str | None,
    check: Callable[[Application], Awaitable[Any]],
    work: Callable[[Application, str], Awaitable[T]],
) -> T:
    """Run `work` with the password in `file`; without one `check`, and ask for a password until it is taken."""
    settings_of_place()  # before anybody types a password for nothing
    if file is not None or not terminal.can_ask():
        given = terminal.password(file)
        return with_program(lambda program: work(program, given))
    with place_opened() as run:
        run(check)
        for _ in range(PASSWORD_TRIES - 1):
            try:
                return _ask_once(run, work)
            except Invalid as error:
                tell(error)
        return _ask_once(run, work)


def _ask_once(run: Callable[..., Any], work: Callable[[Application, str], Awaitable[T]]) -> T:
    asked = terminal.new_password()
    done: T = run(lambda program: work(program, asked))
    return done


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "id": str(entry.id),
        "name": entry.username,
        "display_name": entry.display_name,
        "email": entry.email,
        "role": entry.role,
        "state": entry.state,
        "private": entry.private,
        "posts": entry.posts,
        "followers": entry.followers,
        "following": entry.following,
        "stored_bytes": entry.stored_bytes,
        "created_at": _moment(entry.created_at),
        "seen_at": _moment(entry.seen_at),
        "erase_at": _moment(entry.erase_at),
    }


def _invite(invite: Invite) -> dict[str, object]:
    return {
        "id": str(invite.id),
        "code": invite.code,
        "uses": invite.uses,
        "max_uses": invite.max_uses,
        "expires_at": _moment(invite.expires_at),
    }


def _token(token: Token) -> dict[str, object]:
    return {
        "id": str(token.id),
        "name": token.name,
        "scopes": list(token.scopes),
        "created_at": _moment(token.created_at),
        "expires_at": _moment(token.expires_at),
        "last_used_at": _moment(token.last_used_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
