"""The main navigation: which pages there are, in which order, with which icon."""

from dataclasses import dataclass
from typing import Any, Literal

from entrypoints.web.translation import gettext as _

Narrow = Literal["foot", "top", "menu"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One way to go. On a narrow screen it stands in the bar at its foot, in the one at its top, or in the menu.

    `counted` says what is counted.
    """

    href: str
    label: str
    icon: str
    current: bool = False
    count: int = 0
    counted: str = ""
    narrow: Narrow = "foot"


def navigation(viewer: Any | None, path: str, *, requests: int = 0, unread: int = 0) -> tuple[NavItem, ...]:
    """The items for `viewer` (a Person, or None when signed out) on the page at `path`.

    `requests` is the number of people who wait for an answer, `unread` that of unread notifications.
    """

    def item(
        href: str, label: str, icon: str, narrow: Narrow = "foot", count: int = 0, counted: str = ""
    ) -> NavItem:
        current = path == href or (href != "/" and path.startswith(f"{href}/"))
        return NavItem(
            href=href, label=label, icon=icon, current=current, count=count, counted=counted, narrow=narrow
        )

    if viewer is None:
        return (item("/", _("Home"), "house"), item("/explore", _("Explore"), "compass"))
    staff = (item("/admin", _("Administration"), "shield", "menu"),) if viewer.role == "admin" else ()
    return (
        item("/", _("Home"), "house"),
        item("/explore", _("Explore"), "compass"),
        item("/notifications", _("Notifications"), "bell", "top", unread, _("unread")),
        item("/new", _("New post"), "square-plus"),
        item("/requests", _("Requests"), "user-plus", "menu", requests, _("waiting")),
        item(f"/@{viewer.username}", _("You"), "user"),
        item("/settings", _("Settings"), "settings", "menu"),
        *staff,
    )
