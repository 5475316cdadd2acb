"""`heliograph backup`."""

import errno
from dataclasses import asdict
from pathlib import Path
from typing import Any

from application.backups import Manifest
from entrypoints import container
from entrypoints.cli.opening import complete, settings_of, settings_of_place
from entrypoints.cli.terminal import Failed, terminal
from entrypoints.settings import Settings, command


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
            f"The secret key is not in it. Keep {what} elsewhere, or everybody's open forms end at a restore."
        )
    if manifest.missing:
        lines.append(f"{len(manifest.missing)} pictures were missing in the store:  {command()} media check")
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
        lines.append(f"{len(manifest.missing)} pictures were missing when it was made.")
    terminal.show("\n".join(lines), {"file": str(file), "ok": not manifest.missing, **_told(manifest)})
    return 1 if manifest.missing else 0


def _checked(file: Path) -> Manifest:
    if not file.exists():
        raise Failed(f"There is no file {file}.", 4, "not_found")
    return complete(container.check_backup(file, terminal.progress("Checking")))


def restore(file: Path, /) -> int:
    """Put an archive back: into an empty place, or, once that is confirmed, over what is there. The server must not run.

    Parameters
    ----------
    file
        The archive.
    """
    manifest = _checked(file)
    settings = settings_of()
    with container.open_database(settings, owner=True) as database:
        complete(_permit(settings, database))
        violations = complete(_restore(settings, database, file))
    lines = [f"Restored: {_summary(manifest)}", "Everybody signs in again."]
    if not manifest.secrets:
        lines.append(
            "The secret key was not in the archive: put your copy into the data folder, or keep the new one."
        )
    lines += [f"{violation.count} × {violation.rule}" for violation in violations]
    told = {"ok": not violations, "violations": [asdict(violation) for violation in violations]}
    terminal.show("\n".join(lines), _told(manifest) | told)
    return 1 if violations else 0


async def _permit(settings: Settings, database: container.Database) -> None:
    """Only an empty place, unless somebody says by name which one is to be replaced. Raises Refused."""
    counts = await container.rows_in_use(settings, database)
    if counts is None:
        return
    name = settings.instance_name
    terminal.confirm(
        f"This replaces {counts.get('posts', 0):,} posts and {counts.get('users', 0):,} people in '{name}'.",
        name,
    )


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
    return (
        f"{counts.get('users', 0):,} people, {counts.get('posts', 0):,} posts, {counts.get('files', 0):,} files, "
        f"{len(manifest.objects):,} stored objects"
    )


def _told(manifest: Manifest) -> dict[str, Any]:
    told = asdict(manifest)
    told["objects"] = len(manifest.objects)
    return told
