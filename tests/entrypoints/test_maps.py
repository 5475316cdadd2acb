"""Small maps: where the window is and where the pins are in it."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.web.maps import HEIGHT, WORLD, position, window


@dataclass(frozen=True)
class At:
    lat: float | None
    lon: float | None


def test_a_place_stands_in_the_middle_of_its_map() -> None:
    found = window([At(48.1, 11.6)])
    assert found is not None
    assert found.pins == ((1916, 419),)
    assert (found.x + found.width / 2, found.y + found.height / 2) == (1916, 419)
    assert found.copies == (0,)


def test_there_is_no_map_without_a_position() -> None:
    assert window([]) is None
    assert window([At(None, None)]) is None
    assert position(At(None, None)) == ""


@pytest.mark.parametrize("lon", [179.9, -179.9])
def test_a_map_goes_on_behind_the_edge_of_the_world(lon: float) -> None:
    found = window([At(-17.8, lon)])
    assert found is not None
    assert len(found.copies) == 2
    assert len(found.pins) == 1


def test_pins_on_both_sides_of_the_edge_share_a_small_map() -> None:
    found = window([At(66, 179), At(64, -172)])
    assert found is not None
    assert found.width == 1_200
    assert len(found.pins) == 2


@given(st.lists(st.builds(At, st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=8))
def test_every_pin_is_inside_its_map_and_no_map_leaves_the_world(places: list[At]) -> None:
    found = window(places)
    assert found is not None
    assert 0 <= found.y <= found.y + found.height <= HEIGHT
    assert found.width <= WORLD
    assert found.height >= found.width // 3
    for x, y in found.pins:
        assert found.x <= x <= found.x + found.width
        assert found.y <= y <= found.y + found.height
    lons = {round((each.lon + 180) * 10) % WORLD for each in places}  # type: ignore[operator]
    assert {x % WORLD for x, _ in found.pins} == lons


def test_positions_are_written_as_people_say_them() -> None:
    assert position(At(38.119, 128.465)) == "38.1° N, 128.5° E"
    assert position(At(-33.9, -70.04)) == "33.9° S, 70° W"
