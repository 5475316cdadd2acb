"""Suggestions over the API."""

from urllib.parse import quote

import pytest

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
    for _ in range(240):
        reply = await api("GET", "/search/suggestions?q=m", mira)
    assert reply.headers["RateLimit"].startswith('"search";r=0')
    assert (await api("GET", "/search/suggestions?q=m", mira)).status == 429
    assert (await api("GET", "/me", mira)).headers["RateLimit"].startswith('"api";r=299')
