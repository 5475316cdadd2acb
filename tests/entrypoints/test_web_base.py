"""The base on which pages stand: colours, markup, macros, static files, languages. No server and no browser needed."""

import gzip
import hashlib
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from uuid import UUID, uuid4

import brotli
import pytest
from babel import Locale
from jinja2 import DictLoader, UndefinedError

from application.views import (
    Avatar,
    CommentCounts,
    CommentView,
    CommentViewer,
    Me,
    MemberCounts,
    MemberViewer,
    Page,
    Person,
    PostCard,
    PostViewer,
    Profile,
    RenditionView,
)
from domain.posts import Counts
from entrypoints.languages import codes
from entrypoints.web import pictures, translation
from entrypoints.web.assets import IMMUTABLE, STATIC, Assets
from entrypoints.web.navigation import navigation
from entrypoints.web.rendering import (
    TEMPLATES,
    Flash,
    Pages,
    Shell,
    compact,
    full_time,
    plural_forms,
    relative_time,
)
from entrypoints.web.translation import Language, Languages, speaking

NOW = datetime(2026, 3, 4, 12, 41, tzinfo=UTC)
TEMPLATE_FILES = sorted(TEMPLATES.rglob("*.html"))
# Without the page that shows every component: what only it uses is used nowhere.
IN_USE = [path for path in TEMPLATE_FILES if path.name != "components.html"]
STYLE_FILES = sorted((STATIC / "css").rglob("*.css"))
TEST_VENDOR = Path(__file__).parents[1] / "vendor"
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' onload='x {{ 7*7 }} javascript:alert(1)"


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


@pytest.fixture(scope="module")
def pages(assets: Assets) -> Pages:
    return Pages(assets, Languages())


# Samples


def a_person(name: str = "Mira Solberg", *, avatar: bool = True) -> Person:
    url = "/a/key/320.webp"
    face = Avatar(url, (RenditionView(320, 320, "image/webp", url),)) if avatar else None
    return Person(uuid4(), "mira", name, face)


