"""Sentences that both pages and programs are told, in the reader's language."""

from application.meeting import Met
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
