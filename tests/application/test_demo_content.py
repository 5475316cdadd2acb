"""What the demo shows must be believable: people, texts, follows and times that hold together."""

import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from application.demo_content import PERIOD_DAYS, PICTURES, DemoContent, compose
from application.demo_texts import SCENES
from domain.text import find_mentions, find_tags

NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> DemoContent:
    return compose(posts=180, now=NOW)


def test_the_same_seed_gives_the_same_demo_and_another_seed_another(demo: DemoContent) -> None:
    assert compose(posts=180, now=NOW) == demo
    assert compose(posts=180, seed=8, now=NOW).posts != demo.posts


def test_people_have_valid_different_names_and_the_promised_ones_come_first(demo: DemoContent) -> None:
    names = [who.username for who in demo.people]
    assert names[:5] == ["mira", "nplatov", "soyeon", "greta", "admin"]
    assert len(set(names)) == len(names) == 24
    assert all(re.fullmatch(r"[a-z0-9_.]{3,30}", name) for name in names)
    assert {who.language for who in demo.people} == {"en", "ru", "ko"}
    assert 2 <= sum(who.private for who in demo.people) <= 6
    assert [who.username for who in demo.people if who.role == "admin"] == ["admin"]


def test_a_larger_cast_keeps_names_valid_and_different() -> None:
    names = [who.username for who in compose(people=80, posts=10, now=NOW).people]
    assert len(set(names)) == 80
    assert all(re.fullmatch(r"[a-z0-9_.]{3,30}", name) for name in names)


def test_everybody_follows_five_to_fourteen_others_and_most_follow_mira(demo: DemoContent) -> None:
    counts = Counter(one for one, _ in demo.follows)
    assert set(counts) == {who.username for who in demo.people}
    assert all(5 <= count <= 14 for count in counts.values())
    assert len(set(demo.follows)) == len(demo.follows)
    assert all(one != other for one, other in demo.follows)
    assert sum(other == "mira" for _, other in demo.follows) > 12
    pairs = set(demo.follows)
    assert any((other, one) in pairs for one, other in demo.follows)


@pytest.mark.parametrize("posts", [1, 60, 180, 700])
def test_pictures_stay_few_and_nobody_shows_one_twice(posts: int) -> None:
    content = compose(posts=posts, now=NOW)
    assert len(content.posts) == posts
    assert len(content.pictures) <= len(PICTURES) <= 60
    shown = Counter((post.author, photo.scene, photo.seed) for post in content.posts for photo in post.photos)
    assert max(shown.values()) == 1
    assert all(1 <= len(post.photos) <= 5 for post in content.posts)


def test_as_many_posts_as_profiles_can_hold_are_possible_and_not_one_more() -> None:
    most = 5 * len(PICTURES)
    assert len(compose(people=5, posts=most, now=NOW).posts) == most
    with pytest.raises(ValueError, match="at most"):
        compose(people=5, posts=most + 1, now=NOW)


def test_no_caption_appears_more_than_twice(demo: DemoContent) -> None:
    assert max(Counter(post.caption for post in demo.posts).values()) <= 2


def test_captions_have_tags_in_three_scripts_and_mention_only_people_of_the_demo(demo: DemoContent) -> None:
    tags = {tag for post in demo.posts for tag in find_tags(post.caption)}
    scripts = {unicodedata.name(tag[0]).split()[0] for tag in tags}
    assert {"LATIN", "CYRILLIC", "HANGUL"} <= scripts
    mentions = [name for post in demo.posts for name in find_mentions(post.caption)]
    assert mentions
    assert set(mentions) <= {who.username for who in demo.people}


def test_every_photo_is_described_in_its_authors_language(demo: DemoContent) -> None:
    language = {who.username: who.language for who in demo.people}
    for post in demo.posts:
        for photo in post.photos:
            assert photo.alt in SCENES[photo.scene].alts[language[post.author]]


def test_posts_rise_in_time_over_six_weeks_and_nothing_lies_in_the_future(demo: DemoContent) -> None:
    times = [post.created_at for post in demo.posts]
    assert times == sorted(times)
    assert NOW - timedelta(days=PERIOD_DAYS) <= times[0] < NOW - timedelta(days=30)
    assert NOW - timedelta(days=2) < times[-1] < NOW
    for post in demo.posts:
        said = [comment.created_at for comment in post.comments]
        assert said == sorted(said)
        assert all(post.created_at < moment < NOW for moment in said)


def test_replies_answer_an_earlier_comment_that_is_no_reply(demo: DemoContent) -> None:
    replies = 0
    for post in demo.posts:
        assert len(post.comments) <= 6
        for index, comment in enumerate(post.comments):
            if comment.reply_to is not None:
                replies += 1
                assert comment.reply_to < index
                assert post.comments[comment.reply_to].reply_to is None
    assert replies > 20


def test_only_those_who_may_see_a_post_like_or_comment_it(demo: DemoContent) -> None:
    private = {who.username for who in demo.people if who.private}
    pairs = set(demo.follows)
    for post in demo.posts:
        others = {*post.likes, *(comment.author for comment in post.comments)} - {post.author}
        assert post.author not in post.likes
        assert len(set(post.likes)) == len(post.likes)
        if post.audience == "only_me":
            assert not others
        elif post.audience == "followers" or post.author in private:
            assert all((name, post.author) in pairs for name in others)


def test_few_posts_get_many_likes_and_most_get_few(demo: DemoContent) -> None:
    counts = sorted((len(post.likes) for post in demo.posts), reverse=True)
    assert counts[0] >= 18
    assert counts[len(counts) // 2] <= 6
    assert 600 < sum(counts) < 2_000


def test_places_lie_on_earth_and_keep_their_position(demo: DemoContent) -> None:
    places = {post.place for post in demo.posts if post.place}
    assert len(places) == len({place.name for place in places}) > 15
    assert all(-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180 for place in places)


def test_a_moment_without_a_zone_or_too_few_people_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        compose(now=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="at least"):
        compose(people=4, now=NOW)