def a_photo(state: str = "ready", *, alt: str = "Ridges under a low sun", width: int = 1500) -> dict:
    types = [("image/avif", "avif"), ("image/webp", "webp"), ("image/jpeg", "jpg")]
    renditions = [
        {"width": w, "height": w * 2 // 3, "type": media_type, "url": f"/m/key/{w}.{suffix}?g=x&y"}
        for media_type, suffix in types
        for w in ((640, 1080) if suffix != "jpg" else (1080,))
    ]
    camera = {
        "make": "FUJIFILM",
        "model": "X-T5",
        "focal_mm": 35.0,
        "aperture": 8.0,
        "exposure": "1/250",
        "iso": 100,
    }
    return {
        "id": str(uuid4()), "state": state, "width": width, "height": 1000, "alt": alt, "lqip": "UklGRg==",
        "camera": camera, "renditions": renditions if state == "ready" else [],
    }  # fmt: skip


def a_post(
    *photos: dict, author: Person | None = None, caption: str = "Dawn #설악산 with @ada", **viewer: bool
) -> PostCard:
    parts = {
        "caption": caption, "tags": [], "mentions": [], "comments": True, "edited_at": NOW.isoformat(),
        "place": {"id": str(UUID(int=7)), "name": caption[:80], "lat": None, "lon": None},
        "media": list(photos or [a_photo()]), "created_at": (NOW - timedelta(hours=2)).isoformat(),
    }  # fmt: skip
    allowed = {"liked": True, "saved": False, "can_edit": True, "can_comment": True, **viewer}
    stored = json.dumps(parts)[1:-1].encode()
    return PostCard(
        uuid4(), author or a_person(), "followers", stored, Counts(1_234_567, 3), PostViewer(**allowed),
        [a_comment(author, caption)],
    )  # fmt: skip


def a_comment(author: Person | None = None, text: str = "Where is this?") -> CommentView:
    return CommentView(
        uuid4(), uuid4(), author or a_person(avatar=False), text, uuid4(), CommentCounts(2),
        CommentViewer(liked=True, can_delete=True), NOW - timedelta(days=2), NOW,
    )  # fmt: skip


def a_profile(text: str = "Prints on request.", **viewer: object) -> Profile:
    return Profile(
        uuid4(), "mira", text, text, "https://example.org/", text, None, True, MemberCounts(1, 12_873, 0), NOW,
        MemberViewer(**viewer),
    )  # fmt: skip


def an_account(person: Person) -> Me:
    return Me(
        person.id, person.username, person.display_name, "", "", "", person.avatar, False, MemberCounts(0, 0, 0), NOW,
        MemberViewer(is_self=True), email=None, role="member", language="en", show_camera=False, downloads=False,
        timezone="UTC", text_size=100, motion="auto", single_keys=True, alt_reminder="always",
    )  # fmt: skip


def a_shell(viewer: Person | None = None, **more: object) -> Shell:
    viewer = viewer and an_account(viewer)
    return Shell(csrf_token="tok", viewer=viewer, nav=navigation(viewer, "/", requests=120), now=NOW, **more)


EVERY_MACRO = """
{% extends "layout/app.html" %}{% import "ui/all.html" as ui %}
{% block title %}Sample{% endblock %}
{% block main %}
{{ ui.page_head("Sample", "/") }}{{ ui.tabs_nav("Tabs", [("/", "One", True), ("/two", "Two", False)]) }}
{% for post in posts %}{{ ui.post_card(post, "/", loop.index, loop.first) }}{{ ui.post_head(post, full=True) }}
{{ ui.carousel(post.media, "p" ~ loop.index, post.author, href="large") }}{% endfor %}
{{ ui.list_words() }}{{ ui.post_words() }}{{ ui.viewer_parts(posts[0]) }}{{ ui.preview(comment) }}
{{ ui.photo_grid(posts, "Photos") }}{{ ui.justified_grid(posts, "Photos") }}
{{ ui.comment(comment, "/p/1", "/p/1?reply_to=2") }}{{ ui.comment_form("1", "/p/1", text, text, reply_to=comment) }}
{% for profile in profiles %}{{ ui.profile_header(profile, "/@mira") }}
{{ ui.user_row(comment.author, profile.viewer, "/") }}{% endfor %}
{% call ui.user_row(comment.author, note=text) %}{{ ui.action("/x", text, fields={"a": text}) }}{% endcall %}
{{ ui.pagination(page, "/?tab=a") }}{{ ui.empty("lock", text, "/", text) }}{{ ui.dots() }}
{{ ui.error_summary([("name", text), (none, text)]) }}
{{ ui.text_field("name", text, text, hint=text, error=text, maxlength=9, count_from=1, prefix="@") }}
{{ ui.password_field("password", text, "current-password") }}{{ ui.textarea("t", text, text, count_from=1, maxlength=9) }}
{{ ui.select("s", text, [(text, text)], text) }}{{ ui.file_field("f", text, "image/*", True) }}
{{ ui.checkbox("c", text) }}{{ ui.switch("w", text, True) }}{{ ui.radios("r", text, [("a", text, text)], "a") }}
{% call ui.confirm_page(text, "/x", text, "/") %}<p>{{ text }}</p>{% endcall %}
{% call ui.menu("More", text="More") %}<li>{{ text }}</li>{% endcall %}
{{ ui.button(text, name="n", value=text) }}{{ ui.icon_button(text, "x") }}{{ ui.link_button("/", text) }}{{ ui.mark() }}
{% endblock %}
"""


@pytest.fixture(scope="module")
def render_all(assets: Assets):
    """A page with every macro, with `text` in every place that holds people's words."""
    pages = Pages(assets, Languages())
    environment = pages.environment
    loader = DictLoader({"sample.html": EVERY_MACRO})
    inner = environment.loader

    def load(env, name):
        return (loader if name == "sample.html" else inner).get_source(env, name)

    environment.loader = type(loader)({})
    environment.loader.get_source = load

    def render(text: str = "Words", *, viewer: bool = True) -> str:
        author = a_person(text)
        states = [
            a_photo("ready", alt=text),
            a_photo("ready", alt=""),
            a_photo("processing"),
            a_photo("failed"),
        ]
        posts = [a_post(*states, author=author, caption=text), a_post(author=author, liked=False)]
        posts += [a_post(photo, caption=text * 20) for photo in states]
        following = [{"following": each} for each in ("no", "requested", "yes")]
        profiles = [
            a_profile(text, **each)
            for each in [*following, {"is_self": True}, {"blocked": True, "muted": True}]
        ]
        shell = a_shell(author if viewer else None, flashes=(Flash(text),))
        return pages.render(
            "sample.html", shell, posts=posts, text=text, comment=a_comment(author, text), profiles=profiles,
            page=Page([], next="n&x", prev="p"),
        )  # fmt: skip

    return render


class Elements(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.all.append((tag, dict(attrs)))
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in <{tag}>: {attrs}"


# Colours


def _tokens() -> dict[str, tuple[str, str]]:
    css = (STATIC / "css/10-tokens.css").read_text()
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    single = re.findall(r"--([\w-]+): (#\w{6});", css)
    return {name: (light, dark) for name, light, dark in pairs} | {name: (one, one) for name, one in single}


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXT = ["ink", "ink-2", "ink-3", "sun-ink", "danger", "ok", "heart"]
GROUNDS = ["bg", "surface", "surface-2"]
PAIRS = [
    *((text, ground, 4.5) for text, ground in product(TEXT, GROUNDS)),
    *(("edge", ground, 3.0) for ground in GROUNDS),
    ("on-sun", "sun", 4.5),
    ("on-signal", "signal", 4.5),
    ("on-danger", "danger", 4.5),
]


@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_colours_are_readable_in_both_themes(front, back, least):
    tokens = _tokens()
    for theme in (0, 1):
        assert _contrast(tokens[front][theme], tokens[back][theme]) >= least


def test_the_contrast_formula_agrees_with_known_values():
    assert _contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert _contrast(_tokens()["ink"][0], _tokens()["bg"][0]) == pytest.approx(16.28, abs=0.01)


# Style sheet


def test_the_style_sheet_stays_within_its_budget(assets):
    assert len(assets.serve("app.css", "gzip").body) <= 14 * 1024


def test_layers_come_in_order_and_every_rule_is_in_one(assets):
    css = assets.serve("app.css").body.decode()
    assert css.startswith("@layer reset, tokens, base, layout, components, pages, utilities;")
    order = list(dict.fromkeys(re.findall(r"^@layer (\w+) \{", css, re.MULTILINE)))
    assert order == ["reset", "tokens", "base", "layout", "components", "pages", "utilities"]
    assert css.count("{") == css.count("}")


def test_the_layout_knows_start_and_end_but_neither_left_nor_right():
    physical = re.compile(
        r"(?<![\w-])((margin|padding|border|inset)-(left|right|top|bottom)|left|right|width|height)\s*:"
    )
    for path in STYLE_FILES:
        css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert not physical.search(css), (path.name, physical.search(css))


def test_there_is_a_class_for_every_aspect_that_a_picture_can_get(assets):
    classes = set(re.findall(r"\.(ar-\d+) \{", assets.serve("app.css").body.decode()))
    assert classes == {f"ar-{n}" for n in range(40, 241, 5)}


def test_files_that_the_style_sheet_names_exist(assets):
    named = re.findall(r'url\("([^"]+)"\)', assets.serve("app.css").body.decode())
    assert named
    assert set(named) <= set(assets.paths())


# Markup


def test_templates_hold_nothing_that_the_security_policy_forbids():
    forbidden = {
        "style attribute": r"\sstyle\s*=",
        "handler": r"\son[a-z]+\s*=",
        "style element": r"<style",
        "inline script": r"<script(?![^>]*\ssrc=)",
        "unescaped output": r"\|\s*safe|Markup\(|autoescape\s+false",
        "empty link": r'href="#"|javascript:',
        "other origin": r'(src|href|action)="(https?:)?//',
    }
    assert TEMPLATE_FILES
    for path in TEMPLATE_FILES:
        # What is set in Jinja (`{% set on = … %}`) is not markup.
        source = re.sub(r"\{%.*?%\}|\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        for what, pattern in forbidden.items():
            assert not re.search(pattern, source), f"{what} in {path.relative_to(TEMPLATES)}"


@pytest.mark.parametrize("text", ["style=x", ' style="x"'])
def test_the_search_for_forbidden_markup_would_find_it(text):
    assert bool(re.search(r"\sstyle\s*=", text)) is text.startswith(" ")


@pytest.mark.parametrize("viewer", [True, False])
def test_every_macro_renders_for_members_and_for_guests(render_all, viewer):
    html = render_all(viewer=viewer)
    assert ("/logout" in html) is viewer
    elements = Elements(html).all
    ids = [attributes["id"] for _, attributes in elements if attributes.get("id")]
    anchors = [each for each in ids if each.startswith("post-")]
    assert anchors
    assert len([tag for tag, _ in elements if tag == "main"]) == 1


def test_what_people_write_never_becomes_markup(render_all):
    def shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(sorted(attributes))) for tag, attributes in Elements(html).all if tag != "a"]

    # The same length and the same tags and links, so that only the dangerous characters differ.
    harmless = re.sub(r"[<>\"'{}]", "_", HOSTILE)
    assert shape(render_all(HOSTILE)) == shape(render_all(harmless))
    html = render_all(HOSTILE)
    assert "{{ 7*7 }}" in html
    for tag, attributes in Elements(html).all:
        assert tag not in {"style", "iframe", "object"}
        assert tag != "script" or dict(attributes)["src"].startswith("/static/")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not (attributes.get("href") or "").startswith("javascript:")


def test_every_form_that_changes_something_carries_the_csrf_field(render_all):
    forms = re.findall(r"<form.*?</form>", render_all(), re.DOTALL)
    assert len(forms) > 20
    for form in forms:
        assert 'method="post"' in form
        assert '<input type="hidden" name="csrf" value="tok">' in form


def test_every_control_has_a_name_and_every_picture_an_alternative(render_all):
    html = render_all()
    elements = Elements(html).all
    labelled = {attributes["for"] for tag, attributes in elements if tag == "label"}
    for tag, attributes in elements:
        if tag in {"input", "textarea", "select"} and attributes.get("type") != "hidden":
            assert attributes["id"] in labelled
        if tag == "img":
            assert "alt" in attributes
        if tag == "button" and "icon" in (attributes.get("class") or "").split():
            assert attributes["aria-label"]
    assert "Photo by Words, no description" in html


def test_ids_that_descriptions_point_to_exist(render_all):
    elements = Elements(render_all()).all
    ids = {attributes.get("id") for _, attributes in elements}
    for _, attributes in elements:
        for name in ("aria-describedby", "aria-labelledby", "for"):
            assert set((attributes.get(name) or "").split()) <= ids


def test_symbols_and_static_files_that_pages_name_exist(render_all, assets):
    sprite = assets.serve("img/icons.svg").body.decode()
    symbols = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    html = render_all() + render_all(viewer=False)
    used = set(re.findall(r"icons\.svg#([\w-]+)", html))
    sources = "".join(path.read_text() for path in TEMPLATE_FILES)
    written = set(re.findall(r'icon(?:_name)?(?:\(|=)\s*"([\w-]+)"', sources))
    assert len(used) > 15
    assert used | written <= symbols
    static = {
        url.removeprefix(assets.prefix) for url in re.findall(rf'{re.escape(assets.prefix)}[^"#]+', html)
    }
    assert static <= set(assets.paths())
    assert len(gzip.compress(sprite.encode(), 9)) <= 4 * 1024


def test_every_class_of_the_style_sheet_is_used_by_a_template():
    css = "\n".join(path.read_text() for path in STYLE_FILES)
    styled = set(
        re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r'/\*.*?\*/|url\([^)]*\)|"[^"]*"', "", css, flags=re.DOTALL))
    )
    markup = "\n".join(path.read_text() for path in IN_USE)
    markup = re.sub(r'{#.*?#}|_\(\s*"[^"]*"', "", markup, flags=re.DOTALL)
    in_attributes = re.findall(r'class="((?:[^"{]|{{.*?}}|{%.*?%})*)"', markup)
    as_arguments = re.findall(r'"([\w -]+)"', "".join(re.findall(r"{[{%].*?[%}]}", markup, re.DOTALL)))
    widths = re.findall(r"{% block width %}(\w+)", markup)
    python = (TEMPLATES.parent / "rendering.py").read_text() + (TEMPLATES.parent / "pictures.py").read_text()
    scripts = "".join(path.read_text() for path in (STATIC / "js").glob("*.js"))
    from_code = re.findall(r'"([\w -]+)"', python + scripts)
    used = set(re.findall(r"[\w-]+", " ".join([*in_attributes, *as_arguments, *widths, *from_code])))
    assert len(styled) > 100
    assert {name for name in styled - used if not re.fullmatch(r"(ar|av)-\d+", name)} == set()


