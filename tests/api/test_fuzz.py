"""Random bodies and parameters, made from the description and then bent: never a failure of ours, always as described."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Api
from tests.api.described import Description
from tests.conftest import Member

pytestmark = pytest.mark.goal("I2")

ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, -0.0, 2**31, 2**63, 2**64, 10**30, 1e308, "", " ", "\x00", "\ud800", "a\x00b",
    "\u202e", "😀" * 50, "x" * 5_000, "null", "1", "../..", "%00", "'--", [], {}, [[]], [None], {"a": 1}, [1] * 200,
    {"__proto__": {}}, "01930000-0000-7000-8000-000000000000", "0" * 36,
]  # fmt: skip

_DOCUMENT = Description("http://localhost").document
_SKIPPED = {"leave", "signOut", "changePassword", "openapi", "asyncapi", "live", "healthz", "readyz"}
_OPERATIONS = [
    (method, path, operation)
    for path, operations in _DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if operation["operationId"] not in _SKIPPED
]


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = _DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _value(dice: random.Random, schema: dict[str, Any], known: list[str]) -> Any:
    """Something that may fit the schema, and often does not."""
    schema = _resolved(schema)
    if dice.random() < 0.12:
        return dice.choice(ODD)
    if "anyOf" in schema:
        return _value(dice, dice.choice(schema["anyOf"]), known)
    if "enum" in schema:
        return dice.choice(schema["enum"])
    makers: dict[str, Callable[[], Any]] = {
        "object": lambda: {
            name: _value(dice, member, known)
            for name, member in schema.get("properties", {}).items()
            if dice.random() < 0.8
        },
        "array": lambda: [_value(dice, schema.get("items", {}), known) for _ in range(dice.randrange(4))],
        "integer": lambda: dice.choice([1, 20, 100, 101]),
        "number": lambda: dice.choice([0, 0.5, 1, 45.0]),
        "boolean": lambda: dice.random() < 0.5,
        "string": lambda: dice.choice(
            [*known, "mira", "noor", "text #tag @noor", "x" * dice.randrange(1, 40)]
        ),
        "null": lambda: None,
    }
    return makers.get(schema.get("type", "null"), lambda: None)()


def _text(value: Any) -> str:
    plain = value if isinstance(value, str) else json.dumps(value)
    return quote(plain.encode("utf-8", "surrogatepass"), safe="")


async def _fire(api: Api, who: Member, dice: random.Random, known: list[str]) -> None:
    method, path, operation = dice.choice(_OPERATIONS)
    query = []
    for parameter in operation.get("parameters", ()):
        value = _value(dice, parameter["schema"], known)
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", _text(value)[:300] or "x")
        elif parameter["in"] == "query" and dice.random() < 0.7:
            query.append(f"{parameter['name']}={_text(value)[:2_000]}")
    headers, data = {}, None
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        kind = dice.choice(list(content)).replace("*", "jpeg")
        headers["Content-Type"] = kind + ("; boundary=B" if "form-data" in kind else "")
        schema = content.get("application/json", {}).get("schema", {})
        data = json.dumps(_value(dice, schema, known)).encode()
        if dice.random() < 0.1:
            data = data[: dice.randrange(len(data) + 1)]
    if dice.random() < 0.3:
        headers |= {"Idempotency-Key": str(dice.choice(known)), "If-Match": '"v1-0"', "Range": "bytes=-0"}
    address = "/" + path + ("?" + "&".join(query) if query else "")
    await api(method.upper(), address, who if dice.random() < 0.9 else None, data=data, headers=headers)


async def test_random_requests_never_fail(api: Api) -> None:
    """The shared checks of every exchange do the asserting: a status, code or body beyond the description fails."""
    mira, noor = await api.join("mira"), await api.join("noor")
    post, hers = await api.post(mira, "#tag", place={"name": "Pier"}), await api.post(noor)
    comment = await api.comment(noor, post["id"])
    upload = await api.upload(mira)
    draft = await api.ok(
        "POST", "/drafts", mira, json={"media": [{"upload_id": (await api.upload(mira))["id"]}]}
    )
    known = [post["id"], hers["id"], comment["id"], upload["id"], post["place"]["id"], post["media"][0]["id"]]
    known += [draft["id"], draft["media"][0]["upload_id"], "2031-05-01T12:00:00Z"]
    loop = asyncio.get_running_loop()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(seed=st.integers(0, 2**32))
    def volley(seed: int) -> None:
        dice = random.Random(seed)

        async def fire() -> None:
            for _ in range(25):
                await _fire(api, mira, dice, known)

        asyncio.run_coroutine_threadsafe(fire(), loop).result(60)

    await asyncio.to_thread(volley)
