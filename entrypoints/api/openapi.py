"""The OpenAPI 3.1 description, made from the declared operations and the types they take and answer with.

What a client may rely on is written here in full: statuses, problem codes, headers, raw bodies, binary answers. Tests
hold every request and answer of the API against it.
"""

import hashlib
import re
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from application.moderation import MAX_INVITE_DAYS, MAX_INVITE_USES
from application.views import CommentView, Media, Page, Person, PlaceRef, PostCard, PostViewer
from domain.files import MAX_ALT
from domain.posts import AUDIENCES, MAX_CAPTION, MAX_COMMENT, MAX_PHOTOS, MAX_PLACE_NAME, Audience, Counts
from domain.sessions import SCOPES
from domain.users import MAX_BIO, MAX_DISPLAY_NAME, MAX_EMAIL, MAX_LINK, MAX_PLACE, PASSWORD_MAX, PASSWORD_MIN
from entrypoints import VERSION
from entrypoints.api import examples
from entrypoints.api.operation import BASE, MAX_LIMIT, OPERATIONS, Operation, Paging
from entrypoints.errors import status_of_code, title
from entrypoints.requests import cookie_name

_REF = "#/components/schemas/{name}"
_UUID = {"type": "string", "format": "uuid"}
_PROBLEM = {"$ref": _REF.format(name="ProblemDocument")}
_DESCRIPTION = """Programs get a token from `POST /api/v1/tokens` and send `Authorization: Bearer hg_…`. Pages of this
server use their session cookie, and send `X-CSRF-Token` with every write.

Ids are opaque and sort by time. Lists are walked by the cursors they answer with. Errors are problem documents
(RFC 9457) whose `code` never changes. What somebody may not see is answered like what does not exist.
Members of requests that are not known are refused, unless their name begins with `x_`; parameters of addresses that are
not known are ignored."""

_PICTURE_PROBLEMS = ("too_many_pixels", "too_long_side", "too_many_frames", "too_expensive")

_LENGTHS: dict[tuple[str, str], dict[str, int]] = {
    ("NewAccount", "username"): {"minLength": 3, "maxLength": 30},
    ("NewAccount", "password"): {"minLength": PASSWORD_MIN, "maxLength": PASSWORD_MAX},
    ("NewAccount", "email"): {"maxLength": MAX_EMAIL},
    ("NewAccount", "display_name"): {"maxLength": MAX_DISPLAY_NAME},
    ("PasswordChange", "new"): {"minLength": PASSWORD_MIN, "maxLength": PASSWORD_MAX},
    ("MePatch", "display_name"): {"maxLength": MAX_DISPLAY_NAME},
    ("MePatch", "bio"): {"maxLength": MAX_BIO},
    ("MePatch", "link"): {"maxLength": MAX_LINK},
    ("MePatch", "place"): {"maxLength": MAX_PLACE},
    ("MePatch", "email"): {"maxLength": MAX_EMAIL},
    ("NewPost", "caption"): {"maxLength": MAX_CAPTION},
    ("NewPost", "media"): {"minItems": 1, "maxItems": MAX_PHOTOS},
    ("PostPatch", "caption"): {"maxLength": MAX_CAPTION},
    ("NewDraft", "caption"): {"maxLength": MAX_CAPTION},
    ("NewDraft", "media"): {"maxItems": MAX_PHOTOS},
    ("DraftPatch", "caption"): {"maxLength": MAX_CAPTION},
    ("DraftPatch", "media"): {"maxItems": MAX_PHOTOS},
    ("MediaIn", "alt"): {"maxLength": MAX_ALT},
    ("MediaPatch", "alt"): {"maxLength": MAX_ALT},
    ("PlaceIn", "name"): {"minLength": 1, "maxLength": MAX_PLACE_NAME},
    ("NewComment", "text"): {"minLength": 1, "maxLength": MAX_COMMENT},
    ("CommentPatch", "text"): {"minLength": 1, "maxLength": MAX_COMMENT},
    ("NewToken", "name"): {"maxLength": 80},
    ("NewInvite", "uses"): {"minimum": 1, "maximum": MAX_INVITE_USES},
    ("NewInvite", "days"): {"minimum": 1, "maximum": MAX_INVITE_DAYS},
}


