"""Crops, renditions, posts, comments, places and the pause before a job is tried again."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.files import Crop, Rendition
from domain.jobs import MAX_ATTEMPTS, back_off
from domain.kernel import CommentId, FileId, Invalid, PostId, UserId
from domain.posts import MAX_CAPTION, MAX_COMMENT, MAX_PHOTOS, Comment, Photo, Post, clean_place, place_id
from tests.domain.test_text import refused

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
AUTHOR = UserId(UUID(int=1))


def a_draft(photos: int = 1) -> Post:
    made = tuple(Photo(FileId(UUID(int=n))) for n in range(photos))
    return Post(PostId(UUID(int=9)), AUTHOR, made, NOW)


class TestCrop:
    @pytest.mark.parametrize(
        ("x", "y", "width", "height", "rotate"),
        [(0, 0, 1, 1, 0), (0.5, 0.5, 0.5, 0.5, 90), (0.1, 0.2, 0.9, 0.8, 180), (0, 0, 0.02, 0.02, 270)],
    )
    def test_any_part_of_the_picture_will_do(
        self, x: float, y: float, width: float, height: float, rotate: int
    ) -> None:
        assert Crop(x, y, width, height, rotate).rotate == rotate

    @pytest.mark.parametrize(
        ("parts", "code"),
        [
            ((-0.1, 0, 1, 1), "out_of_range"),
            ((0, 0, 1.1, 1), "out_of_range"),
            ((0.5, 0, 0.6, 1), "out_of_range"),
            ((0, 0.5, 1, 0.6), "out_of_range"),
            ((1, 0, 0.1, 1), "out_of_range"),
            ((0, 0, 0, 1), "out_of_range"),
            ((0, 0, -1, 1), "out_of_range"),
            ((float("nan"), 0, 1, 1), "out_of_range"),
            ((0, 0, float("nan"), 1), "out_of_range"),
            ((0, 0, float("inf"), 1), "out_of_range"),
            ((0, 0, 0.01, 1), "too_small"),
            ((0, 0, 1, 0.019), "too_small"),
            ((0, 0, 1, 1, 45), "out_of_range"),
            ((0, 0, 1, 1, -90), "out_of_range"),
        ],
    )
    def test_nothing_outside_of_it_and_no_sliver(self, parts: tuple[float, ...], code: str) -> None:
        assert refused(Crop, *parts) == code

    @given(*[st.floats(allow_nan=True, allow_infinity=True)] * 4)
    def test_whatever_is_accepted_lies_inside(self, x: float, y: float, width: float, height: float) -> None:
        try:
            crop = Crop(x, y, width, height)
        except Invalid:
            return
        assert 0 <= crop.x < crop.x + crop.width <= 1.000_001
        assert 0 <= crop.y < crop.y + crop.height <= 1.000_001


class TestPost:
    def test_one_to_ten_photos_each_once(self) -> None:
        assert len(a_draft(MAX_PHOTOS).photos) == MAX_PHOTOS
        assert refused(a_draft, 0) == "bad_count"
        assert refused(a_draft, MAX_PHOTOS + 1) == "bad_count"
        twice = (Photo(FileId(UUID(int=1))),) * 2
        assert refused(Post, PostId(UUID(int=9)), AUTHOR, twice, NOW) == "repeated"

    def test_tags_and_mentions_follow_from_the_caption(self) -> None:
        post = a_draft()
        post.write(" Off to #Nordhamn with @Mira ")
        assert (post.caption, post.tags, post.mentions) == (
            "Off to #Nordhamn with @Mira",
            ("nordhamn",),
            ("mira",),
        )
        post.write("")
        assert (post.tags, post.mentions) == ((), ())

    def test_a_caption_has_a_limit(self) -> None:
        post = a_draft()
        post.write("😀" * MAX_CAPTION)
        assert refused(post.write, "😀" * (MAX_CAPTION + 1)) == "too_long"

    def test_an_edit_leaves_its_mark(self) -> None:
        post = a_draft()
        post.touch(NOW + timedelta(hours=1), seen=True)
        assert (post.version, post.edited_at) == (2, NOW + timedelta(hours=1))

    def test_a_comment_says_something_within_its_limit(self) -> None:
        comment = Comment(CommentId(UUID(int=1)), PostId(UUID(int=2)), AUTHOR, "", NOW)
        comment.write(" " + "x" * MAX_COMMENT)
        assert refused(comment.write, "x" * (MAX_COMMENT + 1)) == "too_long"
        assert refused(comment.write, " \u200b ") == "required"


class TestPlace:
    def test_positions_are_rounded_to_a_hundred_metres(self) -> None:
        assert clean_place(" Old  Mole ", 59.123456, -18.98765) == ("Old Mole", 59.123, -18.988)

    @pytest.mark.parametrize(
        ("lat", "lon", "code"),
        [
            (1.0, None, "incomplete"),
            (None, 1.0, "incomplete"),
            (90.1, 0.0, "out_of_range"),
            (0.0, -180.1, "out_of_range"),
            (float("nan"), 0.0, "out_of_range"),
        ],
    )
    def test_half_a_position_or_one_off_the_globe_is_refused(
        self, lat: float | None, lon: float | None, code: str
    ) -> None:
        assert refused(clean_place, "Old Mole", lat, lon) == code

    def test_the_id_of_a_place_tells_nothing_but_the_place(self) -> None:
        assert place_id("Old Mole", 1.0, 2.0) == place_id("Old Mole", 1.0, 2.0)
        ids = {
            place_id(*place)
            for place in (("Old Mole", None, None), ("old mole", None, None), ("Old Mole", 1.0, 2.0))
        }
        assert len(ids) == 3


class TestBackOff:
    def test_pauses_grow_fourfold_up_to_ten_minutes(self) -> None:
        assert [back_off(n).total_seconds() for n in range(1, 8)] == [1, 4, 16, 64, 256, 600, 600]

    @given(st.integers(-5, 10_000))
    def test_every_pause_is_positive_and_bounded(self, attempt: int) -> None:
        assert timedelta(0) < back_off(attempt) <= timedelta(minutes=10)

    def test_all_tries_of_a_job_fit_into_ten_minutes(self) -> None:
        assert sum((back_off(n) for n in range(1, MAX_ATTEMPTS)), timedelta()) < timedelta(minutes=10)


def test_a_rendition_is_named_after_its_width_and_type() -> None:
    assert [Rendition(320, 1, f"image/{kind}", 1).name for kind in ("webp", "avif", "jpeg")] == [
        "320.webp",
        "320.avif",
        "320.jpg",
    ]
