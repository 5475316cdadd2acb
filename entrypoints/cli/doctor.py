"""`heliograph doctor`: one check per thing that can be wrong, each with what to do about it."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from application.program import Application
from domain.kernel import Unavailable
from entrypoints import VERSION, container
from entrypoints.cli.opening import complete, step_number
from entrypoints.cli.terminal import Usage, terminal
from entrypoints.settings import BadConfiguration, Settings, command, did_you_mean, load
from entrypoints.web.assets import STATIC, Assets

Status = Literal["ok", "warn", "fail", "skip"]

LEAST_FREE_BYTES = 10 * 10**9
LATE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: `hint` is the command that helps, if one does; `ms` is how long the check took."""

    name: str
    status: Status
    message: str
    hint: str = ""
    ms: int = 0


@dataclass(slots=True)
class Patient:
    """What checks look at. Parts stay None when an earlier check found that there is no such part."""

    fix: bool
    settings: Settings | None = None
    # Where settings that are not at their default come from: a file, a variable.
    origins: set[str] = field(default_factory=set)
    database: container.Database | None = None
    program: Application | None = None
    sync: ExitStack = field(default_factory=ExitStack)
    parts: AsyncExitStack = field(default_factory=AsyncExitStack)


# The third part is the command that helps, without its first word.
Verdict = tuple[Status, str, str]


def doctor(
    *,
    fix: bool = False,
    only: tuple[str, ...] = (),
    list_: Annotated[bool, Parameter(name="--list", negative="")] = False,
    strict: bool = False,
) -> int:
    """Look for problems; exit with 1 when there is one.

    Parameters
    ----------
    fix
        Do what can be done safely: migrate, try given-up jobs again.
    only
        The names of the checks to show.
    list_
        Only list the names of the checks.
    strict
        Warnings are problems too.
    """
    unknown = [name for name in only if name not in CHECKS]
    if unknown:
        hint = did_you_mean(unknown[0], CHECKS)
        raise Usage(f"No such check '{unknown[0]}'.{hint} There are: {', '.join(CHECKS)}.")
    if list_:
        terminal.show("\n".join(CHECKS), {"items": list(CHECKS)})
        return 0
    patient = Patient(fix)
    with patient.sync:
        found = complete(_examine(patient, only))
    return _tell(found, patient.origins, strict=strict)


async def _examine(patient: Patient, only: tuple[str, ...]) -> list[Finding]:
    """Every check, because later ones stand on what earlier ones opened; shown are those that were asked for."""
    found = []
    async with patient.parts:
        for name, look in CHECKS.items():
            began = time.perf_counter()
            status, message, hint = await _look(look, patient)
            took = round((time.perf_counter() - began) * 1000)
            if not only or name in only:
                found.append(Finding(name, status, message, hint and f"{command()} {hint}", took))
    return found


async def _look(look: Callable[[Patient], Awaitable[Verdict]], patient: Patient) -> Verdict:
    try:
        return await look(patient)
    except Unavailable as error:
        return "fail", str(error), ""
    except Exception as error:  # noqa: BLE001 - what breaks a check is a finding, and the others still run
        return "fail", f"{type(error).__name__}: {error}", ""


def _tell(found: list[Finding], origins: set[str], *, strict: bool) -> int:
    problems = sum(finding.status == "fail" for finding in found)
    warnings = sum(finding.status == "warn" for finding in found)
    bad = bool(problems or (strict and warnings))
    value = {"version": VERSION, "ok": not bad, "checks": [asdict(finding) for finding in found]}
    if terminal.choices.json:
        terminal.show("", value)
        return int(bad)
    where = ", ".join(sorted(origins)) or "none, every setting has its default"
    terminal.show(f"heliograph {VERSION}, config: {where}\n")
    for finding in found:
        terminal.show(terminal.check(finding.status, finding.name, finding.message))
    terminal.show(f"\n{_count(problems, 'problem')}, {_count(warnings, 'warning')}.")
    for finding in found:
        if finding.hint and finding.status in ("fail", "warn"):
            terminal.show(f"Next: {finding.hint}")
    return int(bad)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


# The checks, in the order in which they need each other


async def _config(patient: Patient) -> Verdict:
    try:
        patient.settings, origins = load(terminal.choices.config)
    except BadConfiguration as error:
        return "fail", str(error), "config check"
    patient.origins = set(origins.values()) - {"default"}
    return "ok", f"{len(Settings.model_fields)} settings, none unknown", ""