class Post(msgspec.Struct):
    """A post as the caller sees it."""

    id: UUID
    author: Person
    caption: str
    tags: list[str]
    mentions: list[str]
    place: PlaceRef | None
    audience: Audience
    comments: bool
    media: list[Media]
    created_at: datetime
    edited_at: datetime | None
    version: int
    counts: Counts
    viewer: PostViewer
    comments_preview: list[CommentView]
    downloads: bool


class FieldProblem(msgspec.Struct):
    """One field at fault. `pointer` is a JSON pointer into the request; numbers of the rule stand beside it."""

    pointer: str
    code: str
    detail: str


class ProblemDocument(msgspec.Struct):
    """An error (RFC 9457). `code` is stable and never translated; `title` and `detail` follow `Accept-Language`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retry_after_seconds: int | msgspec.UnsetType = msgspec.UNSET
    errors: list[FieldProblem] | msgspec.UnsetType = msgspec.UNSET


@lru_cache(maxsize=4)
def document(origin: str) -> tuple[bytes, str]:
    """The description as JSON, and its ETag. `origin` is the server's public address."""
    content = msgspec.json.encode(describe(origin))
    return content, f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}"'


def describe(origin: str) -> dict[str, Any]:
    """The description as plain values."""
    schemas, names = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        members = paths.setdefault(f"{BASE}{operation.template}", {})
        members[operation.method.lower()] = _operation(operation, names)
    for path, described in _outside().items():
        paths.setdefault(path, {}).update(described)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Heliograph",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": origin}],
        "tags": [{"name": tag} for tag in dict.fromkeys([op.tag for op in OPERATIONS] + ["media"])],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": _HEADERS,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token from POST /tokens."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie_name(secure=origin.startswith("https:")),
                },
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "`csrf_token` of the session; writes that come with its cookie need it.",
                },
            },
        },
    }


# Schemas


def _schemas() -> tuple[dict[str, Any], dict[Any, Any]]:
    """The component schemas, and a reference for each type that operations name."""
    kinds = {_schema_type(op.answer) for op in OPERATIONS if op.answer is not None}
    bodies = {op.body for op in OPERATIONS if op.body is not None}
    every = sorted((*kinds, *bodies, ProblemDocument), key=lambda kind: kind.__name__)
    refs, found = msgspec.json.schema_components(every, ref_template=_REF)
    # As JSON has it: a default may be a tuple.
    schemas = msgspec.json.decode(msgspec.json.encode(found))
    for schema in schemas.values():
        if schema.get("additionalProperties") is False:
            schema["patternProperties"] = {"^x_": {}}
    for (name, member), limits in _LENGTHS.items():
        schemas[name]["properties"][member].update(limits)
    schemas["NewToken"]["properties"]["scopes"]["examples"] = [list(SCOPES[:2])]
    schemas["ProblemDocument"]["properties"]["status"] |= {"minimum": 400, "maximum": 599}
    return schemas, dict(zip(every, refs, strict=True))


def _schema_type(answer: Any) -> Any:
    """The type to describe: the item's for a page, the written-out post for a card."""
    if _is_page(answer):
        answer = answer.__args__[0]
    return Post if answer is PostCard else answer


def _is_page(answer: Any) -> bool:
    return getattr(answer, "__origin__", None) is Page


# Headers