def test_every_symbol_and_every_macro_is_used(assets):
    templates = {path: path.read_text() for path in IN_USE if path.name != "all.html"}
    markup = "".join(templates.values())
    sources = markup + "".join(path.read_text() for path in TEMPLATES.parent.glob("*.py"))
    sprite = assets.serve("img/icons.svg").body.decode()
    symbols = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    assert len(symbols) > 30
    assert symbols <= set(re.findall(r'"([\w-]+)"', sources))
    macros = re.findall(r"{% macro (\w+)", markup)
    assert len(macros) > 30
    # Some are called, some are handed on.
    assert [name for name in macros if len(re.findall(rf"\b{name}\b", markup)) == 1] == []


def test_a_name_that_the_handler_forgot_is_an_error_and_not_an_empty_place(pages):
    with pytest.raises(UndefinedError):
        pages.render("errors/error.html", a_shell(), status=404)


def test_the_error_page_tells_what_how_long_and_which_request(pages):
    html = pages.render(
        "errors/error.html", a_shell(), status=503, code="unavailable", message="Busy.",
        request_id="01J8ZK4T", retry_after=41,
    )  # fmt: skip
    for part in ("503", "unavailable", "Busy.", "01J8ZK4T", "Try again in 41 seconds."):
        assert part in html


