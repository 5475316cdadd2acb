"""Settings: from the environment (`HELIOGRAPH_…`), then from a TOML file, then the defaults below.

A name that is not known and a value that makes no sense stop the start, because a misspelt setting that is silently
ignored is found out too late.
"""

import difflib
import os
import shutil
import socket
import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from entrypoints import languages

PREFIX = "HELIOGRAPH_"
FILE_NAME = "heliograph.toml"
EXIT_CONFIGURATION = 78


@cache
def command() -> str:
    """What to type for this program here: its name where the shell finds it, else where it stands."""
    beside = Path(sys.executable).with_name("heliograph")
    if shutil.which("heliograph") or not beside.exists():
        return "heliograph"
    here = Path.cwd()
    return str(beside.relative_to(here) if beside.is_relative_to(here) else beside)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """A question about the known name that is most like the wrong one, after a space; nothing when none is."""
    close = difflib.get_close_matches(wrong, list(known), 1)
    return f" Did you mean '{close[0]}'?" if close else ""


class BadConfiguration(Exception):
    """A setting is unknown or makes no sense. The text names it, what is wrong, and where it came from."""


class Settings(BaseSettings):
    """Everything an operator can choose. Field names in capitals behind `HELIOGRAPH_` are the environment's names."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    SECRETS: ClassVar = ("database_url", "secret_key")

    data_dir: Path = Field(Path("data"), description="Folder of the database, the media and the secret key.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Web processes.")
    public_url: str = Field("", description="Address that people type, such as https://photos.example.org.")
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Proxies in front that append to X-Forwarded-For."
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="PostgreSQL 15+ to use instead of the embedded one."
    )
    database_pool: int = Field(8, ge=2, le=100, description="Database connections of each web process.")
    secret_key: SecretStr = Field(
        SecretStr(""), description="At least 32 characters; kept in the data folder if empty."
    )
    instance_name: str = Field(
        "",
        max_length=60,
        description="What the place is called; if empty, as it was named in the browser, or Heliograph.",
    )
    language: str = Field(
        "en", description="Language for those whose browser asks for none that is spoken here: en, ko or ru."
    )
    sign_up: Literal["open", "invite", "closed"] = Field(
        "open", description="Who may join: open, invite or closed."
    )
    max_upload_mb: int = Field(20, ge=1, le=20, description="Largest picture, in MiB.")
    quota_mb: int = Field(5_000, ge=1, description="Room for each member's originals, in MiB.")
    image_workers: int = Field(0, ge=0, le=64, description="Pictures decoded at once; 0 means one per core.")
    log_format: Literal["text", "json"] = Field("text", description="How log lines look: text or json.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="What is logged: debug, info, warning or error."
    )
    relax_loopback: bool = Field(False, description="No limits of frequency for this machine (the demo).")

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/")):
            raise ValueError("give scheme and host only, such as https://photos.example.org")
        return value.rstrip("/")

    @field_validator("language")
    @classmethod
    def _is_spoken(cls, value: str) -> str:
        if value not in languages.codes():
            raise ValueError(f"choose among {', '.join(languages.codes())}")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and len(value.get_secret_value()) < 32:
            raise ValueError("at least 32 characters")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url and urlsplit(url).scheme not in ("postgres", "postgresql"):
            raise ValueError("only postgresql:// addresses are understood")
        return value

    @property
    def secure(self) -> bool:
        """Whether people come by https, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    @property
    def origin(self) -> str:
        """The public address, or the one we listen on, as others in the local network can type it."""
        return self.public_url or f"http://{_reachable(self.host)}:{self.port}"

    def told(self) -> dict[str, Any]:
        """Every value, secrets too, as JSON can carry it to a process of ours."""
        plain = {name: getattr(self, name).get_secret_value() for name in self.SECRETS}
        return self.model_dump(mode="json") | plain


@cache
def _reachable(host: str) -> str:
    """A host as it stands in addresses; for all interfaces that of the one which leads out of this machine."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - somebody chose it
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                # Sends nothing: it only asks the machine for the way. The address is one of those for documentation.
                probe.connect(("203.0.113.1", 9))
                return str(probe.getsockname()[0])
            except OSError:
                return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


# What tools of ours set for themselves, not for people.
_NOT_SETTINGS = {"HELIOGRAPH_CONFIG", "HELIOGRAPH_PAGES", "HELIOGRAPH_SHOTS"}


def load(
    file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each where its value came from. Raises BadConfiguration.

    `file` defaults to `HELIOGRAPH_CONFIG`, then to `heliograph.toml` in the working directory if it is there.
    """
    from_file, path = _read_file(file, environ)
    from_env = _read_environment(environ)
    flags = {name: value for name, value in (overrides or {}).items() if value is not None}
    origins = dict.fromkeys(Settings.model_fields, "default")
    origins |= dict.fromkeys(from_file, str(path)) | {n: f"{PREFIX}{n.upper()}" for n in from_env}
    origins |= dict.fromkeys(flags, "command line")
    try:
        # Init arguments win over pydantic's own sources, and every source is read above already.
        return Settings(**(from_file | from_env | flags)), origins
    except ValidationError as error:
        lines = [f"{e['loc'][0]}: {e['msg']} ({origins.get(str(e['loc'][0]), '?')})" for e in error.errors()]
        raise BadConfiguration("; ".join(lines)) from None


def _read_environment(environ: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name in _NOT_SETTINGS:
            continue
        field, is_file = name.removeprefix(PREFIX).lower(), False
        if field.endswith("_file") and field.removesuffix("_file") in Settings.model_fields:
            field, is_file = field.removesuffix("_file"), True
        if field not in Settings.model_fields:
            known = [PREFIX + known.upper() for known in Settings.model_fields]
            raise BadConfiguration(
                f"{name} is not a setting.{did_you_mean(name, known)} `{command()} config show` lists them all."
            )
        values[field] = _read_secret(name, value) if is_file else value
    return values


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadConfiguration(f"{name}: cannot read {path}: {error.strerror}") from None


def _read_file(file: Path | None, environ: Mapping[str, str]) -> tuple[dict[str, Any], Path | None]:
    path = file or (Path(environ["HELIOGRAPH_CONFIG"]) if environ.get("HELIOGRAPH_CONFIG") else None)
    if path is None:
        path = Path(FILE_NAME)
        if not path.exists():
            return {}, None
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfiguration(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path}: {error}") from None
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        hint = did_you_mean(unknown[0], Settings.model_fields)
        raise BadConfiguration(f"{path}: {', '.join(unknown)} is not a setting.{hint}")
    return values, path
