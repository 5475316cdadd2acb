"""Every component with all of its states on one page, for whoever works on them: `/dev/components`.

It is there only with HELIOGRAPH_LOG_LEVEL=debug, and nothing on it is anybody's: its people and posts are made up here.
Its words are for developers and in English.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sanic import HTTPResponse, Request

from application.finding import TagCount
from application.meeting import NO_ONE, Acquaintances, Met
from application.views import (
    Avatar,
    CommentCounts,
    CommentView,
    CommentViewer,
    FileError,
    MemberCounts,
    MemberViewer,
    Page,
    Person,
    PlaceRef,
    PostCard,
    PostViewer,
    Profile,
    RenditionView,
)
from domain.kernel import NotFound, msg
from domain.posts import Audience, Counts
from entrypoints import requests
from entrypoints.web import maps, site
from entrypoints.web.visits import Routes, Visit

routes = Routes("components")

HERE = "/dev/components"
NOW = datetime(2026, 3, 4, 12, 41, tzinfo=UTC)
LONG = "A very long text that goes on and on, with Donaudampfschifffahrtsgesellschaftskapitänsmütze in it, until it breaks"
ARABIC = "صورة من الجبل عند الفجر"
CAPTION = "Dawn over the ridges. #mountains with @ada, see https://example.org/dawn"


@routes.page(HERE)
async def components(visit: Visit) -> HTTPResponse:
    if requests.settings(visit.request).log_level != "debug":
        raise NotFound
    theme = visit.asked("theme")
    if theme in site.THEMES:
        response = visit.go(HERE)
        requests.set_cookie(visit.request, response, site.THEME_COOKIE, theme, 24 * 3600)
        return response
    themes = [(f"{HERE}?theme={each}", each, each == site.theme(visit.request)) for each in site.THEMES]
    return await visit.page("components.html", themes=themes, **_samples(visit.request))


def _samples(request: Request) -> dict[str, Any]:
    """What the components show; pictures are the place's own files."""
    make = _Samples(site.site(request).assets.url)
    return {
        "text": LONG,
        "arabic": ARABIC,
        "now": NOW,
        "ada": make.ada,
        "people": [make.ada, make.long, make.arabic],
        "stands": [
            (MemberViewer(following="no"), "no"),
            (MemberViewer(following="no", followed_by=True), "follows back"),
            (MemberViewer(following="requested"), "requested"),
            (MemberViewer(following="yes"), "yes"),
            (MemberViewer(blocked=True), "blocked"),
        ],
        "profiles": make.profiles(),
        "met": Met(make.ada, MemberViewer(), Acquaintances(3, (make.long, make.arabic))),
        "popular": Met(make.arabic, MemberViewer(), NO_ONE),
        "acquaintances": [
            Acquaintances(1, (make.long,)),
            Acquaintances(2, (make.long, make.arabic)),
            Acquaintances(9, (make.long, make.arabic)),
        ],
        "tags": [TagCount("mountains", 12), TagCount("небо", 100), TagCount("설악산", 1)],
        "map": maps.window([PlaceRef(UUID(int=1), "Seoraksan", 38.1, 128.4)]),
        "photos": {state: make.photo(state) for state in ("ready", "processing", "failed")},
        "posts": make.posts(),
        "comments": make.comments(),
        "failed": [(2, SimpleNamespace(id=UUID(int=2), error=FileError("damaged", _DAMAGED)))],
        "page": Page([], next="next", prev="prev"),
        "said": SimpleNamespace(text="Comment deleted.", undo=HERE),
        "problems": [("c-text-bad", "Give it a name."), ("", LONG)],
    }


_DAMAGED = msg("This picture is damaged and cannot be opened.")


