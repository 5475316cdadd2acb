"""What each kind of failure means outside: HTTP status, CLI exit code, and the problem document of RFC 9457."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from domain.kernel import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    TooMany,
    Unavailable,
    fill,
    msg,
)

# The family decides, unless a code asks for something more exact.
_BY_FAMILY: tuple[tuple[type[DomainError], int, int], ...] = (
    (NotFound, 404, 4),
    (Forbidden, 403, 7),
    (Conflict, 409, 5),
    (Invalid, 422, 2),
    (TooMany, 429, 1),
)
_BY_CODE = {
    "bad_credentials": 401,
    "unauthenticated": 401,
    "gone": 410,
    "link_expired": 410,
    "precondition_failed": 412,
    "too_large": 413,
    "unsupported_type": 415,
    "bad_request": 400,
    "bad_cursor": 400,
    "request_timeout": 408,
}

_TITLES: Mapping[int, str] = {
    400: msg("This request cannot be understood"),
    401: msg("Sign in first"),
    403: msg("You may not do this"),
    404: msg("Not found"),
    405: msg("This address does not do that"),
    408: msg("The request took too long"),
    409: msg("This conflicts with something that is already there"),
    410: msg("No longer here"),
    412: msg("This has changed meanwhile"),
    413: msg("Too large"),
    415: msg("This type is not taken here"),
    416: msg("There is no such part"),
    422: msg("Some fields are not valid"),
    429: msg("Too many tries"),
    431: msg("The request's head is too large"),
    500: msg("Something failed on our side"),
    503: msg("Not available right now"),
    507: msg("No room is left on the server"),
}
CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "conflict",
    410: "gone",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_type",
    416: "range_not_satisfiable",
    422: "validation",
    429: "rate_limited",
    500: "internal",
    503: "unavailable",
    507: "insufficient_storage",
}


class Malformed(DomainError):
    """The bytes are not what they claim to be."""

    code = "bad_request"
    message = msg("This request cannot be understood.")


class Unauthenticated(DomainError):
    """No session or token, or one that is not valid any more."""

    code = "unauthenticated"
    message = msg("Sign in first.")


class UnsupportedType(DomainError):
    """The body's media type is not the one that this address takes."""

    code = "unsupported_type"
    message = msg("Send this as {wanted}.")


class TooLarge(DomainError):
    """The body is larger than this address takes."""

    code = "too_large"
    message = msg("This is larger than {limit}, which is the limit.")


class TooSlow(DomainError):
    """The body did not arrive in time."""

    code = "request_timeout"
    message = msg("The request took too long to arrive.")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure as the outside sees it. `message` and `params` are public-safe; `problems` name fields."""

    status: int
    code: str
    message: str
    params: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
    headers: Mapping[str, str] | None = None


def failure_of(error: BaseException) -> Failure:
    """What an exception means outside. Anything unknown is an internal error without details."""
    if isinstance(error, DomainError):
        again = error.params.get("retry_after_seconds")
        headers = {"Retry-After": str(again)} if again is not None else None
        problems = error.problems if isinstance(error, Invalid) else ()
        return Failure(status_of(error), error.code, error.message, error.params, problems, headers)
    if isinstance(error, Unavailable):
        status = 507 if error.code == "insufficient_storage" else 503
        headers = {"Retry-After": str(error.retry_after_seconds)}
        return Failure(status, error.code, _TITLES[status] + ".", {}, headers=headers)
    status = getattr(error, "status_code", 500)
    status = status if isinstance(status, int) and (status < 500 or status == 503) else 500
    headers = dict(getattr(error, "headers", None) or {})
    if status == 503:
        headers.setdefault("Retry-After", "2")
    # An address that no route has says the same as one that the viewer may not know about.
    message = NotFound.message if status == 404 else title(status) + "."
    return Failure(status, CODES.get(status, "bad_request"), message, {}, headers=headers)


def status_of(error: DomainError) -> int:
    """The HTTP status of a domain error."""
    return _status(type(error), error.code)


def status_of_code(code: str) -> int:
    """The HTTP status of everything that fails with `code`; one that no error has by itself is a refused value's."""
    by_itself = {name: status for status, name in CODES.items()}
    return by_itself.get(code) or _status(_kinds().get(code, Invalid), code)


@cache
def _kinds() -> dict[str, type[DomainError]]:
    found: list[type[DomainError]] = [DomainError]
    for kind in found:
        found += kind.__subclasses__()
    return {kind.code: kind for kind in reversed(found)}


def _status(kind: type[DomainError], code: str) -> int:
    if code in _BY_CODE:
        return _BY_CODE[code]
    return next((status for family, status, _ in _BY_FAMILY if issubclass(kind, family)), 400)


def exit_code_of(error: BaseException) -> int:
    """The CLI's exit code: 2 wrong usage, 4 not found, 5 conflict, 6 a service is away, 7 refused, else 1."""
    if isinstance(error, Unavailable):
        return 6
    return next((code for family, _, code in _BY_FAMILY if isinstance(error, family)), 1)


def title(status: int) -> str:
    """A short public name of a status."""
    return _TITLES.get(status) or HTTPStatus(status).phrase


def problem_document(
    failure: Failure, origin: str, request_id: str, tell: Callable[[str, Mapping[str, Any]], str] = fill
) -> bytes:
    """The failure as `application/problem+json`; `tell` puts a message and its values into the reader's language."""
    document: dict[str, Any] = {
        "type": f"{origin}/docs/errors/{failure.code}",
        "title": tell(title(failure.status), {}),
        "status": failure.status,
        "detail": tell(failure.message, failure.params),
        "instance": f"urn:request:{request_id}",
        "code": failure.code,
    }
    if "retry_after_seconds" in failure.params:
        document["retry_after_seconds"] = failure.params["retry_after_seconds"]
    if failure.problems:
        document["errors"] = [
            {
                "pointer": problem.pointer,
                "code": problem.code,
                "detail": tell(problem.message, problem.params),
                **problem.params,
            }
            for problem in failure.problems
        ]
    return msgspec.json.encode(document)
