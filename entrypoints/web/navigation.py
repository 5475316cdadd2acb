"""The main navigation: which pages there are, in which order, with which icon."""

from dataclasses import dataclass
from typing import Any

from entrypoints.web.translation import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One way to go. `in_bar` items stand in the bar at the foot of a narrow screen, the others in its menu."""

    href: str
    label: str
    icon: str
    current: bool = False
    count: int = 0
    in_bar: bool = True


def navigation(viewer: Any | None, path: str, *, requests: int = 0) -> tuple[NavItem, ...]:
    """The items for `viewer` (a Person, or None when signed out) on the page at `path`.

    `requests` is the number of people who wait for an answer.
    """

    def item(href: str, label: str, icon: str, *, count: int = 0, in_bar: bool = True) -> NavItem:
        current = path == href or (href != "/" and path.startswith(f"{href}/"))
        return NavItem(href=href, label=label, icon=icon, current=current, count=count, in_bar=in_bar)

    if viewer is None:
        return (item("/", _("Home"), "house"), item("/explore", _("Explore"), "compass"))
    staff = (item("/admin", _("Administration"), "shield", in_bar=False),) if viewer.role == "admin" else ()
    return (
        item("/", _("Home"), "house"),
        item("/explore", _("Explore"), "compass"),
        item("/new", _("New post"), "square-plus"),
        item("/requests", _("Requests"), "user-plus", count=requests),
        item(f"/@{viewer.username}", _("You"), "user"),
        item("/settings", _("Settings"), "settings", in_bar=False),
        *staff,
    )
