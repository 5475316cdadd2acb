"""A client whose every exchange is held against the description, and people who use it."""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.api.described import Description, Reply
from tests.conftest import Member, Server, a_jpeg, settle

BASE = "/api/v1"


class Api:
    """`await api("GET", "/me", mira)`. Paths without a leading `//` stand below the API's base."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self.description = _description()

    async def __call__(
        self,
        method: str,
        path: str,
        who: Member | None = None,
        *,
        json: Any = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        described: bool = True,
    ) -> Reply:
        """The answer, read to its end. With `described` off only the general rules are checked."""
        path = path[1:] if path.startswith("//") else BASE + path
        sent = {**(who.headers if who else {}), **(headers or {})}
        url = URL(self.server.url + path, encoded=True)
        async with self.session.request(method, url, json=json, data=data, headers=sent) as answer:
            reply = Reply(answer.status, answer.headers, await answer.read())
        if described:
            self.description.check(method, path, json, reply)
        return reply

    async def ok(self, method: str, path: str, who: Member | None = None, **parts: Any) -> Any:
        """The JSON of an answer that must be a good one (None without a body)."""
        reply = await self(method, path, who, **parts)
        assert reply.status < 300, (method, path, reply.status, reply.content[:500])
        return reply.json if reply.content else None

    async def join(self, name: str, **parts: Any) -> Member:
        """A new member with a token."""
        return await self.server.join(name, **parts)

    async def upload(self, who: Member, content: bytes | None = None, **headers: str) -> Any:
        """An uploaded picture."""
        return await self.ok(
            "POST",
            "/uploads",
            who,
            data=a_jpeg() if content is None else content,
            headers={"Content-Type": "image/jpeg", **headers},
        )

    async def post(self, who: Member, caption: str = "", **parts: Any) -> Any:
        """A published post of one picture, with its sizes made."""
        media = [{"upload_id": (await self.upload(who))["id"], "alt": parts.pop("alt", "")}]
        made = await self.ok("POST", "/posts", who, json={"media": media, "caption": caption, **parts})
        await settle(self.server.program)
        return await self.ok("GET", f"/posts/{made['id']}", who)

    async def comment(self, who: Member, post_id: str, text: str = "What a light.") -> Any:
        """A comment under a post."""
        return await self.ok("POST", f"/posts/{post_id}/comments", who, json={"text": text})

    async def follow(self, follower: Member, followee: Member) -> None:
        """Follow, and be accepted where that is needed."""
        answer = await self.ok("PUT", f"/users/{followee.name}/follow", follower)
        if answer["following"] == "requested":
            await self.ok("POST", f"/follow-requests/{follower.name}/accept", followee)


def a_form(*photos: bytes, name: str = "photos", filename: str = "ridge.jpg", **fields: Any) -> Any:
    """A multipart form of pictures and texts; a list of texts is a repeated field."""
    # As browsers do it: names are not percent-encoded.
    form = aiohttp.FormData(quote_fields=False)
    for photo in photos:
        form.add_field(name, BytesIO(photo), filename=filename, content_type="image/jpeg")
    for field, value in fields.items():
        for text in value if isinstance(value, list) else [value]:
            form.add_field(field.replace("__", "."), text)
    return form


@cache
def _description() -> Description:
    """One for all tests: nothing but its own address differs from server to server."""
    return Description("http://localhost")


@pytest.fixture
async def api(server: Server, client: aiohttp.ClientSession) -> Api:
    """The API as programs use it."""
    return Api(server, client)
