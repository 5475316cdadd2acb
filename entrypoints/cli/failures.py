"""What every failure of a command is called, its exit code, and the one line or problem document that tells it."""

import os
import secrets
import sys
import traceback

from cyclopts import CycloptsError
from cyclopts.exceptions import UnknownCommandError

from domain.kernel import DomainError, Unavailable
from entrypoints.cli.terminal import Failed, terminal
from entrypoints.settings import EXIT_CONFIGURATION, PREFIX, BadConfiguration, did_you_mean, load

INTERRUPTED = 130
SERVICE_AWAY = 6
CONFLICT = 5


def report(error: BaseException) -> int:
    """Tell about the error on standard error; the exit code."""
    if isinstance(error, KeyboardInterrupt):
        terminal.say("\nStopped.")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has seen enough; what Python flushes at the end must not fail again.
        sys.stdout = None
        return 1
    exit_code, code, text = _explain(error)
    if terminal.choices.json:
        _tell_programs(error, exit_code, code, text)
    else:
        terminal.err.print(text)
    return exit_code


def _explain(error: BaseException) -> tuple[int, str, str]:
    if isinstance(error, CycloptsError):
        return 2, "usage", usage_text(error)
    if isinstance(error, BadConfiguration):
        return EXIT_CONFIGURATION, "configuration", f"Configuration: {error}"
    if isinstance(error, Failed):
        return error.exit_code, error.code, str(error)
    if isinstance(error, DomainError | Unavailable):
        return _explain_domain(error)
    return _explain_start(error)


def _explain_domain(error: DomainError | Unavailable) -> tuple[int, str, str]:
    from domain.kernel import fill  # noqa: PLC0415 - slow to import
    from entrypoints.errors import exit_code_of, failure_of  # noqa: PLC0415 - slow to import

    failure = failure_of(error)
    lines = [fill(problem.message, problem.params) for problem in failure.problems]
    fields = [problem.pointer.removeprefix("#/").replace("/", " ") for problem in failure.problems]
    text = "\n".join(f"{field}: {line}" for field, line in zip(fields, lines, strict=True))
    if isinstance(error, Unavailable):
        text = f"{failure.message} {str(error)[:1].upper()}{str(error)[1:]}."
    return exit_code_of(error), failure.code, text or fill(failure.message, failure.params)


def _explain_start(error: BaseException) -> tuple[int, str, str]:
    """What only a program that has opened a database can meet."""
    from entrypoints import container  # noqa: PLC0415 - loaded by then, but not for `heliograph version`

    kinds: tuple[tuple[tuple[type[BaseException], ...], int, str], ...] = (
        ((container.AlreadyRunning,), CONFLICT, "already_running"),
        ((container.SchemaTooNew, container.VersionMismatch), 1, "version"),
        ((container.EmbeddedUnavailable, container.StartFailed), SERVICE_AWAY, "unavailable"),
        ((container.BackupFailed, container.DamagedArchive), 1, "backup"),
    )
    for types, exit_code, code in kinds:
        if isinstance(error, types):
            return exit_code, code, str(error)
    if isinstance(error, container.DATABASE_REFUSES):
        return SERVICE_AWAY, "unavailable", f"The database refuses: {error}"
    if isinstance(error, OSError):
        return 1, "failed", f"{error.strerror or type(error).__name__}: {error.filename or error}"
    return 1, "internal", _unexpected(error)


def _unexpected(error: BaseException) -> str:
    if os.environ.get(f"{PREFIX}LOG_LEVEL") == "debug":
        return "".join(traceback.format_exception(error)).rstrip()
    return (
        f"Something failed that should not: {type(error).__name__}: {error}\n"
        f"With {PREFIX}LOG_LEVEL=debug the same command shows where."
    )


def usage_text(error: CycloptsError) -> str:
    """The library's sentence in our words."""
    if not isinstance(error, UnknownCommandError):
        return str(error).replace('"', "'")
    # Not the library's own suggestion: it imports every command to make one.
    wrong = error.unused_tokens[0] if error.unused_tokens else ""
    known = list(error.app or ()) if error.app is not None else []
    hint = did_you_mean(wrong, [name for name in known if not name.startswith("-")])
    return f"No such command '{wrong}'.{hint}"


def _tell_programs(error: BaseException, exit_code: int, code: str, text: str) -> None:
    from entrypoints.errors import Failure, failure_of, problem_document  # noqa: PLC0415 - slow to import

    statuses = {2: 400, 4: 404, CONFLICT: 409, SERVICE_AWAY: 503, 7: 403}
    if isinstance(error, DomainError | Unavailable):
        failure = failure_of(error)
    else:
        failure = Failure(statuses.get(exit_code, 500), code, text, {})
    sys.stderr.write(problem_document(failure, _origin(), secrets.token_hex(8)).decode() + "\n")


def _origin() -> str:
    try:
        return load(terminal.choices.config)[0].origin
    except BadConfiguration:
        return ""