_HEADERS: dict[str, Any] = {
    "RateLimit-Policy": {
        "description": 'The limit that counted this request, such as `"api";q=300;w=60`.',
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": 'What is left of it, such as `"api";r=287;t=42`.',
        "schema": {"type": "string"},
    },
    "ETag": {"description": "A validator for `If-None-Match` and `If-Match`.", "schema": {"type": "string"}},
    "Link": {
        "description": "The pages around this one (RFC 8288), with `next` and `prev`.",
        "schema": {"type": "string"},
    },
    "Location": {"description": "Where the thing is.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "`true` when this is the answer to an earlier request under the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}},
    "Allow": {"description": "What the address does.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
    "Accept-Ranges": {"description": "`bytes`; `none` for what is loaded once", "schema": {"type": "string"}},
    "Content-Range": {"description": "Which part this is.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "Always an attachment.", "schema": {"type": "string"}},
    "Last-Modified": {"description": "When it was stored.", "schema": {"type": "string"}},
}


def _header_refs(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


# Operations


def _operation(operation: Operation, names: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _path_parameters(operation.path) + _query_parameters(operation) + _headers(operation),
        "security": _security(operation),
        "responses": _responses(operation, names),
    }
    request = _request_body(operation, names)
    if request:
        described["requestBody"] = request
    return described


def _security(operation: Operation) -> list[dict[str, Any]]:
    if operation.auth == "none":
        return []
    session: dict[str, Any] = {"session": []} | ({} if operation.method == "GET" else {"csrf": []})
    signed_in = [{"token": [operation.scope]}, session]
    if operation.scope == "files":
        signed_in.insert(1, {"token": ["write"]})
    return [{}, *signed_in] if operation.auth == "optional" else signed_in


def _path_parameters(path: str) -> list[dict[str, Any]]:
    found = []
    for name, kind in re.findall(r"<(\w+)(?::(\w+))?>", path):
        schema = _UUID if kind == "uuid" else {"type": "integer"} if kind == "int" else {"type": "string"}
        example = examples.ID if kind == "uuid" else _PATH_EXAMPLES.get(name, "mira")
        found.append({"name": name, "in": "path", "required": True, "schema": schema, "example": example})
    return found


_PATH_EXAMPLES: dict[str, Any] = {
    "tag": "dawn",
    "key": "mfzgk2lbnq4wkytbmfzgk2lbnq4wkytb",
    "cut": 0,
    "name": "640.webp",
}


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = msgspec.json.schema_components([operation.query], ref_template=_REF)[1][operation.query.__name__]
    return [
        {"name": name, "in": "query", "required": False, "schema": _query_schema(name, found)}
        for name, found in schema["properties"].items()
    ]


def _query_schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out rather than null."""
    if name == "limit":
        return {"description": f"More than {MAX_LIMIT} is taken as {MAX_LIMIT}."} | schema | {"minimum": 1}
    if name == "since":
        schema = {
            "description": "A page's `since`; asks for what is newer. From there `prev` leads on."
        } | schema
    if name == "count":
        return {"enum": ["estimate"], "description": "Say how long the list is, where that is known."}
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        return {name: part for name, part in schema.items() if name == "description"} | kinds[0]
    if None in schema.get("enum", ()):
        return {"enum": [value for value in schema["enum"] if value is not None]}
    return schema


def _headers(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string"}
    key = {"type": "string", "minLength": 1, "maxLength": 80, "pattern": "^[!-~]+$"}
    wanted = []
    if operation.recover is not None:
        wanted.append(("Idempotency-Key", key, "Makes repeating the request harmless for 24 hours."))
    if operation.method in ("PATCH", "DELETE") or operation.conditional:
        wanted.append(("If-Match", text, "ETags that a GET here gave; if none of them is right by now: 412."))
    if operation.method == "GET":
        wanted.append(("If-None-Match", text, "The ETag of what the caller has."))
    if operation.upload == "file":
        wanted.append(("Upload-Name", text, "The name of a raw body's file, percent-encoded."))
    return [
        {"name": name, "in": "header", "required": False, "schema": schema, "description": description}
        for name, schema, description in wanted
    ]


def _request_body(operation: Operation, names: dict[Any, Any]) -> dict[str, Any] | None:
    content: dict[str, Any] = {}
    if operation.body is not None:
        content["application/json"] = {"schema": names[operation.body], "example": operation.example}
        if operation.method == "PATCH":
            content["application/merge-patch+json"] = content["application/json"]
    if operation.upload == "form":
        content["multipart/form-data"] = _POST_FORM
    elif operation.upload == "file":
        content["multipart/form-data"] = {
            "schema": {"type": "object", "properties": {"file": _BINARY}, "required": ["file"]},
            "encoding": {"file": {"contentType": "image/*, application/octet-stream"}},
        }
        content["image/*"] = content["application/octet-stream"] = {"schema": {}}
    return {"required": True, "content": content} if content else None


_BINARY = {"type": "string", "contentMediaType": "application/octet-stream"}
_SWITCH = ["true", "false", "1", "0", "on", "off"]
_POST_FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "properties": {
            "photos": {"type": "array", "items": _BINARY, "minItems": 1, "maxItems": MAX_PHOTOS},
            "alt": {
                "type": "array",
                "items": {"type": "string", "maxLength": MAX_ALT},
                "description": "One for each photo, in their order.",
            },
            "caption": {"type": "string", "maxLength": MAX_CAPTION},
            "place": {"type": "string", "description": "A name, or the JSON object of `PlaceIn`."},
            "place.name": {"type": "string", "maxLength": MAX_PLACE_NAME},
            "place.lat": {"type": "number"},
            "place.lon": {"type": "number"},
            "audience": {"enum": list(AUDIENCES)},
            "comments": {"enum": _SWITCH, "description": "Whether people may comment; they may without it."},
            "show_camera": {"enum": _SWITCH, "description": "Whether the camera's data is shown."},
        },
        "required": ["photos"],
    },
    "encoding": {"photos": {"contentType": "image/*, application/octet-stream"}},
    "example": {"photos": ["…"], "alt": ["Ridges"], "caption": "#dawn"},
}


# Answers


def _responses(operation: Operation, names: dict[Any, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {str(operation.status): _success(operation, names)}
    if operation.method == "GET":
        answers["304"] = {
            "description": "What the caller has is still right.",
            "headers": _header_refs("ETag"),
        }
    by_status: dict[int, list[str]] = {}
    for code in _codes(operation):
        by_status.setdefault(status_of_code(code), []).append(code)
    for status, codes in sorted(by_status.items()):
        answers[str(status)] = _problem(status, codes, names[ProblemDocument])
    return _limited(answers)


def _limited(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers with the headers that every answer below the base carries."""
    for answer in answers.values():
        answer["headers"] = answer.get("headers", {}) | _header_refs("RateLimit", "RateLimit-Policy")
    return answers


def _success(operation: Operation, names: dict[Any, Any]) -> dict[str, Any]:
    headers = []
    if operation.method in ("GET", "PATCH"):
        headers.append("ETag")
    if operation.method == "POST" and operation.status in (201, 202) and operation.answer is not None:
        headers.append("Location")
    if operation.recover is not None:
        headers.append("Idempotency-Replayed")
    if _is_page(operation.answer):
        headers.append("Link")
    answer: dict[str, Any] = {"description": "Done.", "headers": _header_refs(*headers)}
    if operation.answer is not None:
        kind = _schema_type(operation.answer)
        schema, example = names[kind], examples.ANSWERS.get(kind.__name__)
        if _is_page(operation.answer):
            schema, example = _page_of(schema), _a_page(example)
        answer["content"] = {"application/json": {"schema": schema, "example": example}}
    return answer


def _page_of(item: dict[str, Any]) -> dict[str, Any]:
    cursor = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    count = {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}],
        "description": "About how long the whole list is, where `count=estimate` asked and it is known.",
    }
    since = cursor | {
        "description": "Of the home feed: the `since` that asks for what is newer than all that is here."
    }
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": item},
            "next": cursor,
            "prev": cursor,
            "count": count,
            "since": since,
        },
        "required": ["items", "next", "prev", "count", "since"],
    }


