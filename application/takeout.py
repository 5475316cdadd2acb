"""What a takeout looks like inside: one archive with everything of an account, for people and for programs.

    README.txt                what is where
    index.html, pages/…       to be read in a browser, without a network
    data/about.json           format, version, whose it is, what is in the other files with their SHA-256
    data/account.json         profile and settings
    data/<name>.jsonl         one JSON object per line: posts, comments, likes, …
    media/…                   originals as they were uploaded, and the avatar

Names below `media/` are made here and never of what people typed. What belongs to others stands in it as a reference
that its owner could see when it was made.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from application.feeds import PostRow
from application.views import CommentView, MemberRow
from domain.files import File
from domain.posts import Comment, Post
from domain.sessions import Session, Token
from domain.users import Account

FORMAT, VERSION = "heliograph-takeout", 1
ABOUT, ACCOUNT, AVATAR, README = "data/about.json", "data/account.json", "media/avatar.jpg", "README.txt"
# The lists, in the order in which they stand in the archive. None of them need be there.
LISTS = (
    "posts",
    "post_history",
    "comments",
    "comments_received",
    "likes",
    "saved",
    "hidden",
    "comment_likes",
    "following",
    "followers",
    "requests_sent",
    "requests_received",
    "blocked",
    "muted",
    "uploads",
    "drafts",
    "sessions",
    "sign_ins",
    "tokens",
    "reports",
    "invitations",
)

_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WebP": "webp", "GIF": "gif", "AVIF": "avif", "HEIC": "heic"}
# What only this server needs to know, or what only its owner's password opens.
_KEPT_BACK = {"password_hash", "avatar_key", "state", "away_since", "erase_at"}


def list_file(name: str) -> str:
    """Where the list `name` lies."""
    return f"data/{name}.jsonl"


def encode(document: Mapping[str, Any], *, indent: int | None = None) -> bytes:
    """A document as one line of JSON, or as a file with `indent`."""
    text = json.dumps(document, ensure_ascii=False, indent=indent, default=_plain)
    return text.encode("utf-8") + b"\n"


def _plain(value: object) -> Any:
    return moment(value) if isinstance(value, datetime) else str(value)


def moment(at: datetime) -> str:
    """`2026-11-21T08:20:11.123456Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def made_at(made: UUID) -> datetime:
    """When something with this UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1_000, UTC)


def account_document(account: Account, former_names: list[str], *, avatar: bool) -> dict[str, Any]:
    """Profile, settings and counts of an account."""
    found = {each.name: getattr(account, each.name) for each in fields(account)}
    plain = {name: value for name, value in found.items() if name not in _KEPT_BACK}
    return plain | {"former_names": former_names, "avatar": AVATAR if avatar else None}


def photo_file(post_id: UUID, number: int, file: File) -> str:
    """Where the original of photo `number` (from 1) of a post lies."""
    return f"media/posts/{post_id}/{number}.{_suffix(file)}"


def upload_file(file: File) -> str:
    """Where an upload lies that is in no post."""
    return f"media/uploads/{file.id}.{_suffix(file)}"


def _suffix(file: File) -> str:
    return _SUFFIXES.get(file.facts.format, "bin") if file.facts else "bin"


def file_document(file: File, path: str | None) -> dict[str, Any]:
    """An upload; `path` is None where its original was not in the store."""
    facts = file.facts
    return {
        "file": path,
        "name": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "kind": file.kind,
        "format": facts.format if facts else None,
        "width": file.width,
        "height": file.height,
        "camera": asdict(facts.camera) if facts and facts.camera else None,
        "uploaded_at": file.created_at,
    }


def post_document(
    post: Post, media: list[dict[str, Any]], url: str, likes: int, comments: int
) -> dict[str, Any]:
    """A post of the owner's; `media` are documents of its files, in order."""
    place = post.place
    return {
        "id": post.id,
        "url": url,
        "created_at": post.created_at,
        "edited_at": post.edited_at,
        "version": post.version,
        "caption": post.caption,
        "tags": list(post.tags),
        "mentions": list(post.mentions),
        "place": {"name": place.name, "lat": place.lat, "lon": place.lon} if place else None,
        "audience": post.audience,
        "comments_on": post.comments,
        "show_camera": post.show_camera,
        "likes": likes,
        "comments": comments,
        "media": [
            document | {"alt": photo.alt, "crop": asdict(photo.crop) if photo.crop else None}
            for document, photo in zip(media, post.photos, strict=True)
        ],
    }


def post_reference(row: PostRow, origin: str) -> dict[str, Any]:
    """A post that the owner may see, whoever wrote it."""
    return reference(row.standing.post_id, row.author.username, origin)


def reference(post_id: UUID, author: str, origin: str) -> dict[str, Any]:
    """Which post is meant, and whose."""
    return {"id": post_id, "url": f"{origin}/p/{post_id}", "author": author}


def comment_document(comment: Comment, post: dict[str, Any] | None) -> dict[str, Any]:
    """A comment of the owner's; `post` is None where they may not see any more what it stands under."""
    return {
        "id": comment.id,
        "post": post,
        "text": comment.text,
        "reply_to": comment.reply_to,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "likes": comment.likes,
    }


def received_document(view: CommentView) -> dict[str, Any]:
    """Somebody's comment under a post of the owner's."""
    return {
        "id": view.id,
        "post": view.post_id,
        "author": {"username": view.author.username, "display_name": view.author.display_name},
        "text": view.text,
        "reply_to": view.reply_to,
        "created_at": view.created_at,
    }


def member_document(row: MemberRow, since: datetime) -> dict[str, Any]:
    """Somebody on one of the owner's lists of people."""
    return {"username": row.user.username, "display_name": row.user.display_name, "since": since}


def session_document(session: Session) -> dict[str, Any]:
    """A signed-in device, without what would open it."""
    names = ("created_at", "last_seen_at", "expires_at", "user_agent", "ip")
    return {name: getattr(session, name) for name in names}


def token_document(token: Token) -> dict[str, Any]:
    """A program's token, without its secret."""
    names = ("name", "scopes", "created_at", "expires_at", "last_used_at")
    return {name: getattr(token, name) for name in names}
