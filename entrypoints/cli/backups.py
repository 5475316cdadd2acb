"""`heliograph backup`."""

import errno
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from application.backups import Manifest
from entrypoints import container
from entrypoints.cli.opening import complete, settings_of, settings_of_place
from entrypoints.cli.terminal import Failed, terminal
from entrypoints.settings import PREFIX, Settings, command


def create(file: Path, /, *, with_secrets: bool = False) -> int:
    """Write the database, every picture and the settings into one archive, also while the server runs.

    Parameters
    ----------
    file
        The archive to write; it must not exist.
    with_secrets
        Put the secret key in as well. Keep such an archive as you keep a password.
    """
    if file.exists():
        raise Failed(f"{file} is already there.", 5, "conflict")
    settings = settings_of_place()
    with container.open_database(settings, owner=False) as database:
        manifest = complete(_create(settings, database, file, with_secrets))
    lines = [f"Wrote {file} ({file.stat().st_size / 1e6:,.1f} MB): {_summary(manifest)}"]
    if not with_secrets:
        key = settings.data_dir / "secret.key"
        what = "HELIOGRAPH_SECRET_KEY" if settings.secret_key.get_secret_value() else str(key)
        lines.append(
            f"The secret key ({what}) is not in it. Where there is none, a restore makes a new one; "
            "in any case everybody signs in again."
        )
    if manifest.missing:
        lines.append(f"{_missing(manifest)} missing in the store:  {command()} media check")
    terminal.show("\n".join(lines), {"file": str(file), **_told(manifest)})
    return 1 if manifest.missing else 0


async def _create(
    settings: Settings, database: container.Database, file: Path, with_secrets: bool
) -> Manifest:
    try:
        return await container.back_up(
            settings, database, file, secrets=with_secrets, progress=terminal.progress("Copying")
        )
    except OSError as error:
        raise _disk(file, error) from None


def verify(file: Path, /) -> int:
    """Read every byte of an archive and compare it with its manifest."""
    manifest = _checked(file)
    lines = [
        f"{file} is whole, of {manifest.created_at} and Heliograph {manifest.version}: {_summary(manifest)}"
    ]
    if manifest.missing:
        lines.append(f"{_missing(manifest)} missing when it was made.")
    terminal.show("\n".join(lines), {"file": str(file), "ok": not manifest.missing, **_told(manifest)})
    return 1 if manifest.missing else 0


def _checked(file: Path) -> Manifest:
    _exists(file)
    return complete(container.check_backup(file, terminal.progress("Checking")))


def _exists(file: Path) -> None:
    if not file.exists():
        raise Failed(f"There is no file {file}.", 4, "not_found")


def restore(file: Path, /) -> int:
    """Put an archive back: into an empty place, or, once that is confirmed, over what is there. The server must not run.

    Parameters
    ----------
    file
        The archive.
    """
    settings = settings_of()
    # Where there is something, a running server and the question come before what takes long; where there is
    # nothing, a damaged archive leaves nothing.
    checked = None if container.has_place(settings) else _checked(file)
    had_key = container.has_secret(settings)
    _exists(file)
    with container.open_database(settings, owner=True) as database:
        complete(_permit(settings, database))
        manifest = checked or _checked(file)
        violations = complete(_restore(settings, database, file))
    lines = [f"Restored: {_summary(manifest)}", "Everybody signs in again."]
    if not manifest.secrets:
        kept = "The secret key of this place stays." if had_key else "A new one was made."
        lines.append(f"The secret key was not in the archive. {kept}")
    unapplied = _unapplied(complete(container.archived_settings(file)), settings)
    if unapplied:
        lines.append(f"Settings were not applied; they are in config.json of the archive: {unapplied}")
    lines += [f"{violation.count} × {violation.rule}" for violation in violations]
    told = {"ok": not violations, "violations": [asdict(violation) for violation in violations]}
    terminal.show("\n".join(lines), _told(manifest) | told)
    return 1 if violations else 0


async def _permit(settings: Settings, database: container.Database) -> None:
    """Only an empty place, unless somebody says by name which one is to be replaced. Raises Refused."""
    counts = await container.rows_in_use(settings, database)
    if counts is None:
        return
    name = await container.called(settings, database)
    posts, people = _count(counts.get("posts", 0), "post"), _count(counts.get("users", 0), "person", "people")
    terminal.confirm(f"This replaces {posts} and {people} in '{name}'.", name)


async def _restore(settings: Settings, database: container.Database, file: Path) -> list[Any]:
    try:
        return list(await container.restore_backup(settings, database, file, terminal.progress("Restoring")))
    except OSError as error:
        raise _disk(settings.data_dir, error) from None


def _disk(path: Path, error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failed(f"The disk of {path} is full. Nothing was left behind.", 1, "insufficient_storage")
    return Failed(f"{path}: {error.strerror or error}")


def _summary(manifest: Manifest) -> str:
    counts = manifest.counts
    parts = (
        _count(counts.get("users", 0), "person", "people"),
        _count(counts.get("posts", 0), "post"),
        _count(counts.get("files", 0), "file"),
        _count(len(manifest.objects), "stored object"),
    )
    return ", ".join(parts)


def _missing(manifest: Manifest) -> str:
    count = len(manifest.missing)
    return f"{_count(count, 'picture')} {'was' if count == 1 else 'were'}"


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _unapplied(archived: dict[str, Any], settings: Settings) -> str:
    """What the backed-up place had set otherwise than by default, as far as it is not in effect here."""
    here = settings.told()
    changed = {
        name: value
        for name, value in archived.items()
        if name in here and value not in (Settings.model_fields[name].default, here[name])
    }
    changed.pop("data_dir", None)  # where one restores to
    return ", ".join(
        f"{PREFIX}{name.upper()}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in changed.items()
    )


def _told(manifest: Manifest) -> dict[str, Any]:
    told = asdict(manifest)
    told["objects"] = len(manifest.objects)
    return told
