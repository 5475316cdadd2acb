"""Suggestions over the API."""

from urllib.parse import quote

import pytest

from entrypoints.api.finding import SEARCH
from tests.api.conftest import Api


async def test_suggestions_say_what_they_are(api: Api) -> None:
    mira = await api.join("mira")
    await api.post(mira, "#mist #дымка", place={"name": "Mirador", "lat": 38.1, "lon": 128.4})
    items = (await api.ok("GET", "/search/suggestions?q=mi"))["items"]
    assert [item["type"] for item in items] == ["person", "tag", "place"]
    assert items[0]["user"]["username"] == "mira"
    assert items[1] == {"type": "tag", "tag": "mist", "posts": 1}
    assert (items[2]["place"]["name"], items[2]["place"]["lat"]) == ("Mirador", 38.1)
    for query, types in (
        ("q=mi&type=tags", ["tag"]),
        ("q=%23mi", ["tag"]),
        ("q=%40mi&type=people", ["person"]),
        (f"q={quote('ДЫМ')}", ["tag"]),
        ("q=", []),
        ("", []),
        ("q=" + "m" * 3_000, []),
    ):
        items = (await api.ok("GET", f"/search/suggestions?{query}", mira))["items"]
        assert [item["type"] for item in items] == types, query
    assert (await api("GET", "/search/suggestions?q=m&type=rooms")).status == 422


@pytest.mark.goal("B1")
@pytest.mark.settings(relax_loopback=False)
async def test_suggestions_have_a_limit_of_their_own(api: Api) -> None:
    mira = await api.join("mira")
    for _ in range(239):
        await api.server.program.limiter.hit(SEARCH, str(mira.id))
    last, refused = [await api("GET", "/search/suggestions?q=m", mira) for _ in range(2)]
    assert (last.status, last.headers["RateLimit-Policy"]) == (200, '"search";q=240;w=60')
    assert (refused.status, refused.code) == (429, "rate_limited")
    assert (await api("GET", "/search/suggestions?q=m")).status == 200
    assert (await api("GET", "/me", mira)).headers["RateLimit"].startswith('"api";r=299')


async def test_people_are_suggested_with_the_reason_in_the_readers_language(api: Api) -> None:
    mira, noor, timo, zoe = [await api.join(name) for name in ("mira", "noor", "timo", "zoe")]
    await api.follow(mira, noor)
    await api.follow(noor, timo)
    await api.post(zoe)
    page = await api.ok("GET", "/suggestions/people", mira)
    assert [item["user"]["username"] for item in page["items"]] == ["timo", "zoe"]
    assert (page["next"], page["prev"]) == (None, None)
    known, popular = [item["reason"] for item in page["items"]]
    assert (known["code"], known["text"]) == ("followed_by", "Followed by noor")
    assert [person["username"] for person in known["via"]] == ["noor"]
    assert popular == {"code": "popular_here", "text": "Popular here", "via": []}
    assert page["items"][0]["viewer"]["following"] == "no"
    assert len((await api.ok("GET", "/suggestions/people?limit=1", mira))["items"]) == 1
    assert (await api("GET", "/suggestions/people?limit=0", mira)).status == 422
