"""Reports, decisions, accounts as administrators see them, and the audit log."""

import asyncio
from typing import Any

import asyncpg
import pytest

from domain.moderation import COMMAND_LINE
from domain.sessions import Token
from tests.api.conftest import Api
from tests.conftest import PASSWORD, Member, settle


@pytest.fixture
async def admin(api: Api) -> Member:
    return await api.join("greta", role="admin", scopes=["read", "write", "admin"])


async def _report(api: Api, who: Member, **what: Any) -> None:
    reply = await api("POST", "/reports", who, json={"reason": "spam", "note": "Look at this.", **what})
    # Not even an id comes back: it would tell whether somebody reported the same before.
    assert (reply.status, reply.content) == (201, b"")


async def _cases(api: Api, admin: Member, state: str = "open") -> list[str]:
    """The cases, newest first."""
    items = (await api.ok("GET", f"/admin/reports?state={state}", admin))["items"]
    return [item["id"] for item in items]


async def _actions(api: Api, admin: Member) -> list[tuple[str, str, str]]:
    items = (await api.ok("GET", "/admin/audit", admin))["items"]
    return [(entry["actor"], entry["action"], entry["target"]) for entry in items]


async def test_reports_about_one_thing_are_one_case(api: Api, admin: Member) -> None:
    mira, noor, timo = await api.join("mira"), await api.join("noor"), await api.join("timo")
    post = await api.post(mira, caption="Cheap watches")
    await _report(api, noor, post_id=post["id"])
    await _report(api, noor, post_id=post["id"], reason="other")
    await _report(api, timo, post_id=post["id"], reason="nudity")
    [case] = await _cases(api, admin)
    # What it was about stays readable when it is edited or removed.
    await api.ok("PATCH", f"/posts/{post['id']}", mira, json={"caption": "Flowers"})
    row = (await api.ok("GET", "/admin/reports", admin))["items"][0]
    assert (row["report_count"], sorted(row["reasons"]), row["excerpt"]) == (
        2,
        ["nudity", "spam"],
        "Cheap watches",
    )
    assert (row["member"]["username"], row["target_path"]) == ("mira", f"/p/{post['id']}")
    whole = await api.ok("GET", f"/admin/reports/{case}", admin)
    assert [(each["reporter"]["username"], each["note"]) for each in whole["reports"]] == [
        ("noor", "Look at this."),
        ("timo", "Look at this."),
    ]


async def test_only_what_one_may_see_and_not_ones_own_is_reported(api: Api) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    hidden = await api.post(mira, audience="only_me")
    for what in ({"post_id": hidden["id"]}, {"username": "nobody.here"}, {"comment_id": hidden["id"]}):
        assert (await api("POST", "/reports", noor, json={"reason": "spam", **what})).status == 404
    own = await api("POST", "/reports", mira, json={"reason": "spam", "username": "mira"})
    assert (own.status, own.code) == (422, "not_yourself")
    for body in (
        {"reason": "spam"},
        {"reason": "spam", "username": "mira", "post_id": hidden["id"]},
        {"reason": "dislike", "username": "mira"},
        {"reason": "spam", "username": "mira", "note": "x" * 1001},
    ):
        assert (await api("POST", "/reports", noor, json=body)).status == 422


async def test_a_decision_is_made_once_and_logged_with_what_it_does(api: Api, admin: Member) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira)
    comment = await api.comment(noor, post["id"], "Buy!")
    await _report(api, noor, post_id=post["id"])
    await _report(api, mira, comment_id=comment["id"])
    removed, kept = await _cases(api, admin)
    asked = [
        api("PATCH", f"/admin/reports/{kept}", admin, json={"decision": "keep", "note": f"{n}"})
        for n in (1, 2)
    ]
    assert sorted(reply.status for reply in await asyncio.gather(*asked)) == [200, 409]
    answer = await api.ok(
        "PATCH", f"/admin/reports/{removed}", admin, json={"decision": "remove", "note": "Advert"}
    )
    assert (answer["state"], answer["decision"], answer["decided_by"]) == ("closed", "remove", "greta")
    assert (answer["target_exists"], answer["excerpt"]) == (False, "")
    assert (await api("GET", f"/comments/{comment['id']}", mira)).status == 404
    assert (await api.ok("GET", "/admin/reports", admin))["items"] == []
    assert len((await api.ok("GET", "/admin/reports?state=closed", admin))["items"]) == 2
    assert (await _actions(api, admin))[0] == ("greta", "report.remove", f"@noor comment {comment['id']}")
    assert len(await _actions(api, admin)) == 2
    # Closed cases take no more reports: the next one opens another.
    await _report(api, noor, post_id=post["id"])
    assert (await _cases(api, admin))[0] not in (kept, removed)