async def _secret_key(patient: Patient) -> Verdict:
    if patient.settings is None:
        return "skip", "no settings", ""
    if not container.has_place(patient.settings):
        return "fail", f"there is no place in {patient.settings.data_dir.resolve()}", "init"
    size = len(container.read_secret(patient.settings))
    return "ok", f"{size} bytes", ""


async def _database(patient: Patient) -> Verdict:
    settings = patient.settings
    if settings is None or not container.has_place(settings):
        return "skip", "no place", ""
    # Starting a server blocks, and the stack must end in the thread that began it.
    patient.database = patient.sync.enter_context(container.open_database(settings, owner=False))
    found = await container.schema(settings, patient.database)
    if found.missing and patient.fix:
        await container.upgrade(settings, patient.database, lambda name: terminal.say(f"Migrating: {name}"))
        found = await container.schema(settings, patient.database)
    if found.missing:
        return "fail", f"{len(found.missing)} steps behind", "migrate"
    patient.program = await patient.parts.enter_async_context(
        container.started(settings, patient.database, work=False)
    )
    began = time.perf_counter()
    await patient.program.operations.reads.ping()
    took = max(1, round((time.perf_counter() - began) * 1000))
    return "ok", f"{took} ms, schema {step_number(found.current)} of {step_number(found.expected)}", ""


async def _media_store(patient: Patient) -> Verdict:
    if patient.program is None:
        return "skip", "no database", ""
    store, key, content = patient.program.media, f"doctor/{patient.program.ids.key()}", bytes(1024)
    began = time.perf_counter()
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        await store.put(key, Path(file.name))
    read = b"".join([chunk async for chunk in store.read(key)])
    await store.delete("doctor/")
    if read != content:
        return "fail", "what was written did not come back", ""
    if not await patient.program.operations.knows_the_store():
        return "fail", "the database does not know most of what is stored: it may be another place's", ""
    return "ok", f"write, read, delete 1 KiB in {round((time.perf_counter() - began) * 1000)} ms", ""


async def _disk(patient: Patient) -> Verdict:
    if patient.settings is None or not patient.settings.data_dir.exists():
        return "skip", "no data folder", ""
    usage = shutil.disk_usage(patient.settings.data_dir)
    text = f"{usage.free / 10**9:.1f} GB free ({100 * usage.free // usage.total} %)"
    if usage.free < LEAST_FREE_BYTES:
        return "warn", f"{text}, less than {LEAST_FREE_BYTES // 10**9} GB", ""
    return "ok", text, ""


async def _image_codecs(_: Patient) -> Verdict:
    codecs = await container.image_codecs()
    broken = [name.lower() for name, works in codecs.items() if not works]
    if broken:
        return "fail", f"not working: {' '.join(broken)}", ""
    return "ok", " ".join(name.lower() for name in codecs), ""


async def _jobs(patient: Patient) -> Verdict:
    if patient.program is None:
        return "skip", "no database", ""
    if patient.fix:
        await patient.program.moderation.retry_jobs()
    now = await patient.program.operations.reads.backlog()
    if now.due and now.oldest_seconds > LATE_SECONDS:
        text = f"{now.due} jobs waiting, the oldest for {now.oldest_seconds / 60:,.0f} min"
        return "fail", text, "serve"
    if now.dead:
        return "warn", f"{now.dead} jobs were given up", "jobs list"
    return "ok", f"{now.due} waiting, none given up", ""


async def _assets(_: Patient) -> Verdict:
    assets = Assets()
    lock = json.loads((STATIC / "vendor.lock.json").read_text("utf-8"))
    wanted = {name: digest for package in lock["packages"] for name, digest in package["files"].items()}
    wrong = [name for name, digest in wanted.items() if _digest(STATIC / name) != digest]
    if wrong:
        return "fail", f"changed or missing: {', '.join(wrong[:3])}", ""
    return "ok", f"v-{assets.version}, {len(wanted)} files match the lock", ""


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


CHECKS: dict[str, Callable[[Patient], Awaitable[Verdict]]] = {
    "config": _config,
    "secret key": _secret_key,
    "database": _database,
    "media store": _media_store,
    "disk": _disk,
    "image codecs": _image_codecs,
    "jobs": _jobs,
    "assets": _assets,
}
