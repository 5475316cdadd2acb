"""What the papers say is so: the tests that the feature table names exist, and so do the settings of the README."""

import re
from pathlib import Path
from typing import Literal, get_args, get_origin

from application.reactions import REACTIONS
from entrypoints.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
ARCHITECTURE = (ROOT / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_feature_table_names_tests_that_exist_and_no_whole_files() -> None:
    named = re.findall(r"`((?:[\w]+/)+test_\w+\.py)(?:::(\w+))?`", ARCHITECTURE)
    assert len(named) > 40
    rows = [line for line in ARCHITECTURE.splitlines() if re.match(r"\| \d\.\d", line)]
    whole = [row for row in rows if re.search(r"test_\w+\.py`", row)]
    assert not whole, whole
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / "tests" / file).exists()
        or (name and f"def {name}(" not in (ROOT / "tests" / file).read_text(encoding="utf-8"))
    ]
    assert not missing, missing


def test_every_row_has_its_line() -> None:
    rows = set()
    for first, last in re.findall(r"^\| (\d\.\d+)(?:–(\d\.\d+))? \|", ARCHITECTURE, re.M):
        group, start = first.split(".")
        end = last.split(".")[1] if last else start
        rows |= {f"{group}.{number}" for number in range(int(start), int(end) + 1)}
    sizes = {0: 40, 1: 29, 2: 11, 3: 17, 4: 5}
    assert rows == {f"{group}.{n}" for group, size in sizes.items() for n in range(1, size + 1)}


def test_the_table_of_reactions_is_the_code() -> None:
    for event, reactions in REACTIONS.items():
        line = re.search(rf"^\| `{event.__name__}` \|.*$", ARCHITECTURE, re.M)
        assert line, event.__name__
        assert all(f"`{reaction.__name__}`" in line.group(0) for reaction in reactions)


def test_every_goal_of_a_test_is_explained_and_no_other() -> None:
    used: set[str] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        used |= set(re.findall(r'mark\.goal\("(\w+)"\)', file.read_text(encoding="utf-8")))
    assert len(used) > 40
    explained = re.findall(r"^\| ([A-Z]\d) \| \w.+\. \|$", CONTRIBUTING, re.M)
    assert sorted(explained) == sorted(used)


def test_every_setting_is_in_the_readme() -> None:
    for name, field in Settings.model_fields.items():
        assert f"`{PREFIX}{name.upper()}`" in README, name
        row = next(line for line in README.splitlines() if line.startswith(f"| `{PREFIX}{name.upper()}`"))
        assert (field.description or "?") in row, name
        for choice in get_args(field.annotation) if get_origin(field.annotation) is Literal else ():
            assert choice in row.rpartition("|")[0].rpartition("|")[2], (name, choice)


def test_the_pictures_of_the_readme_are_there_for_both_themes_and_small() -> None:
    shown = re.findall(r'srcset="(docs/[^"]+)"><img src="(docs/[^"]+)"', README)
    assert len(shown) == 2
    for dark, light in shown:
        assert dark == light.replace("-light", "-dark")
        assert max((ROOT / each).stat().st_size for each in (dark, light)) <= 150_000
    for language in ("ru", "ko"):
        short = (ROOT / f"README.{language}.md").read_text(encoding="utf-8")
        assert re.findall(r'srcset="(docs/[^"]+)"><img src="(docs/[^"]+)"', short) == shown
