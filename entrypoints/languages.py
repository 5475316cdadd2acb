"""Which languages the interface speaks: those with a catalogue in `locales/`, and English in any case.

Apart from the catalogues themselves, which commands have no use for.
"""

from pathlib import Path

LOCALES = Path(__file__).parents[1] / "locales"
SOURCE_LANGUAGE = "en"


def catalogues(root: Path = LOCALES) -> dict[str, Path]:
    """The catalogue of each language that has one, by its code such as `ru` or `pt-BR`."""
    found = sorted(root.glob("*/LC_MESSAGES/heliograph.po"))
    return {path.parents[1].name.replace("_", "-"): path for path in found}


def codes(root: Path = LOCALES) -> tuple[str, ...]:
    """The codes of all languages, in their order."""
    return tuple(sorted({SOURCE_LANGUAGE, *catalogues(root)}))
