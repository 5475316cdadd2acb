"""Holds requests and answers against the OpenAPI description, and every answer against the rules for headers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

import entrypoints.server  # noqa: F401 - operations are known once their modules are loaded
from entrypoints.api.openapi import describe

SECURITY_HEADERS = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Permissions-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "X-Request-Id",
    "Cache-Control",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was read to its end."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The content as JSON."""
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The problem's code; empty for an answer that is no problem."""
        problem = self.headers.get("Content-Type", "").startswith("application/problem+json")
        return str(self.json["code"]) if problem and self.content else ""

    @property
    def plain(self) -> bytes:
        """The content without what differs between any two answers."""
        return re.sub(rb"urn:request:[\w-]+", b"", self.content)


class Description:
    """The server's description, ready to be asked."""

    def __init__(self, origin: str) -> None:
        self.document = describe(origin)
        self._validators: dict[str, Draft202012Validator] = {}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        found = []
        for template, operations in self.document["paths"].items():
            uuids = {
                parameter["name"]
                for operation in operations.values()
                for parameter in operation.get("parameters", ())
                if parameter["in"] == "path" and parameter["schema"].get("format") == "uuid"
            }
            pattern = re.escape(template)
            for name in re.findall(r"\{(\w+)\}", template):
                part = "[0-9a-fA-F-]{36}" if name in uuids else "[^/]+"
                pattern = pattern.replace(re.escape("{" + name + "}"), part)
            found.append((re.compile(pattern + "/?"), template))
        # Written-out parts win over parameters.
        return sorted(found, key=lambda pair: pair[1].count("{"))

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation that a request means, if it is described."""
        name = "get" if method == "HEAD" else method.lower()
        for pattern, template in self._patterns:
            if pattern.fullmatch(path.partition("?")[0]):
                found: dict[str, Any] | None = self.document["paths"][template].get(name)
                return found
        return None

    def check(self, method: str, path: str, sent: Any, reply: Reply) -> None:
        """Fails for an answer that the description does not know, and for a good answer to a request it forbids."""
        check_headers(reply)
        if path.startswith("/api/v1/"):
            check_limits(reply)
        if reply.status >= 400 and method != "HEAD" and reply.content:
            problem = {"$ref": "#/components/schemas/ProblemDocument"}
            if not path.startswith("/readyz"):
                self.validate(problem, reply.json)
        operation = self.operation(method, path)
        if operation is None:
            assert reply.status in (204, 400, 404, 405), (method, path, reply.status)
            return
        described = operation["responses"].get(str(reply.status))
        assert described is not None, f"{method} {path}: {reply.status} {reply.code} is not described"
        self._check_answer(method, path, described, reply)
        if reply.status < 300 and sent is not None:
            self.validate(operation["requestBody"]["content"]["application/json"]["schema"], sent)

    def _check_answer(self, method: str, path: str, described: dict[str, Any], reply: Reply) -> None:
        for name in set(described.get("headers", ())) & {"RateLimit", "ETag", "Location", "Retry-After"}:
            assert name in reply.headers, f"{method} {path}: {reply.status} without {name}"
        if method == "HEAD" or not reply.content:
            return
        kind = reply.headers.get("Content-Type", "").split(";")[0]
        assert kind in described.get("content", {}), f"{method} {path}: {reply.status} as {kind}"
        if kind.endswith("json"):
            self.validate(described["content"][kind]["schema"], reply.json)

    def validate(self, schema: dict[str, Any], value: Any) -> None:
        """Fails unless the value fits."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = Draft202012Validator(whole, format_checker=FormatChecker())
        problem = next(self._validators[key].iter_errors(value), None)
        assert problem is None, f"{problem.message} at {problem.json_path}" if problem else ""


def check_limits(reply: Reply) -> None:
    """What every answer below the base says about limits: the policy that counted, or the one that refused."""
    policy = re.fullmatch(r'"([\w-]+)";q=(\d+);w=(\d+)', reply.headers.get("RateLimit-Policy", ""))
    left = re.fullmatch(r'"([\w-]+)";r=(\d+);t=(\d+)', reply.headers.get("RateLimit", ""))
    assert policy, reply.headers
    assert left, reply.headers
    assert policy[1] == left[1]
    assert int(left[2]) < int(policy[2])
    assert 1 <= int(left[3]) <= (2 if left[2] == "0" else 1) * int(policy[3])
    if reply.status == 429:
        assert (left[2], left[3]) == ("0", reply.headers["Retry-After"])


def check_headers(reply: Reply) -> None:
    """What every answer carries, whatever it is."""
    missing = [name for name in SECURITY_HEADERS if name not in reply.headers]
    assert not missing, (reply.status, missing)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers.get("Content-Type") != "None", reply.status
    if reply.status in (429, 503):
        assert int(reply.headers["Retry-After"]) >= 1
    if reply.status == 405:
        assert reply.headers["Allow"]
    if reply.status >= 400 and reply.content:
        kind = reply.headers["Content-Type"].split(";")[0]
        assert kind in ("application/problem+json", "text/plain"), kind
    if reply.status >= 500:
        assert reply.status in (503, 507), reply.content[:300]
