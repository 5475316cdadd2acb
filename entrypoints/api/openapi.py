"""The OpenAPI 3.1 description, made from the declared operations and the types they take and answer with."""

from functools import lru_cache
from typing import Any

import msgspec

from application.views import (
    CommentView,
    Media,
    Page,
    Person,
    PlaceRef,
    PostCard,
    PostViewer,
)
from domain.posts import Audience, Counts
from entrypoints import VERSION
from entrypoints.api.operation import BASE, OPERATIONS, Operation

_TITLE = "Heliograph"
_REF = "#/components/schemas/{name}"


class Post(msgspec.Struct):
    """A post as the caller sees it."""

    id: str
    author: Person
    caption: str
    tags: list[str]
    mentions: list[str]
    place: PlaceRef | None
    audience: Audience
    comments: bool
    media: list[Media]
    created_at: str
    edited_at: str | None
    version: int
    counts: Counts
    viewer: PostViewer
    comments_preview: list[CommentView]


class FieldProblem(msgspec.Struct):
    """One field at fault. `pointer` is a JSON pointer into the request."""

    pointer: str
    code: str
    detail: str
    limit: int | None = None


class ProblemDocument(msgspec.Struct):
    """An error (RFC 9457). `code` is stable and never translated."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retry_after_seconds: int | None = None
    errors: list[FieldProblem] = []


@lru_cache(maxsize=4)
def document(origin: str) -> bytes:
    """The description as JSON. `origin` is the server's public address."""
    kinds = {_schema_type(op.answer) for op in OPERATIONS if op.answer is not None}
    bodies = {op.body for op in OPERATIONS if op.body is not None}
    every = sorted((*kinds, *bodies, ProblemDocument), key=lambda kind: kind.__name__)
    refs, schemas = msgspec.json.schema_components(every, ref_template=_REF)
    names = dict(zip(every, refs, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"{BASE}{operation.template}", {})[operation.method.lower()] = _operation(
            operation, names
        )
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": _TITLE, "version": VERSION, "license": {"name": "MIT", "identifier": "MIT"}},
            "servers": [{"url": origin}],
            "security": [{"token": []}, {"session": []}],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "token": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A token from POST /tokens.",
                    },
                    "session": {"type": "apiKey", "in": "cookie", "name": "hg_session"},
                },
            },
        }
    )


def _schema_type(answer: Any) -> Any:
    """The type to describe: the item's for a page, the written-out post for a card."""
    if getattr(answer, "__origin__", None) is Page:
        answer = answer.__args__[0]
    return Post if answer is PostCard else answer


def _operation(operation: Operation, names: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _path_parameters(operation) + _query_parameters(operation) + _headers(operation),
        "responses": _responses(operation, names),
    }
    if operation.auth == "none":
        described["security"] = []
    elif operation.auth == "optional":
        described["security"] = [{}, {"token": []}, {"session": []}]
    request = _request_body(operation, names)
    if request:
        described["requestBody"] = request
    return described


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    found = []
    for part in operation.path.split("/"):
        if part.startswith("<"):
            name, _, kind = part.strip("<>").partition(":")
            schema = {"type": "string", "format": "uuid"} if kind == "uuid" else {"type": "string"}
            found.append({"name": name, "in": "path", "required": True, "schema": schema})
    return found


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = msgspec.json.schema_components([operation.query], ref_template=_REF)[1][operation.query.__name__]
    return [
        {"name": name, "in": "query", "required": False, "schema": found}
        for name, found in schema["properties"].items()
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if operation.recover is None:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 80}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}]


def _request_body(operation: Operation, names: dict[Any, Any]) -> dict[str, Any] | None:
    content: dict[str, Any] = {}
    if operation.body is not None:
        content["application/json"] = {"schema": names[operation.body]}
        if operation.example is not None:
            content["application/json"]["example"] = operation.example
    if operation.upload:
        field = "photos" if operation.body is not None else "file"
        binary = {"type": "string", "contentMediaType": "application/octet-stream"}
        shape: Any = (
            {"type": "array", "items": binary, "minItems": 1, "maxItems": 10} if field == "photos" else binary
        )
        content["multipart/form-data"] = {
            "schema": {"type": "object", "properties": {field: shape}, "required": [field]}
        }
        if operation.body is None:
            content["application/octet-stream"] = {"schema": {}}
    return {"required": True, "content": content} if content else None


def _responses(operation: Operation, names: dict[Any, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {str(operation.status): {"description": "Done."}}
    if operation.answer is not None:
        schema = names[_schema_type(operation.answer)]
        if getattr(operation.answer, "__origin__", None) is Page:
            cursor = {"anyOf": [{"type": "string"}, {"type": "null"}]}
            schema = {
                "type": "object",
                "properties": {"items": {"type": "array", "items": schema}, "next": cursor, "prev": cursor},
                "required": ["items", "next", "prev"],
            }
        answers[str(operation.status)]["content"] = {"application/json": {"schema": schema}}
    if operation.method == "GET":
        answers["304"] = {"description": "What the caller has is still right (`If-None-Match`)."}
    problem = {"application/problem+json": {"schema": names[ProblemDocument]}}
    codes = ", ".join(f"`{code}`" for code in operation.problems)
    answers["default"] = {
        "description": f"A problem. Codes: {codes or 'the general ones'}.",
        "content": problem,
    }
    if operation.auth in ("user", "admin"):
        answers["401"] = {"description": "`unauthenticated`", "content": problem}
    return answers