def test_a_busy_server_page_reloads_itself(pages):
    values = {"status": 503, "code": "unavailable", "message": "Busy.", "request_id": "1", "retry_after": 5}
    assert '<meta http-equiv="refresh" content="5">' in pages.render("errors/error.html", a_shell(), **values)


def test_the_chosen_theme_stands_in_the_root(pages):
    values = {"status": 404, "code": "not_found", "message": "Nothing.", "request_id": "1"}
    plain = pages.render("errors/error.html", a_shell(), **values)
    dark = pages.render("errors/error.html", a_shell(theme="dark"), **values)
    assert "<title>Error · Heliograph</title>" in plain
    assert "data-theme" not in plain
    assert 'data-theme="dark"' in dark


def test_only_the_first_photo_of_a_page_hurries(render_all):
    images = [attributes for tag, attributes in Elements(render_all()).all if attributes.get("class") == "im"]
    assert [image.get("fetchpriority") for image in images].count("high") == 1
    for image in images:
        assert (image.get("loading") == "lazy") is (image.get("fetchpriority") is None)
        assert image["width"]
        assert image["height"]


# Pictures and words


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (1500, 1000, "ar-150"),
        (0, 0, "ar-100"),
        (9000, 100, "ar-240"),
        (1, 900, "ar-40"),
        (1236, 1000, "ar-125"),
    ],
)
def test_pictures_get_the_nearest_aspect_within_the_limits(width, height, expected):
    media = RenditionView(width, height, "image/jpeg", "/x")
    assert pictures.aspect(media) == expected


