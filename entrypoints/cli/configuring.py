"""`heliograph version`, `init`, `config` and `api`."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from entrypoints import VERSION
from entrypoints.cli.terminal import Failed, Usage, terminal
from entrypoints.settings import (
    FILE_NAME,
    PREFIX,
    BadConfiguration,
    Settings,
    command,
    did_you_mean,
    load,
)


def version() -> None:
    """The version."""
    terminal.show(f"Heliograph {VERSION}", {"version": VERSION})


def init(folder: Path = Path(), /) -> None:
    """Write a configuration, make the folders and prepare the database.

    Parameters
    ----------
    folder
        Where it all goes.
    """
    from entrypoints import container  # noqa: PLC0415 - slow, and the other commands do without
    from entrypoints.cli.opening import complete  # noqa: PLC0415

    file = folder.resolve() / FILE_NAME
    if file.exists():
        raise Failed(f"{file} is already there. Change it, or remove it first.", 5, "conflict")
    data = file.parent / "data"
    file.parent.mkdir(parents=True, exist_ok=True)
    settings = load(Path("/dev/null"), {"data_dir": data})[0]
    (data / "media").mkdir(parents=True, exist_ok=True)
    container.read_secret(settings)
    with container.open_database(settings, owner=False) as database:
        complete(container.upgrade(settings, database, lambda name: None))
    file.write_text(_template(data), "utf-8")
    file.chmod(0o600)
    lines = (
        f"Wrote {file}",
        f"Data and the secret key are in {data}",
        "",
        f"Next:  cd {file.parent}",
        f"       {command()} user add YOUR_NAME --role admin",
        f"       {command()} serve",
    )
    terminal.show("\n".join(lines), {"config": str(file), "data_dir": str(data)})


def _template(data: Path) -> str:
    """Every setting with its meaning; those that differ from one place to the next stand ready to be changed."""
    lines = [
        "# Settings of this place. Flags of a command win over the environment (HELIOGRAPH_…), which wins over this file.",
        f"# `{command()} config show --origin` tells what is in effect and why.",
    ]
    for name, field in Settings.model_fields.items():
        value = data if name == "data_dir" else field.default
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        text = json.dumps(plain if isinstance(plain, int | bool) else str(plain), ensure_ascii=False)
        lines += ["", f"# {field.description}", f"{'' if name == 'data_dir' else '# '}{name} = {text}"]
    return "\n".join(lines) + "\n"


def show(*names: str, origin: bool = False) -> None:
    """The settings in effect, secrets masked.

    Parameters
    ----------
    names
        Only these, as they are listed or with HELIOGRAPH_ before them.
    origin
        Also where each value comes from.
    """
    settings, origins = load(terminal.choices.config)
    chosen = [_known(name) for name in names] or list(Settings.model_fields)
    values = {name: _masked(getattr(settings, name)) for name in chosen}
    meanings = {name: Settings.model_fields[name].description for name in chosen}
    if origin:
        rows = [(name, _written(value), origins[name], meanings[name]) for name, value in values.items()]
        told = {name: {"value": value, "origin": origins[name]} for name, value in values.items()}
        terminal.table(("setting", "value", "from", "meaning"), rows, told)
    else:
        rows = [(name, _written(value), meanings[name]) for name, value in values.items()]
        terminal.table(("setting", "value", "meaning"), rows, values)


def _known(name: str) -> str:
    """The setting that is meant. Raises Usage."""
    plain = name.upper().removeprefix(PREFIX).lower()
    if plain not in Settings.model_fields:
        raise Usage(f"No such setting '{name}'.{did_you_mean(plain, Settings.model_fields)}")
    return plain


def _masked(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else ""
    return str(value) if isinstance(value, Path) else value


def _written(value: Any) -> Any:
    """As the file has it."""
    return json.dumps(value) if isinstance(value, bool) else value


def check() -> None:
    """Whether the settings make sense; exit with 3 when not, which is an answer; elsewhere it is a failure, 78."""
    try:
        settings, origins = load(terminal.choices.config)
    except BadConfiguration as error:
        raise Failed(f"Configuration: {error}", 3, "configuration") from None
    changed = [name for name, where in origins.items() if where != "default"]
    text = f"{len(Settings.model_fields)} settings, {len(changed)} of them not at their default, none unknown"
    terminal.show(text, {"ok": True, "changed": changed, "origin": settings.origin})


def openapi(*, output: Path | None = None) -> None:
    """The description of the programming interface (OpenAPI 3.1).

    Parameters
    ----------
    output
        The file to write; standard output without it.
    """
    from entrypoints import server  # noqa: PLC0415, F401 - registers them
    from entrypoints.api import openapi as descriptions  # noqa: PLC0415 - loads every operation

    content = descriptions.document(load(terminal.choices.config)[0].origin)[0]
    if output is None:
        sys.stdout.write(content.decode() + "\n")
    else:
        output.write_bytes(content + b"\n")
        terminal.say(f"Wrote {output}")