class _Samples:
    """People and posts that are nobody's. Each id is given once, so that ids of the page are too."""

    def __init__(self, url: Any) -> None:
        self._url = url
        self._last = 100
        face = RenditionView(192, 192, "image/webp", url("img/app-192.png"))
        self.ada = Person(self._id(), "ada", "Ada Lind", Avatar(face.url, (face,)))
        self.long = Person(self._id(), "konstantinopolitanskaya_30_long", LONG[:60], None)
        self.arabic = Person(self._id(), "layla", "ليلى", None)

    def _id(self) -> UUID:
        self._last += 1
        return UUID(int=self._last)

    def photo(self, state: str = "ready", *, wide: bool = True, alt: str = "A page with photos") -> Any:
        """A photo as stored documents hold it, with what templates ask of it."""
        return self._card([self._photo(state, wide=wide, alt=alt)], self.ada, "").media[0]

    def _photo(self, state: str, *, wide: bool = True, alt: str = "") -> dict[str, Any]:
        name, width, height = ("wide", 1280, 800) if wide else ("narrow", 780, 1688)
        shown = {
            "width": width,
            "height": height,
            "type": "image/webp",
            "url": self._url(f"img/app-{name}.webp"),
        }
        camera = {
            "make": "FUJIFILM",
            "model": "X-T5",
            "focal_mm": 35.0,
            "aperture": 8.0,
            "exposure": "1/250",
            "iso": 100,
        }
        return {
            "id": str(self._id()), "state": state, "width": width, "height": height, "alt": alt, "lqip": "",
            "camera": camera, "renditions": [shown] if state == "ready" else [],
        }  # fmt: skip

    def posts(self) -> list[PostCard]:
        """One photo, several, long and Arabic words, of one's own, and one whose photos are not there."""
        ready = self._photo("ready", alt="A page with photos")
        several = [
            self._photo("ready"),
            self._photo("ready", wide=False, alt=ARABIC),
            self._photo("processing"),
        ]
        return [
            self._card([ready], self.ada, CAPTION, comments=[self._comment(self.arabic, ARABIC)]),
            self._card(several, self.long, LONG * 5, audience="followers", place=LONG[:80], likes=1_234_567),
            self._card(
                [self._photo("ready")], self.arabic, ARABIC, audience="only_me", place="الرباط", own=True
            ),
            self._card([self._photo("failed")], self.ada, "", likes=0),
        ]

    def _card(
        self,
        photos: list[dict[str, Any]],
        author: Person,
        caption: str,
        *,
        audience: Audience = "everyone",
        place: str = "",
        likes: int = 3,
        own: bool = False,
        comments: list[CommentView] | None = None,
    ) -> PostCard:
        parts = {
            "caption": caption, "tags": [], "mentions": ["ada"], "comments": True,
            "place": {"id": str(UUID(int=7)), "name": place, "lat": None, "lon": None} if place else None,
            "media": photos, "created_at": (NOW - timedelta(hours=2)).isoformat(),
            "edited_at": NOW.isoformat() if own else None, "version": 1,
        }  # fmt: skip
        stored = json.dumps(parts)[1:-1].encode()
        viewer = PostViewer(liked=own, saved=own, can_edit=own, can_comment=not own)
        counts = Counts(likes, len(comments or ()))
        return PostCard(self._id(), author, audience, stored, counts, viewer, comments or [], downloads=own)

    def comments(self) -> list[CommentView]:
        """Somebody's, one's own long one, and an answer from right to left."""
        mine = CommentViewer(can_edit=True, can_delete=True)
        answer = replace(
            self._comment(self.arabic, ARABIC), reply_to=self._id(), viewer=CommentViewer(liked=True)
        )
        return [
            self._comment(self.ada, "Where is this?"),
            replace(self._comment(self.long, LONG * 3), viewer=mine, edited_at=NOW),
            answer,
        ]

    def _comment(self, author: Person, text: str) -> CommentView:
        return CommentView(
            self._id(), self._id(), author, text, None, CommentCounts(2), CommentViewer(), NOW - timedelta(days=2), None,
            ("ada",),
        )  # fmt: skip

    def profiles(self) -> list[Profile]:
        """Somebody's, one's own, a private one with long words, and one from right to left that is blocked."""
        of = self._profile
        return [
            of(self.ada, "Prints on request. @mira", MemberViewer(following="yes", followed_by=True)),
            of(self.ada, "", MemberViewer(is_self=True)),
            of(
                self.long,
                LONG,
                MemberViewer(following="requested", can_see_posts=False, muted=True),
                private=True,
            ),
            of(self.arabic, ARABIC, MemberViewer(blocked=True)),
        ]

    def _profile(self, who: Person, bio: str, viewer: MemberViewer, *, private: bool = False) -> Profile:
        return Profile(
            who.id, who.username, who.display_name, bio, "https://example.org/" if bio else "", bio[:40], who.avatar,
            private, MemberCounts(1, 12_873, 0), NOW, viewer,
        )  # fmt: skip