def _a_page(item: Any) -> dict[str, Any]:
    return {"items": [item], "next": None, "prev": None, "count": None, "since": None}


def _codes(operation: Operation) -> list[str]:
    """Every code that the operation can answer with: its own, and what is around every handler of its kind."""
    codes = ["bad_request", "rate_limited", "unavailable", *operation.problems]
    if operation.auth != "none":
        codes += ["unauthenticated", "missing_scope"]
    if operation.method != "GET":
        codes += ["csrf", "request_timeout", "too_large", "unsupported_type"]
    if operation.body is not None or operation.query is not None or operation.upload:
        codes.append("validation")
    if operation.query is not None and issubclass(operation.query, Paging):
        codes.append("bad_cursor")
    if operation.recover is not None:
        codes += ["idempotency_mismatch", "idempotency_in_progress", "already_made"]
    if operation.method in ("PATCH", "DELETE") or operation.conditional:
        codes.append("precondition_failed")
    if operation.upload:
        codes += _PICTURE_PROBLEMS
    return list(dict.fromkeys(codes))


def _problem(status: int, codes: list[str], schema: dict[str, Any]) -> dict[str, Any]:
    headers = {
        401: ("WWW-Authenticate",),
        416: ("Content-Range",),
        429: ("Retry-After",),
        503: ("Retry-After",),
    }
    example = {
        "type": f"https://photos.example.org/docs/errors/{codes[0]}",
        "title": title(status),
        "status": status,
        "detail": f"{title(status)}.",
        "instance": "urn:request:9f3c0a7be1d24c55",
        "code": codes[0],
    }
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "headers": _header_refs(*headers.get(status, ())),
        "content": {
            "application/problem+json": {
                "schema": {"allOf": [schema, {"properties": {"code": {"enum": codes}}}]},
                "example": example,
            }
        },
    }


