"""The reference of the API for people, made of the same description that programs get."""

import json
import re
import shlex
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sanic import HTTPResponse

from entrypoints import requests
from entrypoints.api.openapi import describe
from entrypoints.api.operation import BASE
from entrypoints.web.visits import Routes, Visit

routes = Routes("docs")


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. `scopes` are what a token needs, any one of them; `public` tells that it works without a token too."""

    id: str
    method: str
    path: str
    summary: str
    scopes: tuple[str, ...]
    public: bool
    parameters: tuple[str, ...]
    command: str
    status: str
    answer: str


@routes.page("/docs")
async def reference(visit: Visit) -> HTTPResponse:
    origin = requests.settings(visit.request).origin
    return await visit.page("docs.html", groups=_groups(origin), base=origin + BASE)


@routes.page("/<where:api|docs/api>")
async def find_reference(visit: Visit, where: str) -> HTTPResponse:
    return visit.go("/docs")


@lru_cache(maxsize=1)
def _groups(origin: str) -> dict[str, list[Entry]]:
    """The calls of each tag, in the description's order."""
    groups: dict[str, list[Entry]] = {}
    for path, methods in describe(origin)["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(
                _entry(origin, method.upper(), path, operation)
            )
    return groups


def _entry(origin: str, method: str, path: str, operation: dict[str, Any]) -> Entry:
    ways = operation["security"]
    status, good = next((code, found) for code, found in operation["responses"].items() if code < "300")
    examples = [kind.get("example") for kind in good.get("content", {}).values()]
    return Entry(
        operation["operationId"],
        method,
        path,
        operation["summary"].replace("`", ""),
        tuple(scope for way in ways for scope in way.get("token", ())),
        not ways or {} in ways,
        tuple(each["name"] for each in operation.get("parameters", ()) if each.get("in") == "query"),
        _command(origin, method, path, operation),
        status,
        "" if not examples or examples[0] is None else _written(examples[0]),
    )


def _written(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)


def _command(origin: str, method: str, path: str, operation: dict[str, Any]) -> str:
    """The call as a line for a shell; what stands in capitals is to be filled in."""
    address = origin + re.sub(r"{(\w+)}", lambda found: found[1].upper(), path)
    parts = ["curl", *(["-X", method] if method != "GET" else []), address]
    if any(way.get("token") for way in operation["security"]):
        parts.append('-H "Authorization: Bearer $TOKEN"')
    body = operation.get("requestBody", {}).get("content", {})
    if "application/json" in body:
        sent = json.dumps(body["application/json"].get("example"), ensure_ascii=False)
        parts.append(f"-H 'Content-Type: application/json' -d {shlex.quote(sent)}")
    elif "multipart/form-data" in body:
        parts.append("-F file=@ridge.jpg")
    return " ".join(parts)
