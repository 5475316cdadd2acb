"""The command `heliograph`: one module per group of commands; `commands.py` lists them all."""

import gc
import sys
from typing import NoReturn

# Whether Ctrl C came while Python called back something that cannot raise, so that nobody heard of it.
interrupted = False


def main() -> NoReturn:
    """Run the command line of this process and exit with what README.md says about exit codes."""
    try:
        sys.unraisablehook = _note
        sys.exit(_run())
    except KeyboardInterrupt:  # while the command itself was still being loaded
        sys.stderr.write("\nStopped.\n")
        sys.exit(130)


def _note(lost: "sys.UnraisableHookArgs") -> None:
    global interrupted  # noqa: PLW0603 - the one place where it is set
    if lost.exc_type is KeyboardInterrupt:
        interrupted = True
    else:
        sys.__unraisablehook__(lost)


def _run() -> int:
    # Importing makes many objects and no garbage; looking for some again and again is a seventh of a short command.
    gc.set_threshold(100_000, 20, 20)
    from entrypoints.cli.commands import run  # noqa: PLC0415 - so that importing this package costs nothing

    return run(sys.argv[1:])