def test_initials_come_from_the_first_and_the_last_word():
    assert [pictures.initials(name) for name in ("Mira Solberg", "김수연", "a b c", "(x) 🙂", "🙂")] == [
        "MS", "김", "AC", "·", "·",
    ]  # fmt: skip


def test_times_are_near_as_durations_and_far_as_dates(pages):
    def seen(age: timedelta) -> str:
        template = pages.environment.from_string("{{ moment | relative_time }}")
        return template.render(moment=datetime.now(UTC) - age)

    assert seen(timedelta(seconds=-3)) == "now"
    assert seen(timedelta(hours=2, minutes=1)) == "2h"
    assert seen(timedelta(days=3)) == "3d"
    assert re.fullmatch(r"[A-Z][a-z]{2} \d+, \d{4}", seen(timedelta(days=900)))


def test_full_times_are_in_the_time_zone_of_the_reader():
    with speaking(Languages().default, "Asia/Seoul"):
        assert full_time(NOW).startswith("Wednesday, March 4, 2026, 9:41")
    with speaking(Languages().default, "No/Where"):
        assert "12:41" in full_time(NOW)


def test_numbers_are_short_from_ten_thousand_on():
    assert [compact(n) for n in (0, 9_999, 12_873, 1_234_567)] == ["0", "9,999", "12.9K", "1.2M"]


