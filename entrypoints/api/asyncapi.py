"""The live channel described for programs: AsyncAPI 3.1, from the server's point of view (`send` is server to client)."""

import hashlib
from functools import lru_cache
from typing import Any

import msgspec

from entrypoints import VERSION

ID = {"type": "string", "maxLength": 80}
TOPICS = {
    "type": "array",
    "maxItems": 100,
    "items": {"type": "string", "maxLength": 80},
    "description": "`me`: what concerns the own account. `feed:home`: new posts in the own home feed.",
}
SEQ = {
    "type": "integer",
    "minimum": 0,
    "description": "The number of the event. Grows; what one is not told leaves gaps. The last one heard goes into `resume`.",
}


def _message(kind: str, summary: str, data: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {"v": {"const": 1}, "type": {"const": kind}} | members
    required = ["v", "type", *(name for name in members if name != "id")]
    if data is not None:
        properties["data"] = {"type": "object", "properties": data, "required": sorted(data)}
        required.append("data")
    return {
        "name": kind,
        "summary": summary,
        "payload": {"type": "object", "properties": properties, "required": required},
    }


def _event(kind: str, topic: str, summary: str, data: dict[str, Any]) -> dict[str, Any]:
    at = {"type": "string", "format": "date-time"}
    return _message(kind, summary, data, topic={"const": topic}, seq=SEQ, at=at)


HEARD: dict[str, dict[str, Any]] = {
    "welcome": _message(
        "welcome",
        "The answer to `hello`. What was missed follows at once, oldest first; `replayed` says how many.",
        {"build": {"type": "string"}, "replayed": {"type": "integer"}, "heartbeat": {"type": "integer"}},
        re=ID,
        seq=SEQ,
    ),
    "resync": _message(
        "resync",
        "More than 500 events or a day were missed, or the numbers began anew: look at everything again.",
        {},
        topic={"const": "me"},
        seq=SEQ,
    ),
    "notification.created": _event(
        "notification.created",
        "me",
        "Something new to be told; `id` is that of the notification.",
        {"id": {"type": "string", "format": "uuid"}, "type": {"type": "string"}},
    ),
    "counts": _message(
        "counts",
        "How much is unread, counted to 100; told at the beginning and, at most once a second, when it may have changed.",
        {"notifications": {"type": "integer", "minimum": 0}},
        topic={"const": "me"},
    ),
    "post.created": _event(
        "post.created",
        "feed:home",
        "A new post has come into the own home feed.",
        {"id": {"type": "string", "format": "uuid"}, "author_id": {"type": "string", "format": "uuid"}},
    ),
    "session.ended": _message(
        "session.ended",
        "The session or token was taken back; the connection is closed with 4401.",
        {},
        topic={"const": "me"},
    ),
    "ack": _message("ack", "Done. After `subscribe`, `refused` names topics that there are not.", {}, re=ID),
    "pong": _message("pong", "The answer to `ping`.", None, re=ID),
    "nack": _message(
        "nack",
        "A message that was not understood or came too often; the connection goes on.",
        None,
        re={"type": ["string", "null"]},
        problem={
            "type": "object",
            "required": ["status", "code"],
            "properties": {
                "status": {"type": "integer"},
                "code": {"enum": ["bad_frame", "unknown_type", "validation", "rate_limited", "unavailable"]},
                "retry_after_seconds": {"type": "integer"},
            },
        },
    ),
}
SAID: dict[str, dict[str, Any]] = {
    "hello": _message(
        "hello",
        "The first message: from where on, and what to be told.",
        {"resume": {"type": ["integer", "null"], "minimum": 0}, "topics": TOPICS},
        id=ID,
    ),
    "subscribe": _message("subscribe", "To be told more.", {"topics": TOPICS}, id=ID),
    "unsubscribe": _message("unsubscribe", "To be told less.", {"topics": TOPICS}, id=ID),
    "ping": _message("ping", "Whether anybody is there.", None, id=ID),
}
CLOSES = {
    1007: "text that is not UTF-8",
    1009: "a message of more than 64 KiB, or of more than 1,000 pieces",
    1012: "the server restarts: come back after a random moment of up to three seconds",
    4401: "signed out",
    4429: "too many messages",
}


def document(origin: str) -> dict[str, Any]:
    """The description of the channel at `origin`."""
    scheme, _, host = origin.partition("://")
    closes = "\n".join(f"* {code}: {meaning}" for code, meaning in CLOSES.items())
    messages = {name.replace(".", "_"): message for name, message in (HEARD | SAID).items()}

    def of(names: dict[str, Any]) -> list[dict[str, str]]:
        return [{"$ref": f"#/channels/live/messages/{name.replace('.', '_')}"} for name in names]

    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Heliograph live channel",
            "version": VERSION,
            "description": "One JSON object per text message. A program connects with `Authorization: Bearer`, a page of "
            "this server with its cookie. Forty messages at once and twenty a second may be sent; whoever is silent for 40 s "
            f"is disconnected.\n\nClose codes:\n\n{closes}",
        },
        "servers": {"here": {"host": host, "protocol": "wss" if scheme == "https" else "ws"}},
        "channels": {"live": {"address": "/ws", "messages": messages}},
        "operations": {
            "tell": {"action": "send", "channel": {"$ref": "#/channels/live"}, "messages": of(HEARD)},
            "hear": {"action": "receive", "channel": {"$ref": "#/channels/live"}, "messages": of(SAID)},
        },
    }


@lru_cache(maxsize=8)
def encoded(origin: str) -> tuple[bytes, str]:
    """The description as JSON, and its ETag."""
    content = msgspec.json.encode(document(origin))
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
