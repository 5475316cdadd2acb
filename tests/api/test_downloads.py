"""Originals for others: where the author offers them, without what the files tell, never more than the post shows."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests import image_corpus as corpus
from tests.api.conftest import Api
from tests.conftest import settle


@pytest.mark.goal("P1")
async def test_originals_are_offered_by_their_author_and_tell_nothing(api: Api) -> None:
    mira, ada = await api.join("mira"), await api.join("ada")
    kinds = corpus.tattling()
    uploads = [await api.upload(mira, kinds[kind]) for kind in ("JPEG", "AVIF", "PNG")]
    media = [{"upload_id": each["id"]} for each in uploads]
    media[2]["crop"] = {"x": 0.5, "y": 0, "width": 0.5, "height": 1}
    post = await api.ok("POST", "/posts", mira, json={"media": media, "caption": "Ridges"})
    await settle(api.server.program)
    paths = [f"/posts/{post['id']}/media/{each['id']}/original" for each in post["media"]]

    refused = await api("GET", paths[0], ada)
    assert (refused.status, refused.json["code"]) == (403, "not_offered")
    assert (await api.ok("GET", f"/posts/{post['id']}", ada))["downloads"] is False
    assert (await api.ok("GET", f"/posts/{post['id']}", mira))["downloads"] is True
    assert (await api.ok("PATCH", "/me", mira, json={"downloads": True}))["downloads"] is True
    assert (await api.ok("GET", f"/posts/{post['id']}", ada))["downloads"] is True

    for who in ({}, {"Authorization": ada.headers["Authorization"]}):
        for path, kind, size in zip(
            paths, ("JPEG", "JPEG", "JPEG"), ((96, 64), (96, 64), (48, 64)), strict=True
        ):
            async with api.session.get(f"/api/v1{path}", headers=who) as answer:
                assert answer.status == 200
                data = await answer.read()
                assert answer.headers["Content-Disposition"].startswith('attachment; filename="mira-')
                with Image.open(io.BytesIO(data)) as picture:
                    assert (picture.format, picture.size) == (kind, size)
                    assert corpus.CANARY not in data
                    assert not picture.getexif()
    # The first is what was uploaded, pixel for pixel; of the last nothing is there of what was cut away.
    async with api.session.get(f"/api/v1{paths[0]}") as answer:
        with (
            Image.open(io.BytesIO(await answer.read())) as made,
            Image.open(io.BytesIO(kinds["JPEG"])) as sent,
        ):
            assert made.tobytes() == sent.tobytes()

    await api.ok("PATCH", "/me", mira, json={"downloads": False})
    assert (await api("GET", paths[0], ada)).status == 403
    await api.ok("DELETE", f"/posts/{post['id']}", mira)
    assert (await api("GET", paths[0], mira)).status == 410
    await settle(api.server.program)
    assert [each async for each in api.server.program.media.walk("photos/")] == []


@pytest.mark.goal("Z2")
async def test_offered_originals_are_as_private_as_their_post(api: Api) -> None:
    mira, ada = await api.join("mira"), await api.join("ada")
    await api.ok("PATCH", "/me", mira, json={"downloads": True, "private": True})
    upload, loose = await api.upload(mira), await api.upload(mira)
    post = await api.ok("POST", "/posts", mira, json={"media": [{"upload_id": upload["id"]}]})
    await settle(api.server.program)
    path = f"/posts/{post['id']}/media/{upload['id']}/original"
    for who in (None, ada):
        assert (await api("GET", path, who)).status == 404
    async with api.session.get(f"/api/v1{path}", headers=mira.headers) as answer:
        assert answer.status == 200
    assert (await api("GET", f"/posts/{post['id']}/media/{loose['id']}/original", mira)).status == 404


@pytest.mark.goal("P2")
@pytest.mark.parametrize("act", ["delete", "cut"])
async def test_an_original_that_was_made_too_late_is_nowhere(
    api: Api, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    await api.join("anna", role="admin")
    mira = await api.join("mira")
    post = await api.post(mira)
    await settle(api.server.program)
    photo, path = post["media"][0]["id"], f"/posts/{post['id']}"
    downloading = api.server.program.downloading
    images = downloading._images

    class Slow:
        """Takes long enough for the author to change their mind."""

        async def clean(self, source: Path, into: Path) -> bool:
            done = await images.clean(source, into)
            if act == "delete":
                await api.ok("DELETE", path, mira)
            else:
                cut = {"id": photo, "crop": {"x": 0, "y": 0, "width": 0.5, "height": 1}}
                await api.ok("PATCH", path, mira, json={"media": [cut]})
            await settle(api.server.program)
            return done

    monkeypatch.setattr(downloading, "_images", Slow())
    assert (await api("GET", f"{path}/media/{photo}/original", mira)).status == 404
    stored = [each.key async for each in api.server.program.media.walk("photos/")]
    assert not [key for key in stored if "/full." in key]
    assert await api.server.program.operations.verify() == []
