"""`heliograph version`, `init`, `config` and `api`."""

from entrypoints import VERSION
from entrypoints.cli.terminal import terminal


def version() -> None:
    """The version."""
    terminal.show(f"Heliograph {VERSION}", {"version": VERSION})