async def test_a_removed_post_takes_its_pictures_along(api: Api, admin: Member) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira)
    url = "/" + post["media"][0]["renditions"][0]["url"].partition("?")[0]
    await _report(api, noor, post_id=post["id"])
    [case] = await _cases(api, admin)
    await api.ok("PATCH", f"/admin/reports/{case}", admin, json={"decision": "remove"})
    assert (await api("GET", url)).status == 404
    assert (await api("GET", f"/posts/{post['id']}", noor)).status in (404, 410)
    assert (await api.ok("GET", "/users/mira", noor))["counts"]["posts"] == 0


async def test_suspending_by_a_case_ends_everything_of_the_member(api: Api, admin: Member) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    await _report(api, noor, username="mira")
    [case] = await _cases(api, admin)
    refused = await api("PATCH", f"/admin/reports/{case}", admin, json={"decision": "remove"})
    assert refused.status == 422
    await api.ok("PATCH", f"/admin/reports/{case}", admin, json={"decision": "suspend"})
    assert (await api("GET", "/me", mira)).status == 401
    assert (await api("GET", "/users/mira", noor)).status == 404


async def test_accounts_are_found_changed_and_brought_back(api: Api, admin: Member) -> None:
    mira = await api.join("mira")
    await api.join("noor")
    found = await api.ok("GET", "/admin/users?q=IR&limit=1", admin)
    assert [entry["username"] for entry in found["items"]] == ["mira"]
    first = await api.ok("GET", "/admin/users?limit=2", admin)
    rest = await api.ok("GET", f"/admin/users?limit=2&cursor={first['next']}", admin)
    names = [entry["username"] for entry in first["items"] + rest["items"]]
    assert names == ["noor", "mira", "greta"]
    changed = await api.ok("PATCH", "/admin/users/mira", admin, json={"state": "suspended", "role": "admin"})
    assert (changed["state"], changed["role"]) == ("suspended", "admin")
    assert (await api("GET", "/me", mira)).status == 401
    assert [e["username"] for e in (await api.ok("GET", "/admin/users?state=suspended", admin))["items"]] == [
        "mira"
    ]
    await api.ok("PATCH", "/admin/users/mira", admin, json={"state": "active", "role": "member"})
    assert [action for _, action, _ in await _actions(api, admin)] == [
        "user.restore",
        "user.role",
        "user.suspend",
        "user.role",
    ]
    last = await api("PATCH", "/admin/users/greta", admin, json={"role": "member"})
    assert (last.status, last.code) == (409, "last_admin")
    assert len(await _actions(api, admin)) == 4


@pytest.mark.settings(sign_up="invite")
async def test_invitations_are_made_once_listed_used_and_revoked(api: Api, admin: Member) -> None:
    key = {"Idempotency-Key": "the-first"}
    first = await api("POST", "/admin/invites", admin, json={"uses": 2, "days": 3}, headers=key)
    again = await api("POST", "/admin/invites", admin, json={"uses": 2, "days": 3}, headers=key)
    assert (first.status, again.status, again.content) == (201, 201, first.content)
    made = first.json
    assert made["url"] == f"{api.server.url}/invite/{made['code']}"
    other = await api.ok("POST", "/admin/invites", admin, json={})
    page = await api.ok("GET", "/admin/invites?limit=1", admin)
    rest = await api.ok("GET", f"/admin/invites?limit=1&cursor={page['next']}", admin)
    assert [page["items"], rest["items"]] == [[other], [made]]
    noor = {"username": "noor", "password": PASSWORD, "invite": other["code"]}
    await api.ok("POST", "/accounts", json=noor)
    # What was used up is not listed, and there is nothing to revoke.
    assert (await api.ok("GET", "/admin/invites", admin))["items"] == [made]
    assert (await api("DELETE", f"/admin/invites/{other['code']}", admin)).status == 404
    assert (await api("DELETE", f"/admin/invites/{made['code']}", admin)).status == 204
    assert (await api("DELETE", f"/admin/invites/{made['code']}", admin)).status == 404
    assert (await api("DELETE", "/admin/invites/a%00b", admin)).status == 404
    noor |= {"username": "karl", "invite": made["code"]}
    assert (await api("POST", "/accounts", json=noor)).code == "invite_required"
    for wrong in ({"uses": 0}, {"days": 366}, {"uses": 10_001}, {"days": -1}):
        assert (await api("POST", "/admin/invites", admin, json=wrong)).status == 422
    assert await _actions(api, admin) == [
        ("greta", "invite.revoke", made["code"]),
        ("greta", "invite.create", other["code"]),
        ("greta", "invite.create", made["code"]),
    ]


