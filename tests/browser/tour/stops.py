"""Every page that is visited, and as whom. A page of the router that nobody visits fails the tour."""

import re
from dataclasses import dataclass
from typing import Any

from tests.api.test_page_authorization import spelled_out

# Addresses that are no pages: files, and what programs ask for.
NO_PAGES = {
    "/static/<version:v-[^/]+>/<path:path>",
    "/robots.txt",
    "/manifest.webmanifest",
    "/sw.js",
    "/share",
    "/favicon.ico",
    "/favicon.svg",
    "/.well-known/change-password",
    "/invite/<code>",  # leads to the form for joining
    "/new/posted/<post_id:uuid>",  # leads to the post with a word about it
    "/register/name",  # what a script asks while a name is typed
    "/comments/<comment_id:uuid>/like",  # these two lead to the comment
    "/comments/<comment_id:uuid>/unlike",
    "/api",
    "/docs/api",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """One address (`{name}` is filled in from the content) as one visitor: guest, mira, quiet, nora
    (new), lea (away) or admin. What another stop shows at both sizes is seen on a phone (M) only."""

    path: str
    who: str = "mira"
    status: int = 200
    empty: bool = False
    sizes: str = "MD"

    def __str__(self) -> str:
        return f"{self.path} ({self.who})"


# Seen before anybody has joined.
FIRST = (Stop("/setup", "guest"),)

STOPS = (
    *(
        Stop(path, "guest")
        for path in (
            "/", "/explore", "/login", "/register", "/about", "/docs", "/docs/errors",
            "/docs/errors/bad_cursor", "/p/{post}", "/@{mira}", "/@{quiet}", "/tags/dawn", "/places/{place}",
            "/forgot", "/reset/{reset}", "/shortcuts", "/offline",
        )
    ),
    *(
        Stop(path, "guest", sizes="M")
        for path in ("/explore?sort=popular", "/tags/nothing.here", "/@{mira}/followers")
    ),
    Stop("/reset/expired", "guest", 410),
    Stop("/come-back", "lea"),
    *(
        Stop(path)
        for path in (
            "/", "/explore", "/explore?q=d", "/new", "/p/{post}", "/p/{ten}", "/p/{longest}", "/p/{panorama}",
            "/p/{hostile}", "/p/{scripts}", "/p/{post}/edit", "/p/{post}/delete", "/p/{post}/likes",
            "/p/{post}/originals", "/comments/{comment}/edit", "/comments/{comment}/delete", "/report?post={ten}",
            "/@{mira}", "/@{greta}", "/@{long}", "/@{quiet}", "/@{greta}/block",
            "/@{mira}/followers", "/@{mira}/saved", "/tags/dawn",
            "/places/{place}", "/settings", "/settings/profile", "/settings/account", "/settings/appearance",
            "/settings/data", "/settings/password", "/settings/privacy", "/settings/privacy/blocked",
            "/settings/security", "/settings/tokens",
            "/settings/descriptions", "/drafts", "/drafts/{draft}/delete", "/new?draft={draft}", "/shortcuts",
            "/notifications", "/notifications?show=comments", "/settings/notifications",
            "/@{mira}/places", "/p/{longest}/history", "/p/{post}/history", "/p/{post}/history/forget",
        )
    ),
    *(
        Stop(path, sizes="M")
        for path in (
            "/explore?sort=popular", "/p/{silent}", "/report?member={greta}", "/@{mira}/following", "/@{mira}/liked",
            "/settings/privacy/muted",
        )
    ),
    *(Stop(path, "nora") for path in ("/", "/@{nora}")),
    *(
        Stop(path, "nora", empty=True)
        for path in ("/@{nora}/saved", "/@{nora}/followers", "/requests", "/drafts", "/notifications")
    ),
    *(
        Stop(path, "nora", empty=True, sizes="M")
        for path in ("/@{nora}/liked", "/@{nora}/following", "/notifications?show=mentions")
    ),
    *(Stop(path, "nora") for path in ("/welcome", "/welcome/people", "/welcome/photo")),
    *(
        Stop(path, "nora", sizes="M")
        for path in ("/settings/privacy/blocked", "/settings/privacy/muted", "/settings/tokens")
    ),
    *(Stop(path, "quiet") for path in ("/requests", "/notifications", "/p/{waiting}", "/@{quiet}")),
    *(
        Stop(path, "admin")
        for path in (
            "/admin", "/admin/reports", "/admin/reports/{case}", "/admin/users", "/admin/users/{long}",
            "/admin/invites", "/admin/jobs", "/admin/audit", "/admin/settings",
        )
    ),
)  # fmt: skip

# What goes wrong; `/fail/…` is an address of the tour's own that does.
FAILURES = (
    Stop("/nothing/here", "guest", 404),
    Stop("/nothing/here", "mira", 404),
    Stop("/dev/components", "mira", 404),  # where nobody develops; test_components.py looks at it
    Stop("/p/{hidden}", "guest", 404, sizes="M"),
    Stop("/@{mira}/saved", "nora", 404, sizes="M"),
    Stop("/p/{gone}", "mira", 410),
    *(Stop(f"/fail/{status}", "guest", status) for status in (429, 500)),
    *(
        Stop(f"/fail/{status}", "guest", status, sizes="M")
        for status in (400, 401, 403, 405, 413, 415, 422, 503)
    ),
    *(Stop(f"/fail/{status}", "mira", status) for status in (429, 500)),
    Stop("/fail/503", "mira", 503, sizes="M"),
)


# What is known not to hold yet: (check, beginning of the line in the table). Whoever mends one takes it out of here.
OPEN: tuple[tuple[str, str], ...] = ()


def is_open(stop: str, check: str) -> bool:
    """Whether a complaint is one of those that wait."""
    return any(check == name and stop.startswith(start) for name, start in OPEN)


def unvisited(app: Any, stops: tuple[Stop, ...], ids: dict[str, str]) -> set[str]:
    """The router's pages that none of `stops` leads to. Addresses of forms that lead on to their page are none."""
    paths = [stop.path.format(**ids).partition("?")[0] for stop in stops]
    pages = {
        page
        for route in app.router.routes
        if "GET" in route.methods and route.name.split(".")[1].startswith("pages")
        if not route.name.split(".")[-1].startswith("find_")
        for page in spelled_out("/" + route.path.replace(":str>", ">"))
    }
    return {page for page in pages - NO_PAGES if not any(_pattern(page).fullmatch(path) for path in paths)}


def _pattern(route: str) -> re.Pattern[str]:
    """What the addresses of a route look like."""
    parts = re.split(r"<\w+(?::([^>]+))?>", route)
    kinds = {None: "[^/]+", "uuid": "[0-9a-f-]{36}", "int": "[0-9]+"}
    return re.compile(
        "".join(re.escape(p) if i % 2 == 0 else kinds.get(p, p or "") for i, p in enumerate(parts))
    )
