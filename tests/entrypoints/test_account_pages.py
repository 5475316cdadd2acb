"""Joining, coming back after a forgotten password, and setting a place up, as a browser without scripts meets them."""

import re
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from domain.moderation import COMMAND_LINE, Staff
from domain.sessions import RESET_LIFE
from entrypoints.languages import codes
from tests.browsing import Browser, flash
from tests.conftest import PASSWORD, Server, a_jpeg, join

NEW = "six quite different words"


# Joining


async def _named(guest: Browser, name: str, invite: str = "") -> Any:
    """What is said of a user name while it is typed."""
    query = {"username": name, "invite": invite}
    async with guest.session.get(
        "/register/name", params=query, headers={"Accept": "application/json"}
    ) as said:
        return await said.json()


@pytest.mark.goal("A5")
async def test_a_name_is_judged_while_it_is_typed_as_it_is_when_the_form_is_sent(
    browse: Any, server: Server
) -> None:
    await join(server.program, "mira")
    guest = await browse()
    assert await _named(guest, "Ada") == {"available": True, "username": "ada", "text": "This name is free."}
    for name in ("mira", "MIRA", "admin", "a", "..", "a\x00b"):
        said = await _named(guest, name)
        page = await guest.send(await guest.get("/register"), "/register", username=name, password=PASSWORD)
        assert not said["available"]
        assert said["text"] in page.words, name
    page = await guest.send(await guest.get("/register"), "/register", username="Ada", password=PASSWORD)
    assert flash(page).startswith("Welcome"), "asking takes no name away"


@pytest.mark.settings(sign_up="invite")
async def test_names_are_told_to_nobody_who_could_not_join(browse: Any, server: Server) -> None:
    await join(server.program, "mira")
    guest = await browse()
    without = [await _named(guest, name, code) for name in ("mira", "ada") for code in ("", "wrong")]
    assert len({each["text"] for each in without}) == 1
    assert "invitation" in without[0]["text"]
    invite = await server.program.moderation.create_invite()
    for _ in range(2):  # and it is not spent by asking
        assert (await _named(guest, "ada", invite.code))["available"]
        assert (await _named(guest, "mira", invite.code))["text"] == "This user name is taken."


async def test_an_invitation_says_who_invites_where_that_may_be_told(
    browse: Any, server: Server, sql: asyncpg.Connection
) -> None:
    greta = await join(server.program, "greta")
    invite = await server.program.moderation.create_invite(Staff(greta.id, "greta", ""))
    guest = await browse()
    page = await guest.get(f"/invite/{invite.code}")
    assert "greta invites you to Heliograph." in page.words
    assert 'href="/@greta"' in page.html
    assert "code" not in page.words, "here nobody needs one"
    refused = await guest.send(page, "/register", username="x", password=PASSWORD)
    assert refused.status == 422
    assert "greta invites you" in refused.words
    await server.program.moderation.change("greta", suspended=True)
    unnamed = await guest.get(f"/invite/{invite.code}")
    assert "greta" not in unnamed.words
    assert "This invitation lets you join Heliograph." in unnamed.words
    await sql.execute("UPDATE invites SET expires_at = now() - interval '1 second'")
    page = await guest.get(f"/invite/{invite.code}")
    assert page.status == 200
    assert "does not work any more, but anybody can join here" in page.words
    assert (await guest.send(page, "/register", username="noor", password=PASSWORD)).path == "/welcome"


@pytest.mark.goal("B1")
@pytest.mark.settings(relax_loopback=False)
async def test_names_are_not_told_without_end(browse: Any) -> None:
    guest = await browse()
    for n in range(30):
        assert (await _named(guest, f"name{n}"))["available"]
    async with guest.session.get("/register/name", params={"username": "one.more"}) as answer:
        assert answer.status == 429


async def test_whoever_joins_keeps_the_clock_of_their_browser(browse: Any, sql: asyncpg.Connection) -> None:
    for name, zone, kept in (
        ("mira", "Asia/Seoul", "Asia/Seoul"),
        ("ada", "Mars/Crater", "UTC"),
        ("bob", "", "UTC"),
    ):
        guest = await browse()
        page = await guest.get("/register")
        await guest.send(page, "/register", username=name, password=PASSWORD, timezone=zone)
        assert await sql.fetchval("SELECT timezone FROM users WHERE username = $1", name) == kept


