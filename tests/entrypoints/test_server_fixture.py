"""The fixtures that other tests stand on do what they say."""

import aiohttp
import pytest

from application.program import Application
from tests.conftest import Server, a_jpeg


@pytest.mark.parametrize("time", [1, 2])
async def test_every_test_finds_empty_tables(program: Application, time: int) -> None:
    assert await program.joining.needs_setup()
    await program.joining.add("mira", "four words make sense")
    assert await program.joining.needs_setup(), "a member is no administrator"
    await program.joining.add("keeper", "four words make sense", role="admin")
    assert not await program.joining.needs_setup()


async def test_a_member_can_ask_the_real_server(server: Server, client: aiohttp.ClientSession) -> None:
    mira = await server.join("mira")
    async with client.get("/api/v1/me", headers=mira.headers) as answer:
        assert answer.status == 200
        assert (await answer.json())["username"] == "mira"
    async with client.get("/api/v1/me") as answer:
        assert answer.status == 401


async def test_a_picture_goes_in_and_is_processed(server: Server, client: aiohttp.ClientSession) -> None:
    mira = await server.join("mira")
    headers = {**mira.headers, "Content-Type": "image/jpeg"}
    async with client.post("/api/v1/uploads", data=a_jpeg(), headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        upload = await answer.json()
    await server.program.runner.drain()
    async with client.get(f"/api/v1/files/{upload['id']}", headers=mira.headers) as answer:
        assert (await answer.json())["state"] == "ready"


@pytest.mark.settings(sign_up="closed")
async def test_settings_can_be_changed_for_one_test(client: aiohttp.ClientSession) -> None:
    body = {"username": "noor", "password": "four words make sense"}
    async with client.post("/api/v1/accounts", json=body) as answer:
        assert answer.status == 403
        assert (await answer.json())["code"] == "sign_up_closed"
