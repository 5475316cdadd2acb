"""A language that nobody speaks: English with accents and brackets, and longer by two fifths.

On a page in it, what has no brackets was never given to the translators, and what is cut off would be so in other
languages too.
"""

import math
import re
from gettext import NullTranslations

_ACCENTS = str.maketrans("aceinouyACEINOUY", "åçéîñöûýÅÇÉÎÑÖÛÝ")
# What the program fills in, and marks of the markup.
_KEPT = re.compile(r"(%\(\w+\)[a-z]|%%|\{\w*\}|<[^<>]+>|&\w+;)")
_LONGER = 0.4
_FILLER = "ôñé twö thréé föûr fîvé sîx sévéñ éîght ñîñé téñ "


def accented(text: str) -> str:
    """`[Såvé ôñé]`: all of `text`, readable still, with what is filled in left alone."""
    pieces = _KEPT.split(text)
    pieces[::2] = [piece.translate(_ACCENTS) for piece in pieces[::2]]
    more = math.ceil(sum(map(len, pieces[::2])) * _LONGER) - 3
    filler = (" " + (_FILLER * (more // len(_FILLER) + 1))[:more].rstrip()) if more > 0 else ""
    return f"[{''.join(pieces)}{filler}]"


class Accented(NullTranslations):
    """Makes its words when they are asked for; plurals as in English."""

    def gettext(self, message: str) -> str:
        return accented(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return accented(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return accented(message)

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return accented(msgid1 if n == 1 else msgid2)
