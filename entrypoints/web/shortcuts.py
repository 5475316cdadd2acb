"""The keys that do something, for the page that lists them and for the dialog that `?` opens."""

from dataclasses import dataclass

from entrypoints.web.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`keys`, pressed one after the other; each of `others` does the same."""

    keys: tuple[str, ...]
    text: str
    others: tuple[tuple[str, ...], ...] = ()


def shortcuts() -> list[tuple[str, list[Shortcut]]]:
    """The keys in groups, in the language of the reader."""
    return [
        (
            _("Everywhere"),
            [
                Shortcut(("?",), _("Show this list")),
                Shortcut(("/",), _("Search"), (("Ctrl K",), ("⌘ K",))),
                Shortcut(("g", "h"), _("Home")),
                Shortcut(("g", "e"), _("Explore")),
                Shortcut(("g", "n"), _("Notifications")),
                Shortcut(("g", "p"), _("Your own page")),
                Shortcut(("n",), _("New post")),
                Shortcut(("Esc",), _("Close what is on top, leave a field")),
            ],
        ),
        (
            _("Home"),
            [
                Shortcut(("j",), _("Next post"), (("Page Down",),)),
                Shortcut(("k",), _("Previous post"), (("Page Up",),)),
                Shortcut(("o",), _("Open the post"), (("Enter",),)),
            ],
        ),
        (
            _("A post"),
            [
                Shortcut(("l",), _("Like, or take the like back")),
                Shortcut(("s",), _("Save, or take it off the saved ones")),
                Shortcut(("c",), _("Write a comment")),
                Shortcut(("Ctrl Enter",), _("Send the comment"), (("⌘ Enter",),)),
                Shortcut(("←",), _("Photo to the left")),
                Shortcut(("→",), _("Photo to the right")),
            ],
        ),
        (
            _("Notifications"),
            [
                Shortcut(("j",), _("Next one")),
                Shortcut(("k",), _("Previous one")),
                Shortcut(("Enter",), _("Open it")),
                Shortcut(("u",), _("Mark as unread")),
                Shortcut(("Shift A",), _("Mark all as read")),
            ],
        ),
        (
            _("New post"),
            [
                Shortcut(("Ctrl Enter",), _("Post"), (("⌘ Enter",),)),
                Shortcut(("← ↑ ↓ →",), _("While cropping: move by a hundredth, with Shift by a tenth")),
                Shortcut(("+",), _("While cropping: zoom in")),
                Shortcut(("-",), _("While cropping: zoom out")),
            ],
        ),
        (
            _("A photo over the whole screen"),
            [
                Shortcut(("+",), _("Zoom in")),
                Shortcut(("-",), _("Zoom out")),
                Shortcut(("0",), _("The whole photo")),
                Shortcut(("← ↑ ↓ →",), _("Move a large photo, or turn to the next one")),
            ],
        ),
    ]