# Addresses that are no declared operations: binary answers, and what stands outside the base


def _outside() -> dict[str, dict[str, Any]]:
    binary = {"application/octet-stream": {"schema": {}}}
    pictures = {kind: {"schema": {}} for kind in ("image/webp", "image/avif", "image/jpeg")}
    signed_in = [{"token": ["files"]}, {"token": ["write"]}, {"session": []}]
    grant = {
        "name": "g",
        "in": "query",
        "required": False,
        "schema": {"type": "string"},
        "description": "The grant that addresses of pictures come with when not everybody may see them.",
    }
    text = {"text/plain": {"schema": {"type": "string"}, "example": "ok\n"}}
    return {
        f"{BASE}/files/{{file_id}}/content": _binary(
            "fileContent", "Get an upload as it came", "files", "<file_id:uuid>", binary, signed_in, ()
        ),
        f"{BASE}/posts/{{post_id}}/media/{{photo_id}}/original": _binary(
            "photoOriginal",
            "Get a photo in full size, without what its file tells, where its author offers that",
            "posts",
            "<post_id:uuid>/<photo_id:uuid>",
            binary,
            [{}, {"token": ["read"]}, {"session": []}],
            (),
        ),
        f"{BASE}/me/exports/{{export_id}}/archive": _once(signed_in),
        "/m/{key}/{cut}/{name}": _binary(
            "photo",
            "Get a size of a photo",
            "media",
            "<key>/<cut>/<name>",
            pictures,
            [{}, {"token": ["read"]}, {"session": []}],
            (grant,),
        ),
        "/a/{key}/{name}": _binary("avatar", "Get an avatar", "media", "<key>/<name>", pictures, [], ()),
        f"{BASE}/openapi.json": _plain(
            "openapi", "This description", {"application/json": {"schema": {"type": "object"}}}
        ),
        f"{BASE}/asyncapi.json": _plain(
            "asyncapi",
            "The description of the live channel",
            {"application/json": {"schema": {"type": "object"}}},
        ),
        "/ws": _live(),
        "/healthz": _plain("healthz", "Whether the process is alive", text),
        "/readyz": _plain("readyz", "Whether the server and what it needs can serve", text, unready=text),
    }