@pytest.mark.skipif(len(codes()) == 1, reason="no language has a catalogue yet")
async def test_a_guest_chooses_a_language_and_keeps_it_when_joining(
    browse: Any, sql: asyncpg.Connection
) -> None:
    guest, code = await browse(), codes()[-1]
    page = await guest.get("/register")
    offered = {each["value"] for each in page.all("button") if each.get("name") == "language"}
    assert offered == set(codes())
    page = await guest.send(page, "/language", language=code)
    assert page.path == "/register"
    for path in ("/register", "/explore", "/"):
        assert f'<html lang="{code}"' in (await guest.get(path)).html
    await guest.send(page, "/register", username="mira", password=PASSWORD)
    assert await sql.fetchval("SELECT language FROM users") == code


# A forgotten password


@pytest.mark.goal("A6")
@pytest.mark.goal("C6")
async def test_a_link_of_an_administrator_opens_the_account_once(browse: Any, server: Server) -> None:
    program = server.program
    await join(program, "greta", role="admin")
    old = await browse("mira")
    admin = await browse("greta")
    page = await admin.get("/admin/users/mira")
    page = await admin.send(page, "/admin/users/mira", act="reset")
    link = re.search(r"/reset/[\w-]{43}", page.html)
    assert link
    assert link[0] not in (await admin.get("/admin/users/mira")).html, "it is shown once"

    guest = await browse()
    page = await guest.get(link[0])
    assert "@mira" in page.words
    page = await guest.send(page, link[0], password="short")
    assert page.status == 422
    page = await guest.send(page, link[0], password=NEW)
    assert (page.path, flash(page)) == ("/", "Your password is changed. You are signed in.")
    assert (await guest.get("/settings")).path == "/settings"
    assert (await old.get("/settings")).path == "/login?next=/settings", "other devices are signed out"

    again = await browse()
    page = await again.get(link[0])
    assert page.status == 410
    assert "Ask whoever gave it to you" in page.words
    told = {
        (entry.action, entry.actor, entry.target) for entry in (await program.moderation.audit(9, None)).items
    }
    assert told >= {("user.reset", "greta", "@mira"), ("user.password", "mira", "@mira")}


@pytest.mark.goal("C6")
@pytest.mark.parametrize(
    "what", ["an hour", "a newer link", "a new password", "a suspension", "a link that never was"]
)
async def test_a_link_ends_with(browse: Any, server: Server, sql: asyncpg.Connection, what: str) -> None:
    program = server.program
    mira = await join(program, "mira")
    link = await program.resetting.make_link("mira", COMMAND_LINE)
    if what == "an hour":
        await sql.execute("UPDATE password_resets SET expires_at = expires_at - $1::interval", RESET_LIFE)
    elif what == "a newer link":
        await program.resetting.make_link("@Mira", COMMAND_LINE)
    elif what == "a new password":
        await program.accounts.set_password("mira", NEW)
    elif what == "a suspension":
        await program.moderation.change("mira", suspended=True)
    guest = await browse()
    path = link.path if what != "a link that never was" else "/reset/" + "x" * 43
    page = await guest.get(path)
    assert page.status == 410
    form = {"csrf": dict((await guest.get("/login")).form("/login").fields)["csrf"], "password": PASSWORD}
    assert (await guest.ask("POST", path, data=form)).status == 410
    assert mira


async def test_the_log_holds_no_link(server: Server, client: aiohttp.ClientSession, caplog: Any) -> None:
    await join(server.program, "mira")
    link = await server.program.resetting.make_link("mira", COMMAND_LINE)
    with caplog.at_level("INFO", "heliograph.web"):
        await client.get(link.path, headers={"Accept": "text/html"})
    assert "GET /reset/…" in caplog.text
    assert link.path not in caplog.text


async def test_who_forgot_their_password_learns_how_to_come_back(browse: Any) -> None:
    guest = await browse()
    page = await guest.get("/login")
    assert any(link.endswith("/forgot") for link in page.links())
    assert "Ask whoever runs it." in (await guest.get("/forgot")).words
    assert (await guest.get("/.well-known/change-password")).path == "/login?next=/settings/password"


# The first run


async def test_a_place_is_called_as_it_was_set_up(browse: Any, server: Server) -> None:
    owner = await browse()
    page = await owner.get("/setup")
    given = {"code": server.program.joining.setup_code(), "username": "admin", "password": PASSWORD}
    page = await owner.send(page, "/setup", **given, name=" ")
    assert page.status == 422
    assert 'id="f-name-error"' in page.html
    page = await owner.send(page, "/setup", **given, name="Ridge <b>")
    assert "Ridge &lt;b&gt;</title>" in page.html
    assert "Ridge &lt;b&gt;</title>" in (await (await browse()).get("/")).html