async def test_a_removal_is_logged_only_where_something_was_removed(api: Api, admin: Member) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    post = await api.post(mira)
    await _report(api, noor, post_id=post["id"])
    [case] = await _cases(api, admin)
    await api.ok("DELETE", f"/posts/{post['id']}", mira)
    late = await api("PATCH", f"/admin/reports/{case}", admin, json={"decision": "remove"})
    assert (late.status, late.code) == (409, "not_there")
    await api.ok("PATCH", "/admin/users/mira", admin, json={"state": "active", "role": "member"})
    assert await _actions(api, admin) == []
    await api.ok("PATCH", f"/admin/reports/{case}", admin, json={"decision": "keep"})


async def test_whoever_is_blocked_can_be_reported(api: Api, admin: Member) -> None:
    await api.join("mira")
    noor = await api.join("noor")
    await api.ok("PUT", "/users/mira/block", noor)
    await _report(api, noor, username="mira")
    assert len(await _cases(api, admin)) == 1


async def test_an_administrator_neither_sees_nor_decides_what_is_about_themselves(
    api: Api, admin: Member
) -> None:
    other = await api.join("berta", role="admin", scopes=["read", "write", "admin"])
    await _report(api, await api.join("noor"), username="greta")
    [case] = await _cases(api, other)
    assert await _cases(api, admin) == []
    assert (await api("GET", f"/admin/reports/{case}", admin)).status == 404
    decided = await api("PATCH", f"/admin/reports/{case}", admin, json={"decision": "keep"})
    assert decided.status == 404
    await api.ok("PATCH", f"/admin/reports/{case}", other, json={"decision": "keep"})


@pytest.mark.goal("Z7")
async def test_nothing_is_taken_out_of_the_audit_log(
    api: Api, admin: Member, sql: asyncpg.Connection
) -> None:
    await api.join("mira")
    await api.ok("PATCH", "/admin/users/mira", admin, json={"sign_out": True})
    for change in ("DELETE FROM audit", "UPDATE audit SET actor = 'somebody'"):
        with pytest.raises(asyncpg.RaiseError):
            await sql.execute(change)
    await api.server.program.moderation.change("mira", suspended=True)
    assert await _actions(api, admin) == [("", "user.suspend", "@mira"), ("greta", "user.sign_out", "@mira")]


@pytest.mark.goal("Z7")
async def test_what_opens_an_account_from_outside_is_logged(api: Api, admin: Member) -> None:
    program = api.server.program
    await program.joining.add("mira", PASSWORD, role="admin", by=COMMAND_LINE)
    await program.accounts.set_password("mira", PASSWORD)
    token = (await program.signing_in.token_for("mira", "robot", None, COMMAND_LINE)).item
    assert isinstance(token, Token)
    await program.signing_in.revoke_token(token.user_id, token.id, COMMAND_LINE)
    await program.leaving.delete_by_name("mira")
    assert [action for _, action, target in await _actions(api, admin) if target == "@mira"] == [
        "user.delete",
        "token.revoke",
        "token.create",
        "user.password",
        "user.add",
    ]


async def test_cases_about_somebody_go_with_their_account(
    api: Api, admin: Member, sql: asyncpg.Connection
) -> None:
    mira, noor = await api.join("mira"), await api.join("noor")
    await _report(api, noor, username="mira")
    await _report(api, mira, username="noor")
    await api.server.program.leaving.delete_by_name("mira")
    await settle(api.server.program)
    assert (
        await sql.fetchval(
            "SELECT count(*) FROM cases WHERE excerpt <> '' OR owner_id IN "
            "(SELECT id FROM users WHERE username = 'mira')"
        )
        == 0
    )
    # What it wrote to the administrators about others stays without its name.
    assert [tuple(row) for row in await sql.fetch("SELECT reporter_id, reason, note FROM reports")] == [
        (None, "spam", "Look at this.")
    ]
    [case] = await _cases(api, admin)
    assert (await api.ok("GET", f"/admin/reports/{case}", admin))["reports"][0]["reporter"] is None
    await api.ok("PATCH", f"/admin/reports/{case}", admin, json={"decision": "keep"})
    assert [tuple(row) for row in await sql.fetch("SELECT reason, note FROM reports")] == [("spam", "")]