# Languages


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    for code, plural, forms in [
        ("ru", "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)",
         ["запрос", "запроса", "запросов"]),
        ("ko", "nplurals=1; plural=0", ["좋아요"]),
        ("pt_BR", "nplurals=2; plural=(n > 1)", ["curtida", "curtidas"]),
    ]:  # fmt: skip
        folder = tmp_path / code / "LC_MESSAGES"
        folder.mkdir(parents=True)
        words = "".join(f'msgstr[{i}] "{form}"\n' for i, form in enumerate(forms))
        header = f'"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural};\\n"\n'
        body = f'msgid "Home"\nmsgstr "Главная {code}"\n\nmsgid "like"\nmsgid_plural "likes"\n{words}'
        (folder / "heliograph.po").write_text(f'msgid ""\nmsgstr ""\n{header}\n{body}', encoding="utf-8")
    return Languages(tmp_path)


@pytest.mark.parametrize(
    ("header", "setting", "code"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", None, "ru"),
        ("fr, ko;q=0.5, ru;q=0.4", None, "ko"),
        ("ru;q=0, ko;q=0.1", None, "ko"),
        ("ru", "ko", "ko"),
        ("fr", "xx", "en"),
        ("", None, "en"),
        (";;;q=,*;q=9" * 500, None, "en"),
    ],
)
def test_the_language_is_the_setting_or_the_best_that_the_browser_accepts(languages, header, setting, code):
    assert languages.choose(setting=setting, accept_language=header).code == code


def test_words_and_plurals_follow_the_language_of_the_request(languages):
    assert [each.code for each in languages.all] == ["en", "ko", "pt-BR", "ru"]
    with speaking(languages.find("ru")):
        assert translation.gettext("Home") == "Главная ru"
        forms = [translation.ngettext("like", "likes", n) for n in (1, 2, 5, 21)]
        assert forms == ["запрос", "запроса", "запросов", "запрос"]
        with speaking(languages.find("ko")):
            assert translation.ngettext("like", "likes", 1) == "좋아요"
        assert relative_time(datetime.now(UTC) - timedelta(hours=2)) == "2 ч"
    assert translation.gettext("Home") == "Home"


def test_the_languages_that_settings_take_are_those_with_a_catalogue(languages, tmp_path):
    assert codes(tmp_path) == tuple(each.code for each in languages.all)


def test_pages_turn_around_for_languages_from_right_to_left(pages):
    arabic = Language("ar", Locale.parse("ar"), Languages().default.translations)
    values = {"status": 404, "code": "not_found", "message": "Nothing.", "request_id": "1"}
    html = pages.render("errors/error.html", a_shell(language=arabic), **values)
    assert '<html lang="ar" dir="rtl">' in html


# Static files


def test_the_best_copy_that_the_browser_accepts_is_served(assets):
    plain = assets.serve("app.css", "")
    for header, encoding, unpack in [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip, br;q=0", "gzip", gzip.decompress),
    ]:
        served = assets.serve("app.css", header)
        assert served.encoding == encoding
        assert unpack(served.body) == plain.body
        assert served.etag != plain.etag
    assert plain.encoding is None
    assert assets.serve("vendor/onest/onest-latin-wght-normal.woff2", "br").encoding is None


@pytest.mark.parametrize("path", ["", "../assets.py", "vendor.lock.json", "css/00-reset.css", "img/none.svg"])
def test_nothing_but_the_listed_files_is_served(assets, path):
    assert assets.serve(path, "br") is None
    with pytest.raises(LookupError):
        assets.url(path)


