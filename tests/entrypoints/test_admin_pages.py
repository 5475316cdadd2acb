"""Reporting, and the administrators' pages, as a browser without scripts meets them."""

import re
from typing import Any

import pytest

from domain.kernel import NotFound
from domain.moderation import Staff
from tests.browsing import Browser, Page
from tests.builders import Someone, a_person, a_post
from tests.conftest import PASSWORD, Server, settle

PAGES = (
    "/admin",
    "/admin/reports",
    "/admin/users",
    "/admin/users/mira",
    "/admin/invites",
    "/admin/jobs",
    "/admin/settings",
    "/admin/audit",
)


@pytest.fixture
async def mira(server: Server) -> Someone:
    return await a_person(server.program, "mira")


@pytest.fixture
async def admin(server: Server, browse: Any) -> Browser:
    await a_person(server.program, "greta", role="admin")
    opened: Browser = await browse("greta")
    return opened


async def test_nobody_but_administrators_learns_of_their_pages(mira: Someone, browse: Any) -> None:
    member = await browse("mira")

    def told(page: Page) -> tuple[int, str]:
        return page.status, page.words.partition("Request")[0] + page.words.rpartition("Request")[2][20:]

    nothing = told(await member.get("/nothing/here"))
    for path in PAGES:
        assert told(await member.get(path)) == nothing
    assert nothing[0] == 404
    assert "/admin" not in (await member.get("/")).html
    assert (await (await browse()).get("/admin")).path.startswith("/login")


async def test_a_post_is_reported_looked_at_and_removed(
    server: Server, mira: Someone, admin: Browser, browse: Any
) -> None:
    post = await a_post(server.program, mira, caption="Cheap watches")
    member = await browse("noor")
    page = await member.get(f"/p/{post}")
    assert f"/report?post={post}" in page.html
    refused = await member.send(await member.get(f"/report?post={post}"), "/report", note="Again!")
    assert refused.status == 422
    assert "Choose what is wrong." in refused.words
    assert "Again!" in refused.html
    sent = await member.send(refused, "/report", reason="spam")
    assert sent.path == f"/p/{post}"
    assert "Thank you" in sent.words

    assert "1 report waits" in (await admin.get("/admin")).words
    listed = await admin.get("/admin/reports")
    assert "Advertising or spam" in listed.words
    assert "Whose" in listed.words
    case = next(link for link in listed.links() if "/admin/reports/" in link)
    shown = await admin.get(case)
    assert "Cheap watches" in shown.words
    assert "Again!" in shown.words
    await server.program.leaving.delete_by_name("noor")
    await settle(server.program)
    left = await admin.get(case)
    assert "1 report" in left.words
    assert "Somebody who has left" in left.words
    assert "Again!" in left.words
    assert "noor" not in left.words
    done = await admin.send(shown, r"/admin/reports/.+", decision="remove", note="Advert")
    assert "written to the log" in done.words
    closed = (await admin.get(case)).words
    assert "not there any more" in closed
    assert "1 report" in closed
    assert "Advertising or spam" in closed
    assert "Again!" not in closed
    assert (await (await browse()).get(f"/p/{post}")).status in (404, 410)
    log = (await admin.get("/admin/audit")).words
    assert f"@mira post {post}" in log
    assert "removed what was reported" in log


async def test_a_case_tells_an_administrator_no_more_than_its_text(
    server: Server, mira: Someone, admin: Browser, browse: Any
) -> None:
    post = await a_post(server.program, mira, caption="For friends", audience="followers")
    member = await browse("noor")
    await member.send(await member.get("/@mira"), "/@mira/follow")
    await member.send(await member.get(f"/report?post={post}"), "/report", reason="other")
    case = next(link for link in (await admin.get("/admin/reports")).links() if "/admin/reports/" in link)
    shown = await admin.get(case)
    assert "For friends" in shown.words
    assert "not shared with you, so only its text" in shown.words
    assert "/m/" not in shown.html


async def test_a_reported_member_is_named_in_the_list(admin: Browser, browse: Any) -> None:
    timo = await browse("timo")
    await timo.send(await timo.get("/settings/profile"), "/settings/profile", bio="Likes harbours")
    member = await browse("noor")
    await member.send(await member.get("/report?member=timo"), "/report", reason="spam")
    listed = await admin.get("/admin/reports")
    assert "Member @timo" in " ".join(listed.words.split())
    assert "Likes harbours" not in listed.words


