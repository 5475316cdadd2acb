"""Fragments of pages are kept for the next page. Nobody sees by that what another may see, or what was before."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from application.views import GRANT_MARK, PostCard, PostViewer
from domain.posts import Counts
from entrypoints.web.assets import Assets
from entrypoints.web.rendering import TEMPLATES, Fragments, Pages
from entrypoints.web.translation import Languages
from tests.browsing import Browser, Page, a_post
from tests.entrypoints.test_web_base import NOW, a_comment, a_person, a_photo, a_shell
from tests.entrypoints.test_web_base import a_post as a_card

KOREAN = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "Like"
msgstr "좋아요"

msgid "Add a comment"
msgstr "댓글 달기"
"""


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory) -> Languages:
    root = tmp_path_factory.mktemp("locales")
    folder = root / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "heliograph.po").write_text(KOREAN, encoding="utf-8")
    return Languages(root)


@pytest.fixture(scope="module")
def pages(languages: Languages) -> Pages:
    return Pages(Assets(), languages)


@pytest.fixture
def show(pages: Pages) -> Callable[..., str]:
    """A card as it stands on a page, in the memory of the cards shown before it."""
    pages.fragments.clear()
    template = '{% import "ui/all.html" as ui %}{{ ui.post_card(post, back, position, first) }}'
    compiled = pages.environment.from_string(template)

    def render(
        post: PostCard, *, back: str = "/", position: int | None = 3, first: bool = False, **shell: Any
    ) -> str:
        values = {"post": post, "back": back, "position": position, "first": first}
        return pages.render(compiled, replace(a_shell(a_person()), **shell), **values)

    return render


def variants(post: PostCard) -> dict[str, PostCard]:
    """`post` with one thing another each."""
    mira, counts, did, said = post.author, post.counts, post.viewer, post.comments_preview[0]
    other = a_person("Ada", avatar=False)
    changes: dict[str, dict[str, Any]] = {
        "id": {"id": uuid4()},
        "author's name": {"author": replace(mira, display_name="Ada")},
        "author's address": {"author": replace(mira, username="ada")},
        "author's face": {"author": replace(mira, avatar=None)},
        "audience": {"audience": "only_me"},
        "caption": {"stored": post.stored.replace(b"Dawn", b"Dusk")},
        "photo": {"stored": post.stored.replace(b"1080", b"1600")},
        "likes": {"counts": Counts(7, counts.comments)},
        "comments": {"counts": Counts(counts.likes, 7)},
        "liked": {"viewer": replace(did, liked=not did.liked)},
        "saved": {"viewer": replace(did, saved=not did.saved)},
        "may edit": {"viewer": replace(did, can_edit=not did.can_edit)},
        "may comment": {"viewer": replace(did, can_comment=not did.can_comment)},
        "no comment": {"comments_preview": []},
        "comment": {"comments_preview": [replace(said, text="Here?")]},
        "commenter": {"comments_preview": [replace(said, author=other)]},
        "commenter's address": {
            "comments_preview": [replace(said, author=replace(said.author, username="ada"))]
        },
        "one comment more": {"comments_preview": [said, said]},
    }
    return {what: replace(post, **change) for what, change in changes.items()}


def test_whatever_is_another_is_shown_at_once_and_as_if_nothing_were_kept(show, pages, languages):
    post = a_card()
    korean = languages.find("ko")
    views: dict[str, tuple[PostCard, dict[str, Any]]] = {
        what: (each, {}) for what, each in variants(post).items()
    }
    views |= {
        "who looks": (post, {"csrf_token": "another"}),
        "a guest": (post, {"viewer": None}),
        "language": (post, {"language": korean}),
        "time zone": (post, {"timezone": "Asia/Seoul"}),
        "later": (post, {"now": NOW + timedelta(hours=3)}),
        "list": (post, {"back": "/?cursor=a&b"}),
        "place in the list": (post, {"position": 4}),
        "no list": (post, {"position": None}),
        "first": (post, {"first": True}),
    }
    first = show(post)
    kept = {what: show(each, **more) for what, (each, more) in views.items()}
    assert show(post) == first
    for what, (each, more) in views.items():
        pages.fragments.clear()
        assert kept[what] == show(each, **more), what
        assert kept[what] != first, what
    assert len(set(kept.values())) == len(kept)
    assert "댓글 달기" in kept["language"]


@pytest.mark.parametrize("grid", ["photo_grid", "justified_grid"])
def test_a_tile_of_a_grid_shows_what_is_another_as_if_nothing_were_kept(pages, grid):
    source = '{% import "ui/all.html" as ui %}{{ ui.' + grid + '([post], "Photos", first) }}'
    template = pages.environment.from_string(source)

    def show(post: PostCard, first: bool) -> str:
        return pages.render(template, a_shell(), post=post, first=first)

    pages.fragments.clear()
    views = [(each, first) for each in variants(a_card(a_photo(alt=""))).values() for first in (True, False)]
    kept = [show(*view) for view in views]
    for view, html in zip(views, kept, strict=True):
        pages.fragments.clear()
        assert show(*view) == html


def test_a_kept_card_holds_the_proof_of_nobody_but_whoever_looks(show):
    post = a_card()
    for token in ("token-of-mira", "token-of-ada", "<&>"):
        html = show(post, csrf_token=token)
        assert set(re.findall(r'name="csrf" value="([^"]*)"', html)) == {
            token.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        }
    assert 'name="csrf"' not in show(
        replace(post, viewer=PostViewer(False, False, False, False)), viewer=None
    )