def test_a_changed_file_changes_every_address(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css/00.css").write_text("a { color: red; }")
    before = Assets(tmp_path)
    assert before.url("app.css") == f"/static/v-{before.version}/app.css"
    assert re.fullmatch(r"[0-9a-f]{12}", before.version)
    (tmp_path / "css/00.css").write_text("a { color: tan; }")
    after = Assets(tmp_path)
    assert after.version != before.version
    assert after.cache_control(after.version) == IMMUTABLE
    assert after.cache_control(before.version) == "no-cache"


def test_the_favicon_answers_at_its_old_address(assets):
    assert assets.favicon().content_type == "image/svg+xml"


# What each licence says of itself, so that the name in the lock is the name of the text beside the files.
LICENCES = {
    "0BSD": "for any purpose with or without fee is hereby granted.",
    "ISC": "provided that the above copyright notice and this permission notice appear in all copies",
    "MPL-2.0": "Mozilla Public License, version 2.0",
    "OFL-1.1": "SIL Open Font License, Version 1.1",
}


@pytest.mark.parametrize("root", [STATIC, TEST_VENDOR], ids=["served", "for tests"])
def test_vendored_files_are_the_ones_that_the_lock_names(root):
    packages = json.loads((root / "vendor.lock.json").read_text())["packages"]
    locked = {path: digest for package in packages for path, digest in package["files"].items()}
    folder = root / "vendor" if root is STATIC else root
    vendored = {path.relative_to(root).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert vendored - {"vendor.lock.json"} <= set(locked)
    for path, digest in locked.items():
        assert hashlib.sha256((root / path).read_bytes()).hexdigest() == digest, path
    for package in packages:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert re.fullmatch(r"sha512-[\w+/]{86}==", package["integrity"])
        [licence] = [path for path in package["files"] if path.endswith("/LICENSE")]
        assert LICENCES[package["licence"]] in " ".join((root / licence).read_text().split()), package["name"]


def test_a_part_of_a_page_is_made_without_the_page_around_it(pages: Pages, tmp_path: Path) -> None:
    root = tmp_path / "templates"
    shutil.copytree(TEMPLATES, root)
    (root / "pages/part.html").write_text(
        '{% extends "layout/app.html" %}{% import "ui/all.html" as ui %}{% set words = "two words" %}'
        "{% block title %}A page{% endblock %}"
        '{% block main %}<h1>Whole</h1>{% block fragment %}<p>{{ words }} {{ number }}{{ ui.icon("x") }}</p>'
        "{% endblock %}{% endblock %}"
    )
    made = Pages(pages.assets, Languages(), root)
    whole = made.render("pages/part.html", a_shell(), number=7)
    part = made.render("pages/part.html", a_shell(), "fragment", number=7)
    assert part.startswith("<p>two words 7<svg")
    assert part.endswith("</svg></p>")
    assert part in whole
    assert "Whole" in made.render("pages/part.html", a_shell(), "no such block", number=7)
    assert part == made.render("pages/part.html", a_shell(), "fragment", number=7)


def test_scripts_get_the_plural_forms_of_the_reader() -> None:
    assert plural_forms("%(num)s file", "%(num)s files") == {"one": "{n} file", "other": "{n} files"}


def test_scripts_are_served_without_what_only_explains_them(assets: Assets) -> None:
    for path in (STATIC / "js").glob("*.js"):
        served = assets.serve(f"js/{path.name}").body.decode()
        code = [line.strip() for line in path.read_text().splitlines() if "*" not in line]
        assert {line for line in code if line and not line.startswith("//")} <= set(served.splitlines())
        assert not re.search(r"^(//|/\*)", served, re.MULTILINE)


def test_a_page_asks_at_once_for_all_that_its_script_is_made_of(assets: Assets, pages: Pages) -> None:
    base = ("js/core.js", "js/elements.js")
    assert assets.imports("js/app.js") == base
    assert set(assets.imports("js/feed.js")) == {"js/core.js", "js/post.js"}
    # The viewer comes at a press.
    assert "js/viewer.js" not in assets.imports("js/post.js")
    for template in TEMPLATE_FILES:
        written = template.read_text()
        assert '<script type="module" src="{{ "' not in written or template.name == "base.html", template
        assert len(re.findall(r"ui\.page_script\(", written)) <= 1
        for path in re.findall(r'ui\.page_script\("([^"]+)"\)', written):
            assert len({"js/app.js", path, *base, *assets.imports(path)}) <= 6, path
    macros = pages.environment.get_template("ui/script.html").module
    html = str(macros.page_script("js/feed.js"))
    loaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', html)
    assert loaded == [assets.url("js/post.js")]
    assert f'<script type="module" src="{assets.url("js/feed.js")}"></script>' in html


def test_a_module_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js/one.js").write_text('import {\n  other,\n} from "./two.js";\nimport "./one.js";\n')
    (tmp_path / "js/two.js").write_text('import "./one.js";\n')
    assert Assets(tmp_path).imports("js/one.js") == ("js/two.js",)
    (tmp_path / "js/two.js").unlink()
    with pytest.raises(LookupError):
        Assets(tmp_path)


def test_a_page_loads_forty_kilobytes_of_scripts_at_most(assets: Assets) -> None:
    base = ("js/app.js", "js/core.js", "js/elements.js")
    own = ("js/compose.js", "js/photos.js", "js/crop.js", "js/suggest.js", "js/drop.js")
    sizes = [len(assets.serve(path, "gzip").body) for path in (*base, *own)]
    assert sum(sizes) <= 40 * 1024, sizes
