"""What commands read from and write to: results on standard output, everything else on standard error."""

import getpass
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from domain.kernel import Invalid, msg

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red", "skip": "dim"}


class Failed(Exception):
    """A command cannot do what was asked. The text says what and what to do; `exit_code` is one of README.md's."""

    def __init__(self, text: str, exit_code: int = 1, code: str = "failed") -> None:
        self.exit_code = exit_code
        self.code = code
        super().__init__(text)


class Usage(Failed):
    """The command was not given what it needs, or something that makes no sense."""

    def __init__(self, text: str) -> None:
        super().__init__(text, 2, "usage")


class Refused(Failed):
    """It was not confirmed."""

    def __init__(self, text: str) -> None:
        super().__init__(text, 7, "refused")


@dataclass(slots=True)
class Choices:
    """What can be chosen with every command."""

    json: bool = False
    quiet: bool = False
    no_color: bool = False
    no_input: bool = False
    yes: bool = False
    config: Path | None = None


class Terminal:
    """The one of this process, set up by `choose` before a command runs."""

    def __init__(self) -> None:
        self.choose(Choices())

    def choose(self, choices: Choices) -> None:
        """Behave as the flags say."""
        self.choices = choices
        plain: dict[str, Any] = {"highlight": False, "markup": False, "soft_wrap": True, "emoji": False}
        plain |= {"no_color": True, "color_system": None} if choices.no_color else {}
        self.out, self.err = Console(**plain), Console(stderr=True, **plain)

    def say(self, text: str | Text) -> None:
        """A message for people."""
        if not self.choices.quiet:
            self.err.print(text)

    def show(self, text: str | Text, value: Any = None) -> None:
        """The result: `value` as JSON with --json, else `text`."""
        if self.choices.json:
            if value is not None:
                sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
                sys.stdout.flush()
        else:
            self.out.print(text)
            sys.stdout.flush()

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[object]], value: Any, *, empty: str = ""
    ) -> None:
        """Rows under headings, never cut, because they are also read by programs; for none the message `empty`."""
        if not rows and not self.choices.json:
            self.say(empty)
            return
        cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
        widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
        lines = [
            "  ".join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (heads, *cells)
        ]
        self.show(Text.assemble((lines[0], "bold"), "".join(f"\n{line}" for line in lines[1:])), value)

    def check(self, word: str, name: str, text: str, *, width: int = 16) -> Text:
        """One line of a list of checks: `  ok    database         3 ms`."""
        return Text.assemble("  ", (f"{word:<6}", STYLES[word]), f"{name:<{width}} {text}".rstrip())

    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return not self.choices.no_input and sys.stdin is not None and sys.stdin.isatty()

    def password(self, file: str | None, flag: str = "--password-file") -> str:
        """From `file` (`-` is standard input), else asked for without echo. Raises Usage, Failed."""
        if file == "-":
            return sys.stdin.readline().rstrip("\r\n")
        if file is not None:
            try:
                return Path(file).read_text("utf-8").splitlines()[0] if Path(file).stat().st_size else ""
            except (OSError, UnicodeDecodeError) as error:
                raise Failed(f"Cannot read {file}: {error}") from None
        if not self.can_ask():
            raise Usage(f"Nobody can be asked for the password here: give it with {flag} PATH, or {flag} -.")
        return getpass.getpass("Password: ")

    def new_password(self) -> str:
        """Asked for twice, because nobody sees what they type. Raises Invalid when both differ."""
        typed = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != typed:
            raise Invalid.field("#/password", "different", msg("These were not the same."))
        return typed

    def confirm(self, question: str, answer: str) -> None:
        """Go on only when somebody types `answer`, or with --yes. Raises Refused."""
        if self.choices.yes:
            return
        if not self.can_ask():
            raise Refused(f"{question} Nobody can be asked here: add --yes to go on.")
        sys.stderr.write(f"{question} Type {answer} to go on: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip() != answer:
            raise Refused("Nothing was changed.")

    def progress(self, label: str) -> "Progress":
        """Shows how far a long command is: on one line of a terminal, else in a line for every tenth."""
        return Progress(self, label)


class Progress:
    """Call it with (done, total)."""

    def __init__(self, terminal: Terminal, label: str) -> None:
        self._terminal = terminal
        self._label = label
        self._shown = -1

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if not self._terminal.err.is_terminal:
            percent -= percent % 10
        if percent == self._shown or self._terminal.choices.quiet:
            return
        self._shown = percent
        if self._terminal.err.is_terminal:
            sys.stderr.write(f"\r{self._label} {percent:3}%" + ("\n" if done == total else ""))
            sys.stderr.flush()
        elif percent:
            self._terminal.say(f"{self._label} {percent}%")


terminal = Terminal()