@pytest.mark.settings(instance_name="Harbour")
async def test_the_settings_name_the_place_before_its_first_administrator(
    browse: Any, server: Server
) -> None:
    owner = await browse()
    page = await owner.get("/setup")
    assert "name" not in dict(page.form("/setup").fields)
    assert "Harbour" in page.words
    code = server.program.joining.setup_code()
    page = await owner.send(page, "/setup", code=code, username="admin", password=PASSWORD, name="Mine")
    assert "Harbour</title>" in page.html


# Settings


async def test_a_script_that_sends_settings_gets_a_line_to_say(browse: Any, sql: asyncpg.Connection) -> None:
    mira = await browse("mira")
    form = (await mira.get("/settings/privacy")).form("/settings/privacy")
    assert not {"private", "show_camera"} & dict(form.fields).keys()
    page = await mira.ask(
        "POST",
        "/settings/privacy",
        data=[*form.fields, ("private", "1"), ("show_camera", "1")],
        headers={"Accept": "application/json"},
    )
    assert (page.status, page.html) == (200, '{"said":"Saved."}')
    assert tuple(await sql.fetchrow("SELECT private, show_camera FROM users")) == (True, True)
    assert flash(await mira.get("/settings/privacy")) == "", "and it is not said again"


# The first steps


async def test_a_new_member_is_led_in_three_steps_to_where_they_wanted_to_go(
    browse: Any, server: Server
) -> None:
    await join(server.program, "ada")
    guest = await browse()
    page = await guest.get("/register?next=/@ada")
    page = await guest.send(page, "/register", username="mira", password=PASSWORD)
    assert page.path == "/welcome?next=/@ada"
    assert "Step 1 of 3" in page.words
    page = await guest.send(page, "/welcome", display_name="x" * 51, files=[("me.jpg", a_jpeg())])
    assert page.status == 422
    page = await guest.send(page, "/welcome", display_name="Mira R.", files=[("me.jpg", a_jpeg())])
    assert page.path == "/welcome/people?next=/@ada"
    me = await server.program.people.profile(None, "mira")
    assert me.display_name == "Mira R."
    assert me.avatar
    page = await guest.get("/welcome/photo?next=/@ada")
    links = {urlsplit(link).path for link in page.links()}
    assert {"/new", "/@ada"} <= links
    page = await guest.get("/welcome/photo?next=//evil.example")
    assert "evil" not in page.html


async def test_an_administrator_sees_what_a_new_place_needs_until_it_is_done(
    browse: Any, server: Server, sql: asyncpg.Connection
) -> None:
    program, owner = server.program, await browse()
    given = {"code": program.joining.setup_code(), "username": "admin", "password": PASSWORD, "name": "Here"}
    page = await owner.send(await owner.get("/setup"), "/setup", **given)
    assert "Give yourself a picture" in page.words
    assert page.html.count("<s>") == 0
    await join(program, "mira")
    page = await owner.get("/")
    assert "<s>Invite somebody</s>" in page.html
    await program.moderation.log_backup()
    assert "<s>Make a backup</s>" in (await owner.get("/")).html
    assert "First steps" not in (await (await browse("mira")).get("/")).words
    page = await owner.send(page, "/admin/first-steps")
    assert page.path == "/"
    assert "First steps" not in page.words
    assert not await sql.fetchval("SELECT first_steps FROM place_itself")


# Requests


async def test_who_asks_to_follow_is_shown_with_whom_one_knows(browse: Any, server: Server) -> None:
    mira, ada, eve = [await browse(name) for name in ("mira", "ada", "eve")]
    await mira.send(await mira.get("/settings/privacy"), "/settings/privacy", private="1")
    await mira.send(await mira.get("/@eve"), "/@eve/follow")
    await eve.send(await eve.get("/@ada"), "/@ada/follow")
    page = await ada.send(await ada.get("/@mira"), "/@mira/follow")
    await eve.send(await eve.get("/@mira"), "/@mira/follow")
    page = await mira.get("/requests")
    assert re.search(r"Followed by <a[^>]*><bdi>eve</bdi></a>", page.html)
    page = await mira.send(page, "/requests", answer="accept", username="ada")
    assert flash(page) == "@ada follows you now."
    assert "@eve" in page.words