async def test_a_member_is_found_suspended_and_brought_back(
    server: Server, mira: Someone, admin: Browser, browse: Any
) -> None:
    member = await browse("mira")
    found = await admin.get("/admin/users?q=mir")
    assert "/admin/users/mira" in found.html
    assert "/admin/users/greta" not in found.html
    rows = " ".join((await admin.get("/admin/users")).words.split())
    assert re.search(r"@greta\S* .*?Administrator Active", rows)
    page = await admin.get("/admin/users/mira")
    assert "0 · 0 kB" in page.words
    assert "written to the log" in (await admin.send(page, "/admin/users/mira", act="suspend")).words
    assert (await member.get("/settings")).path.startswith("/login")
    assert (await admin.get("/@mira")).status == 404
    page = await admin.get("/admin/users/mira")
    assert "Bring back" in page.words
    await admin.send(page, "/admin/users/mira", act="restore")
    assert (await admin.get("/@mira")).status == 200
    last = await admin.send(
        await admin.get("/admin/users/greta"), "/admin/users/greta", act="role", role="member"
    )
    assert last.status == 409
    assert "The last administrator must stay" in last.words


@pytest.mark.settings(sign_up="invite")
async def test_an_invitation_is_made_passed_on_and_revoked(admin: Browser, browse: Any) -> None:
    guest = await browse()
    assert "I have an invitation" in (await guest.get("/")).words
    page = await admin.get("/admin/invites")
    assert "No invitations are open" in page.words
    refused = await admin.send(page, "/admin/invites", uses="0", days="two")
    assert refused.status == 422
    assert "A number from 1 to 10,000." in refused.words
    assert "A number from 1 to 365." in refused.words
    assert dict(refused.form("/admin/invites").fields)["days"] == "two"
    page = await admin.send(refused, "/admin/invites", uses="2", days="3")
    [link] = re.findall(r"http://\S+/invite/\w+", page.words)
    assert "for 2 more people" in page.words
    joining = await guest.get(link)
    assert "invites you to Heliograph." in joining.words
    assert "Your code is filled in." in joining.words
    assert (await guest.send(joining, "/register", username="noor", password=PASSWORD)).path == "/welcome"
    page = await admin.get("/admin/invites")
    assert "for one more person" in page.words
    page = await admin.send(page, "/admin/invites/.+/revoke")
    assert "No invitations are open" in page.words
    late = await browse()
    told = await late.get(link)
    assert told.status == 403
    assert "does not work any more" in told.words
    assert "Ask whoever gave it to you for another one." in told.words
    assert [form.action for form in told.forms if form.action != "/language"] == ["/register"]
    log = (await admin.get("/admin/audit")).words
    assert "made an invitation" in log
    assert "revoked an invitation" in log


async def test_the_place_is_renamed_and_the_log_says_by_whom(
    server: Server, admin: Browser, browse: Any
) -> None:
    page = await admin.get("/admin/settings")
    assert dict(page.form("/admin/settings").fields)["name"] == "Heliograph"
    refused = await admin.send(page, "/admin/settings", name="A\u200bB")
    assert refused.status == 422
    assert 'id="f-name-error"' in refused.html
    page = await admin.send(page, "/admin/settings", name=" Ridge <b> ")
    assert "Saved." in page.words
    assert "Ridge &lt;b&gt;</title>" in (await (await browse()).get("/")).html
    assert '"Ridge <b>"' in (await (await browse()).get("/api/v1/instance")).html
    await admin.send(page, "/admin/settings", name="Ridge <b>")
    log = (await admin.get("/admin/audit")).words
    assert log.count("renamed this place") == 1, "what changes nothing is not logged"
    assert re.search(r"@greta\s+renamed this place\s+Heliograph\s+Ridge <b>", log)


async def test_who_is_no_administrator_any_more_renames_nothing(
    server: Server, mira: Someone, admin: Browser
) -> None:
    with pytest.raises(NotFound):
        await server.program.place.rename(Staff(mira.id, "mira"), "Mine")
    assert server.program.place.name == "Heliograph"


@pytest.mark.settings(instance_name="Harbour")
async def test_where_the_settings_name_the_place_the_page_says_so(admin: Browser) -> None:
    page = await admin.get("/admin/settings")
    assert "This place is called Harbour" in page.words
    assert "/admin/settings" not in {form.action for form in page.forms}


async def test_odd_addresses_of_reports_lead_nowhere(mira: Someone, browse: Any) -> None:
    member = await browse("mira")
    for query in ("", "?post=1", "?member=", "?member=nobody.here", "?comment=%00", "?post=' OR 1"):
        assert (await member.get(f"/report{query}")).status == 404