def _live() -> dict[str, Any]:
    """The handshake of the live channel; what is said on it stands in its own description."""
    answers: dict[str, Any] = {
        "101": {"description": "From here on WebSocket, as `asyncapi.json` describes it."}
    }
    for status, code in (
        (400, "bad_request"),
        (401, "unauthenticated"),
        (403, "wrong_origin"),
        (429, "rate_limited"),
    ):
        answers[str(status)] = _problem(status, [code], _PROBLEM)
    return {
        "get": {
            "operationId": "live",
            "summary": "Be told what happens, as it happens",
            "tags": ["operations"],
            "security": [{"token": ["read"]}, {"session": []}],
            "responses": answers,
        }
    }


def _once(security: list[dict[str, Any]]) -> dict[str, Any]:
    """The archive of an export, by a link that works once."""
    key = {
        "name": "key",
        "in": "query",
        "required": True,
        "schema": {"type": "string"},
        "description": "What the `url` of an export comes with.",
    }
    answers: dict[str, Any] = {
        "200": {
            "description": "All of it; the link is used up then.",
            "headers": _header_refs("Content-Disposition", "Accept-Ranges"),
            "content": {"application/zip": {"schema": {}}},
        }
    }
    for status, code in (
        (401, "unauthenticated"),
        (403, "missing_scope"),
        (404, "not_found"),
        (429, "rate_limited"),
    ):
        answers[str(status)] = _problem(status, [code], _PROBLEM)
    return {
        "get": {
            "operationId": "exportArchive",
            "summary": "Load an archive of the own account, once",
            "tags": ["exports"],
            "parameters": [*_path_parameters("<export_id:uuid>"), key],
            "security": security,
            "responses": _limited(answers),
        }
    }


def _binary(
    operation_id: str,
    summary: str,
    tag: str,
    path: str,
    content: dict[str, Any],
    security: list[dict[str, Any]],
    query: tuple[dict[str, Any], ...],
) -> dict[str, Any]:
    ranges = {
        "name": "Range",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "example": "bytes=0-1023",
    }
    validator = {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
    }
    caching = ["ETag", "Last-Modified", "Accept-Ranges"]
    is_download = tag != "media"
    extra = ["Content-Disposition"] if is_download else []
    answers: dict[str, Any] = {
        "200": {
            "description": "All of it.",
            "headers": _header_refs(*caching, *extra),
            "content": content,
        },
        "206": {
            "description": "The part that `Range` asked for.",
            "headers": _header_refs(*caching, *extra, "Content-Range"),
            "content": content,
        },
        "304": {"description": "What the caller has is still right.", "headers": _header_refs(*caching)},
    }
    for status, codes in (
        (401, ["unauthenticated"]),
        (403, ["missing_scope"]),
        (404, ["not_found"]),
        (416, ["range_not_satisfiable"]),
    ):
        if security or status not in (401, 403):
            answers[str(status)] = _problem(status, codes, _PROBLEM)
    if tag == "posts":
        answers["403"] = _problem(403, ["missing_scope", "not_offered"], _PROBLEM)
        answers["410"] = _problem(410, ["gone"], _PROBLEM)
    if is_download:
        answers["429"] = _problem(429, ["rate_limited"], _PROBLEM)
        answers = _limited(answers)
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "tags": [tag],
            "parameters": [*_path_parameters(path), *query, ranges, validator],
            "security": security,
            "responses": answers,
        }
    }


def _plain(
    operation_id: str, summary: str, content: dict[str, Any], unready: dict[str, Any] | None = None
) -> dict[str, Any]:
    answers: dict[str, Any] = {"200": {"description": "Yes.", "content": content}}
    if operation_id in ("openapi", "asyncapi"):
        answers["200"] = {"description": "In JSON.", "content": content, "headers": _header_refs("ETag")}
        answers["304"] = {"description": "What the caller has is still right."}
        answers["429"] = _problem(429, ["rate_limited"], _PROBLEM)
        answers = _limited(answers)
    if unready:
        answers["503"] = {
            "description": "No; the text names what is missing.",
            "headers": _header_refs("Retry-After"),
            "content": unready,
        }
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "tags": ["operations"],
            "security": [],
            "responses": answers,
        }
    }
