"""Every command with its examples. A command's module is imported when the command runs, so that help is fast."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

from cyclopts import App, CycloptsError, Group, Parameter

from entrypoints import VERSION
from entrypoints.cli.failures import report
from entrypoints.cli.terminal import Choices, terminal
from entrypoints.settings import command

_HERE = "entrypoints.cli"
_EVERYWHERE = Group("With every command", sort_key=100)
_SWITCH: dict[str, Any] = {"negative": "", "group": _EVERYWHERE, "show_default": False}

# Name, where the function is, what it does, two examples.
_PLAIN = (
    ("demo", "serving:demo", "a place with people and photos", "demo", "demo --port 9000"),
    ("init", "configuring:init", "write a configuration and prepare the data folder", "init", "init /srv/photos"),
    ("serve", "serving:serve", "the web server", "serve", "serve --port 80 --workers 2"),
    ("migrate", "upkeep:migrate", "bring the database up to date, or to a step of it", "migrate", "migrate --to 0001"),
    ("doctor", "doctor:doctor", "look for problems", "doctor", "doctor --fix"),
    ("status", "upkeep:status", "the numbers of this place", "status", "status --json"),
    ("seed", "filling:seed", "demo content into this place", "seed", "seed --people 6 --posts 8"),
    ("verify", "upkeep:verify", "check every rule that the data must keep", "verify", "verify --json"),
    ("version", "configuring:version", "the version", "version", "version --json"),
)  # fmt: skip
_NOUNS: dict[str, tuple[str, tuple[tuple[str, str, str, str, str], ...]]] = {
    "user": ("accounts", (
        ("add", "people:add", "make an account", "user add mira", "user add mira --role admin --password-file pw.txt"),
        ("list", "people:list_users", "all accounts", "user list", "user list --json"),
        ("show", "people:show", "one account", "user show mira", "user show mira --json"),
        ("password", "people:password", "set a password and sign out everywhere",
         "user password mira", "user password mira --password-file -"),
        ("reset", "people:reset", "a link with which somebody chooses a new password",
         "user reset mira", "user reset mira --json"),
        ("role", "people:role", "make a member or an administrator", "user role mira admin", "user role mira member"),
        ("suspend", "people:suspend", "hide somebody", "user suspend mira", "user suspend mira --json"),
        ("restore", "people:restore", "take a suspension back", "user restore mira", "user restore mira --quiet"),
        ("import", "people:bring", "make an account of an archive from elsewhere",
         "user import mira.zip", "user import mira.zip --name mira --password-file pw.txt"),
        ("delete", "people:delete", "delete an account for good", "user delete mira", "user delete mira --yes"),
    )),
    "invite": ("invitations", (
        ("create", "people:create_invite", "make one", "invite create", "invite create --uses 10 --days 7"),
        ("list", "people:list_invites", "those that can be used", "invite list", "invite list --json"),
        ("revoke", "people:revoke_invite", "make one useless", "invite revoke CODE", "invite revoke CODE --quiet"),
    )),
    "token": ("access for programs", (
        ("create", "people:create_token", "make one; it is shown once",
         "token create mira", "token create mira --name backup --scope read"),
        ("list", "people:list_tokens", "those of somebody", "token list mira", "token list mira --json"),
        ("revoke", "people:revoke_token", "make one useless", "token revoke mira ID", "token revoke mira ID --quiet"),
    )),
    "jobs": ("background work", (
        ("list", "upkeep:list_jobs", "what waits and what was given up", "jobs list", "jobs list --json"),
        ("retry", "upkeep:retry_jobs", "give the given-up ones a fresh start", "jobs retry", "jobs retry EVENT"),
    )),
    "media": ("stored pictures", (
        ("check", "upkeep:check_media", "compare pictures with the database", "media check", "media check --json"),
        ("gc", "upkeep:collect_garbage", "remove pictures that nothing refers to",
         "media gc --dry-run", "media gc"),
    )),
    "config": ("settings", (
        ("show", "configuring:show", "the settings in effect", "config show", "config show --origin"),
        ("check", "configuring:check", "whether they make sense", "config check", "config check --config FILE"),
    )),
    "backup": ("one archive with everything", (
        ("create", "backups:create", "write one, also while the server runs",
         "backup create photos.tar", "backup create photos.tar --with-secrets"),
        ("verify", "backups:verify", "check one", "backup verify photos.tar", "backup verify photos.tar --json"),
        ("restore", "backups:restore", "put one back, into an empty place or over what is there",
         "backup restore photos.tar", "backup restore photos.tar --config other.toml"),
    )),
    "api": ("the programming interface", (
        ("openapi", "configuring:openapi", "its description", "api openapi", "api openapi --output openapi.json"),
    )),
}  # fmt: skip


def build() -> App:
    """The tree of commands."""
    app = App(
        name="heliograph",
        help="A photo-sharing community that you host yourself.",
        help_prologue=_examples("demo", "user add mira --role admin"),
        help_format="plaintext",
        version=VERSION,
    )
    for name, where, what, *examples in _PLAIN:
        app.command(f"{_HERE}.{where}", name=name, help=what.capitalize(), help_prologue=_examples(*examples))
    for noun, (about, verbs) in _NOUNS.items():
        group = App(name=noun, help=about.capitalize(), help_prologue=_examples(verbs[0][3], verbs[-1][4]))
        for name, where, what, *examples in verbs:
            group.command(
                f"{_HERE}.{where}", name=name, help=what.capitalize(), help_prologue=_examples(*examples)
            )
        app.command(group)
    app.meta.default(_launcher(app))
    app.suppress_keyboard_interrupt = app.meta.suppress_keyboard_interrupt = (
        False  # it would end without a word
    )
    return app


def _examples(*lines: str) -> str:
    return "\n".join(["Examples:", *(f"  {command()} {line}" for line in lines)])


def _launcher(app: App) -> Any:
    def launch(
        *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        json: Annotated[bool, Parameter(help="The result as JSON.", **_SWITCH)] = False,
        quiet: Annotated[bool, Parameter(help="Only results and errors.", **_SWITCH)] = False,
        no_color: Annotated[bool, Parameter(help="Without colours.", **_SWITCH)] = False,
        no_input: Annotated[bool, Parameter(help="Never ask.", **_SWITCH)] = False,
        yes: Annotated[bool, Parameter(help="Confirm beforehand.", **_SWITCH)] = False,
        config: Annotated[
            Path | None, Parameter(help="The file with the settings.", group=_EVERYWHERE)
        ] = None,
    ) -> Any:
        terminal.choose(Choices(json, quiet, no_color, no_input, yes, config))
        return app(tokens, exit_on_error=False, print_error=False, result_action="return_value")

    return launch


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code."""
    if "--no-color" in arguments:
        # Help is printed before anybody looks at flags.
        os.environ["NO_COLOR"] = "1"
    if "--json" in arguments:
        terminal.choose(Choices(json=True))
    signal.signal(signal.SIGTERM, _terminated)
    try:
        result = build().meta(
            list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except (CycloptsError, Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - told in one line, not by a traceback
        return report(error)
    return result if isinstance(result, int) else 0


def _terminated(*_: object) -> NoReturn:
    """SIGTERM closes what is open on the way out, as Ctrl C does."""
    raise SystemExit(128 + signal.SIGTERM)
