"""The description is valid, and says neither more nor less than the router."""

import re
from typing import Any

from openapi_spec_validator import validate

from entrypoints.api.operation import OPERATIONS
from tests.api.conftest import Api
from tests.api.described import Description
from tests.conftest import Server


def test_the_description_is_valid_openapi() -> None:
    validate(Description("http://localhost").document)


def _templates(server: Server) -> set[tuple[str, str]]:
    """(method, path) of every route of the API and beside it; pages for people are not described."""
    found = set()
    for route in server.app.router.routes:
        path = "/" + re.sub(r"<(\w+)(?::\w+)?>", r"{\1}", route.path)
        if not route.name.split(".")[1].startswith("pages"):
            found |= {(method.lower(), path) for method in route.methods if method not in ("HEAD", "OPTIONS")}
    return found


async def test_every_route_is_described_and_every_description_has_its_route(server: Server) -> None:
    described = {
        (method, path)
        for path, operations in Description(server.url).document["paths"].items()
        for method in operations
    }
    routes = _templates(server)
    assert ("get", "/api/v1/posts/{post_id}") in routes
    assert described == routes


def _operations() -> list[dict[str, Any]]:
    document = Description("http://localhost").document
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_every_operation_is_named_summed_up_and_shown_by_example() -> None:
    operations = _operations()
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) > len(OPERATIONS)
    for operation in operations:
        assert operation["summary"]
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content.get("example") or "json" not in str(content)
        for answer in operation["responses"].values():
            for kind, content in answer.get("content", {}).items():
                if kind.endswith("json") and operation["operationId"] not in ("openapi", "asyncapi"):
                    assert content["example"], operation["operationId"]


def test_the_examples_are_true() -> None:
    description = Description("http://localhost")
    checked = 0
    for operation in _operations():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            content = body.get("content", {})
            for kind in content.keys() & {"application/json", "application/problem+json"}:
                if "example" in content[kind]:
                    description.validate(content[kind]["schema"], content[kind]["example"])
                    checked += 1
    assert checked > 300


async def test_the_description_is_served_with_a_validator(api: Api) -> None:
    first = await api("GET", "/openapi.json")
    assert first.json["openapi"].startswith("3.1")
    again = await api("GET", "/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.content) == (304, b"")


async def test_health_is_told_in_plain_text(api: Api) -> None:
    for path in ("//healthz", "//readyz"):
        reply = await api("GET", path)
        assert (reply.status, reply.content) == (200, b"ok\n")
