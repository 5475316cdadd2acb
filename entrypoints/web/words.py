"""Sentences that both pages and programs are told, in the reader's language."""

from collections.abc import Callable, Iterator, Sequence

from application.meeting import Met
from application.notifying import NotificationView
from application.views import Person
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
    return "".join(piece for _kind, piece in happening(told))


def happening(told: NotificationView) -> Iterator[tuple[str, str]]:
    """The same cut into (`name` or `text`, piece), so that a template can mark the names."""
    if told.actors:
        sentence = _SENTENCES[told.type, told.comment is not None]()
        return _telling(sentence, [person.name for person in told.actors], told.others)
    if told.file is not None:
        return _cut(_("%(name)s could not be processed") % {"name": _place(0)}, [told.file[1]])
    return _cut(_("Your archive is ready"), [])


def asking(people: Sequence[Person], count: int) -> Iterator[tuple[str, str]]:
    """Who waits for an answer, in the same pieces: `count` in all, of whom some are named."""
    sentence = _SENTENCES["follow_request", False]()
    return _telling(sentence, [person.name for person in people], max(0, count - len(people)))


def _telling(sentence: str, names: Sequence[str], others: int) -> Iterator[tuple[str, str]]:
    places = [_place(number) for number in range(len(names))]
    return _cut(sentence % {"who": _joined(places, others)}, names)


def _place(number: int) -> str:
    """Stands for a name while the sentence is put together; no catalogue has such a character."""
    return f"\0{number}\0"


def _cut(sentence: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for at, piece in enumerate(sentence.split("\0")):
        if at % 2:
            yield "name", names[int(piece)]
        elif piece:
            yield "text", piece


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
