"""Sentences that both pages and programs are told, in the reader's language."""

from collections.abc import Callable, Sequence

from application.meeting import Met
from application.notifying import NotificationView
from entrypoints.web.translation import gettext as _
from entrypoints.web.translation import ngettext


def why_met(met: Met) -> str:
    """Why somebody is suggested: `Followed by mira, Noor and 3 others`, `Popular here`."""
    through = met.through
    if not through.count:
        return _("Popular here")
    names = {f"n{number}": person.name for number, person in enumerate(through.named, 1)}
    if len(names) == 1:
        return _("Followed by %(n1)s") % names
    if not through.unnamed:
        return _("Followed by %(n1)s and %(n2)s") % names
    return ngettext(
        "Followed by %(n1)s, %(n2)s and %(num)s other",
        "Followed by %(n1)s, %(n2)s and %(num)s others",
        through.unnamed,
    ) % (names | {"num": through.unnamed})


def what_happened(told: NotificationView) -> str:
    """A notification as a sentence: `mira, Noor and 3 others liked your photo`."""
    names = [person.name for person in told.actors]
    if not names:
        return _without_actor(told)
    return _SENTENCES[told.type, told.comment is not None]() % {"who": _joined(names, told.others)}


def _without_actor(told: NotificationView) -> str:
    if told.file is not None:
        return _("%(name)s could not be processed") % {"name": told.file[1]}
    return _("Your archive is ready")


def _joined(names: Sequence[str], others: int) -> str:
    named = {f"n{number}": name for number, name in enumerate(names[:2], 1)}
    more = others + len(names) - 2
    if len(names) == 1:
        return names[0]
    if more <= 0:
        return _("%(n1)s and %(n2)s") % named
    return ngettext("%(n1)s, %(n2)s and %(num)s other", "%(n1)s, %(n2)s and %(num)s others", more) % (
        named | {"num": more}
    )


# By type, and whether it is about a comment.
_SENTENCES: dict[tuple[str, bool], Callable[[], str]] = {
    ("like", False): lambda: _("%(who)s liked your photo"),
    ("like", True): lambda: _("%(who)s liked your comment"),
    ("comment", True): lambda: _("%(who)s commented on your photo"),
    ("reply", True): lambda: _("%(who)s answered your comment"),
    ("mention", True): lambda: _("%(who)s mentioned you in a comment"),
    ("mention", False): lambda: _("%(who)s mentioned you"),
    ("follow", False): lambda: _("%(who)s started following you"),
    ("follow_request", False): lambda: _("%(who)s asked to follow you"),
    ("follow_accepted", False): lambda: _("%(who)s accepted your request"),
    ("new_post", False): lambda: _("%(who)s posted a photo"),
}
