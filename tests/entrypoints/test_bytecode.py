"""Compiled templates are kept between starts. What is found there is run only if this very server has put it there."""

import os
import stat
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from entrypoints.web import site
from entrypoints.web.bytecode import SealedBytecode
from entrypoints.web.rendering import TEMPLATES
from tests.entrypoints.test_web_base import a_shell

SECRET = b"a secret of tests that is long enough"
SOURCES = {"one.html": "{{ words }} {% include 'ui/two.html' %}", "ui/two.html": "{{ 'app.css' | static }}"}
SHOWN = "Morning /static/v-1/app.css"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "templates"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the templates that are compiled while the test runs."""
    names: list[str] = []
    compile_one = Environment.compile

    def count(self, source, name=None, filename=None, **more):
        names.append(name)
        return compile_one(self, source, name, filename, **more)

    monkeypatch.setattr(Environment, "compile", count)
    return names


def start(
    folder: Path, *, secret: bytes = SECRET, basis: str = "1", sources: dict[str, str] = SOURCES
) -> str:
    """What is shown by a server that has just started."""
    environment = Environment(
        autoescape=True, loader=DictLoader(sources), bytecode_cache=SealedBytecode(folder, secret, basis)
    )
    environment.filters["static"] = lambda path: f"/static/v-{basis}/{path}"
    return environment.get_template("one.html").render(words="Morning")


def test_a_second_start_compiles_nothing_and_shows_the_same(folder, compiled):
    values = {"status": 404, "code": "not_found", "message": "Nothing.", "request_id": "1"}
    first, second = (
        (site.load(folder, SECRET).pages.render("errors/error.html", a_shell(), **values), len(compiled))
        for _ in range(2)
    )
    assert first == second
    assert second[1] == len(list(TEMPLATES.rglob("*.html"))) == len(list(folder.iterdir()))
    for path in (folder, folder.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_what_somebody_else_put_there_is_never_run(folder, compiled):
    evil = {name: "Evil" for name in SOURCES}
    assert start(folder, secret=b"the secret of another server, also long enough", sources=evil) == "Evil"
    compiled.clear()
    assert start(folder) == SHOWN
    assert sorted(compiled) == sorted(SOURCES)
    # A file of ours under another name is not ours either.
    one, other = folder.iterdir()
    one.write_bytes(other.read_bytes())
    assert start(folder) == SHOWN
    assert len(compiled) == 3


@pytest.mark.parametrize("damage", [b"", b"j2", b"\0" * 4_000, os.urandom(4_000), None])
def test_damaged_files_are_made_anew(folder, compiled, damage):
    start(folder)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-100] if damage is None else damage)
    compiled.clear()
    assert [start(folder), start(folder)] == [SHOWN, SHOWN]
    assert sorted(compiled) == sorted(SOURCES)


@pytest.mark.parametrize("in_the_way", ["a file", "a link to nowhere", "nothing above it", "folders"])
def test_a_folder_that_cannot_be_used_does_not_stop_the_start(folder, compiled, in_the_way):
    if in_the_way == "a file":
        folder.parent.write_text("")
    elif in_the_way == "a link to nowhere":
        folder.parent.symlink_to(folder.parent.parent / "nowhere")
    elif in_the_way == "nothing above it":
        folder = folder.parent / "no" / "cache" / "templates"
    else:
        start(folder)
        for path in folder.iterdir():
            path.unlink()
            path.mkdir()
    compiled.clear()
    assert [start(folder), start(folder)] == [SHOWN, SHOWN]
    assert len(compiled) == 2 * len(SOURCES)
    assert not folder.is_dir() or len(list(folder.iterdir())) == len(SOURCES)


def test_other_sources_options_and_static_files_are_compiled_anew(folder, compiled):
    start(folder)
    assert start(folder, basis="2") == "Morning /static/v-2/app.css"
    assert start(folder, basis="2", sources=SOURCES | {"ui/two.html": "Rain"}) == "Morning Rain"
    assert len(compiled) == 2 + 2 + 1
    assert len(list(folder.iterdir())) == len(SOURCES)
