"""Archives of one's own data over the API: asked for, watched, loaded once by their owner."""

import io
import zipfile

import pytest

from tests.api.conftest import Api
from tests.conftest import settle


@pytest.mark.goal("P3")
@pytest.mark.goal("Z6")
async def test_an_archive_is_asked_for_watched_and_loaded_once(api: Api) -> None:
    mira, ada = await api.join("mira"), await api.join("ada")
    await api.post(mira)
    asked = await api("POST", "/me/exports", mira)
    assert (asked.status, asked.json["state"], asked.json["url"]) == (202, "waiting", None)
    path = asked.headers["Location"].removeprefix("/api/v1")
    assert (await api("POST", "/me/exports", mira)).json["id"] == asked.json["id"]
    await settle(api.server.program)
    ready = await api.ok("GET", path, mira)
    assert (ready["state"], ready["progress"]) == ("ready", 100)
    link = ready["url"].removeprefix("/api/v1")
    for headers in (ada.headers, {}):
        assert (await api("GET", path, headers=headers)).status in (401, 404)
        assert (await api("GET", link, headers=headers)).status in (401, 404)
    loaded = await api("GET", link, mira)
    assert loaded.status == 200
    assert loaded.headers["Content-Disposition"].startswith('attachment; filename="heliograph-mira-')
    assert len(loaded.content) == ready["size"]
    assert "index.html" in zipfile.ZipFile(io.BytesIO(loaded.content)).namelist()
    assert (await api("GET", link, mira)).status == 404
    again = (await api.ok("GET", path, mira))["url"].removeprefix("/api/v1")
    assert (await api("GET", again, mira)).status == 200
    assert (await api("DELETE", path, mira)).status == 204
    assert (await api("GET", path, mira)).status == 404


@pytest.mark.goal("A6")
async def test_a_token_that_loads_no_files_loads_no_archive(api: Api) -> None:
    mira = await api.join("mira")
    reader = await api.join("rosa", scopes=["read"])
    assert (await api("POST", "/me/exports", reader)).code == "missing_scope"
    await api("POST", "/me/exports", mira)
    await settle(api.server.program)
    token = await api.server.program.signing_in.token_for("mira", "", ["read"])
    headers = {"Authorization": f"Bearer {token.secret}"}
    asked = await api.server.program.exporting.all(mira.id)
    seen = await api.ok("GET", f"/me/exports/{asked[0].id}", headers=headers)
    reply = await api("GET", seen["url"].removeprefix("/api/v1"), headers=headers)
    assert (reply.status, reply.code) == (403, "missing_scope")


async def test_the_same_request_under_a_key_asks_once(api: Api) -> None:
    mira = await api.join("mira")
    headers = mira.headers | {"Idempotency-Key": "take-it-all"}
    first = await api("POST", "/me/exports", headers=headers)
    await settle(api.server.program)
    second = await api("POST", "/me/exports", headers=headers)
    assert first.json["id"] == second.json["id"]
    assert second.headers["Idempotency-Replayed"] == "true"
