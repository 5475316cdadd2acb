"""The first three steps of somebody who just joined. Each can be skipped, and none is asked for again."""

from typing import Any
from urllib.parse import quote

from sanic import HTTPResponse

from application.accounts import ProfileChange
from domain.kernel import DomainError
from entrypoints import requests
from entrypoints.retrying import retrying
from entrypoints.web import site
from entrypoints.web.feed_pages import newest_of
from entrypoints.web.shots import check_size
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Values, Visit, trouble

routes = Routes("welcome")

STEPS = 3
PEOPLE = 6


def way(step: str, then: str) -> str:
    """The address of a step; `then` is where somebody wanted to go when they joined."""
    path = f"/welcome/{step}" if step else "/welcome"
    return path if then == "/" else f"{path}?next={quote(then, safe='')}"


async def _page(visit: Visit, template: str, step: int, status: int = 200, **values: Any) -> HTTPResponse:
    then = site.safe_path(visit.text("next") or visit.asked("next"))
    return await visit.page(
        f"welcome/{template}", status=status, step=step, steps=STEPS, next=then, way=way, **values
    )


@routes.page("/welcome", guests=False)
async def yourself(visit: Visit) -> HTTPResponse:
    me = await site.me(visit.request)
    return await _yourself(visit, Values(display_name=me.display_name if me else ""))


async def _yourself(visit: Visit, values: Values, found: Trouble = NO_TROUBLE) -> HTTPResponse:
    most = requests.settings(visit.request).max_upload_mb
    me = await site.me(visit.request)
    return await _page(
        visit, "yourself.html", 1, found.status, me=me, values=values, trouble=found, max_mb=most
    )


@routes.form("/welcome", files=1)
async def introduce(visit: Visit) -> HTTPResponse:
    name, pictures = visit.text("display_name"), visit.form.files.get("picture", [])
    accounts, field = visit.app.accounts, "display_name"
    try:
        await retrying(lambda: accounts.change_profile(visit.user, ProfileChange(display_name=name)))
        field = "picture"
        if pictures:
            check_size(visit, pictures[0])
            await visit.admit_upload()
            await retrying(lambda: accounts.set_avatar(visit.user, pictures[0]))
    except DomainError as error:
        found = trouble(error)
        lines = tuple((field, text) for _none, text in found.lines)
        return await _yourself(visit, Values(display_name=name), Trouble(found.status, lines))
    return visit.go(way("people", visit.back_to("next")))


@routes.page("/welcome/people", guests=False)
async def people(visit: Visit) -> HTTPResponse:
    met = await visit.app.meeting.suggest(visit.user, PEOPLE)
    suggested = [(each, await newest_of(visit, each)) for each in met]
    return await _page(visit, "people.html", 2, suggested=suggested)


@routes.page("/welcome/photo", guests=False)
async def photo(visit: Visit) -> HTTPResponse:
    return await _page(visit, "photo.html", 3)