def test_a_card_holds_neither_marks_of_grants_nor_of_places(show):
    post = a_card(a_photo(), a_photo(), liked=False)
    marked = post.stored.replace(b"?g=x&y", GRANT_MARK)
    assert marked != post.stored
    html = show(replace(post, stored=marked))
    assert 'src="/m/key/1080.jpg"' in html
    assert not set(html) & {"\0", GRANT_MARK.decode()}


@pytest.mark.parametrize("asked", ["viewer()", "moment | relative_time"])
def test_a_kept_fragment_cannot_ask_who_looks_or_when(pages, asked):
    source = "{% macro nosy(moment) %}{{ " + asked + " }}{% endmacro %}{{ kept(nosy, {}, moment) }}"
    template = pages.environment.from_string(source)
    with pytest.raises(RuntimeError, match="the same for everybody"):
        pages.render(template, a_shell(a_person()), moment=NOW)


def test_macros_whose_work_is_kept_have_names_of_their_own():
    source = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    kept = set(re.findall(r"kept\((?:ui\.)?(\w+)", source)) | {"_card", "_actions", "_square", "_wide"}
    assert len(kept) > 2
    for name in kept:
        assert len(re.findall(rf"macro {name}\(", source)) == 1, name


def test_what_is_kept_stays_within_its_bytes_and_the_least_used_goes_first():
    fragments = Fragments(10_000)
    fragments.put(("often",), ["x" * 1_000])
    for n in range(100):
        fragments.put((n, "k" * n), ["x" * 100 * (n % 7), "place", "é" * 50])
        assert fragments.bytes <= 10_000
        assert fragments.get(("often",)) == ["x" * 1_000]
    assert fragments.get((0, "")) is None
    assert fragments.get((99, "k" * 99)) is not None
    fragments.put(("huge",), ["x" * 20_000])
    assert fragments.bytes == 0
    assert fragments.get(("huge",)) is None


def test_comments_and_likes_kept_long_enough_do_not_grow_without_end(show, pages):
    pages.fragments.most_bytes, most = 50_000, pages.fragments.most_bytes
    try:
        post = a_card()
        for n in range(60):
            assert f"Word {n}." in show(
                replace(post, counts=Counts(n, n), comments_preview=[a_comment(text=f"Word {n}.")])
            )
            assert pages.fragments.bytes <= 50_000
    finally:
        pages.fragments.most_bytes = most


# On the running server


def card(page: Page, post: str) -> str:
    """The markup of a post's card on the page, without what is each browser's own."""
    found = re.search(rf'<article class="post [^"]*" id="post-{post[3:]}".*?</article>', page.html, re.DOTALL)
    return re.sub(r'name="csrf" value="[^"]*"', "", found[0]) if found else ""


async def follow(browser: Browser, name: str) -> None:
    page = await browser.send(await browser.get(f"/@{name}"), f"/@{name}/follow")
    assert page.status == 200


async def test_two_people_see_the_same_card_each_with_their_own_part(browse):
    mira, ada, noor = await browse("mira"), await browse("ada"), await browse("noor")
    post = await a_post(mira, caption="CANARY of followers", audience="followers")
    await follow(ada, "mira")
    by_author, by_follower = card(await mira.get("/"), post), card(await ada.get("/"), post)
    assert "CANARY" in by_author
    assert "CANARY" in by_follower
    assert f"{post}/edit" in by_author
    assert f"{post}/edit" not in by_follower
    assert "?g=" not in by_author + by_follower
    for path in ("/", "/explore", "/@mira", post):
        assert "CANARY" not in (await noor.get(path)).html

    await ada.send(await ada.get("/"), f"{post}/like")
    liked, other = card(await ada.get("/"), post), card(await mira.get("/"), post)
    assert f"{post}/unlike" in liked
    assert f"{post}/unlike" not in other
    assert 'data-name="likes" data-value="1">1<' in liked
    assert 'data-name="likes" data-value="1">1<' in other

    await mira.send(await mira.get(f"{post}/edit"), f"{post}/edit", audience="only_me")
    assert card(await ada.get("/"), post) == ""
    assert "CANARY" not in (await ada.get("/")).html
    assert card(await mira.get("/"), post)


async def test_an_edit_and_a_comment_are_seen_at_once_by_whoever_may(browse):
    mira, ada, noor = await browse("mira"), await browse("ada"), await browse("noor")
    post = await a_post(mira, caption="Before")
    for each in (ada, noor):
        await follow(each, "mira")
        assert "Before" in card(await each.get("/"), post)
    await mira.send(await mira.get(f"{post}/edit"), f"{post}/edit", caption="After")
    for each in (mira, ada, noor):
        assert "After" in card(await each.get("/"), post)
        assert "Before" not in card(await each.get("/"), post)
    page = await ada.send(await ada.get("/"), f"{post}/comments", text="What a light")
    assert "What a light" in card(page, post)
    assert "What a light" in card(await noor.get("/"), post)
    # Whoever blocks somebody no longer reads them, while the others still do.
    await noor.send(await noor.get("/@ada/block"), "/@ada/block")
    assert "What a light" not in card(await noor.get("/"), post)
    assert "What a light" in card(await mira.get("/"), post)
