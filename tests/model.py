"""What reads must show: the tables and `domain.visibility`, and nothing of the queries."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from application.views import Page
from domain.follows import Relationship
from domain.kernel import UserId
from domain.visibility import can_know, can_see_posts, can_view, is_public

Viewer = UserId | None


@dataclass
class Model:
    """What the tables hold, and what the rule makes of it."""

    users: dict[UUID, asyncpg.Record]
    posts: dict[UUID, asyncpg.Record]
    comments: dict[UUID, asyncpg.Record]
    files: list[asyncpg.Record]
    places: dict[UUID, asyncpg.Record]
    edges: dict[str, list[tuple[UUID, UUID, UUID]]]

    @classmethod
    async def read(cls, sql: asyncpg.Connection) -> "Model":
        edges = {
            name: [
                tuple(row)
                for row in await sql.fetch(f"SELECT {one}, {other}, id FROM {name} ORDER BY id DESC")
            ]
            for name, one, other in (
                ("follows", "follower_id", "followee_id"),
                ("follow_requests", "requester_id", "target_id"),
                ("blocks", "blocker_id", "blocked_id"),
                ("mutes", "muter_id", "muted_id"),
                ("likes", "user_id", "post_id"),
                ("saves", "user_id", "post_id"),
            )
        }
        hidden = await sql.fetch("SELECT user_id, post_id, post_id FROM hidden_posts")
        edges["hidden_posts"] = [tuple(row) for row in hidden]
        tables = [
            {row["id"]: row for row in await sql.fetch(f"SELECT * FROM {name} ORDER BY id DESC")}
            for name in ("users", "posts", "comments")
        ]
        places = {row["id"]: row for row in await sql.fetch("SELECT * FROM places")}
        return cls(*tables, await sql.fetch("SELECT * FROM files"), places, edges)

    @property
    def viewers(self) -> list[Viewer]:
        """Somebody signed out, and everybody who can sign in."""
        return [None, *(UserId(id_) for id_, row in self.users.items() if row["state"] == "active")]

    def has(self, edge: str, one: Viewer, other: UUID) -> bool:
        return any(pair[:2] == (one, other) for pair in self.edges[edge])

    def stands(self, viewer: Viewer, member: UUID) -> Relationship:
        if viewer is None:
            return Relationship()
        return Relationship(
            follows=self.has("follows", viewer, member),
            blocks=self.has("blocks", viewer, member),
            blocked_by=self.has("blocks", UserId(member), viewer),
            mutes=self.has("mutes", viewer, member),
        )

    def knows(self, viewer: Viewer, member: UUID) -> bool:
        active = self.users[member]["state"] == "active"
        return can_know(viewer, UserId(member), active=active, relationship=self.stands(viewer, member))

    def sees_posts_of(self, viewer: Viewer, member: UUID) -> bool:
        row = self.users[member]
        return can_see_posts(
            viewer,
            UserId(member),
            active=row["state"] == "active",
            private=row["private"],
            relationship=self.stands(viewer, member),
        )

    def sees(self, viewer: Viewer, post: UUID) -> bool:
        row = self.posts[post]
        author = self.users[row["author_id"]]
        return can_view(
            viewer,
            author["id"],
            row["audience"],
            active=author["state"] == "active",
            private=author["private"],
            relationship=self.stands(viewer, author["id"]),
        )

    def public(self, post: UUID) -> bool:
        author = self.users[self.posts[post]["author_id"]]
        return is_public(
            self.posts[post]["audience"], active=author["state"] == "active", private=author["private"]
        )

    def visible(self, viewer: Viewer, belongs: Callable[[asyncpg.Record], bool]) -> list[UUID]:
        """Posts that belong into a list, newest first, as far as the viewer may see them."""
        return [id_ for id_, row in self.posts.items() if belongs(row) and self.sees(viewer, id_)]

    def unwanted(self, viewer: Viewer, row: asyncpg.Record) -> bool:
        return self.has("mutes", viewer, row["author_id"]) or self.has("hidden_posts", viewer, row["id"])


async def ids(listing: Awaitable[Page[Any]]) -> list[UUID]:
    """Ids of a whole list that fits one page. An unread rest would make the comparison worthless."""
    page = await listing
    assert page.next is None
    assert page.prev is None
    return [getattr(item, "id", None) or item.user.id for item in page.items]
