"""Every language: catalogues are whole and follow the code, numbers and times fit them, and who reads which one."""

import re
import unicodedata
from calendar import month_name
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import aiohttp
import asyncpg
import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry

from domain.kernel import Message
from entrypoints.languages import codes
from entrypoints.web import rendering, translation
from entrypoints.web.pseudo import accented
from entrypoints.web.site import LANGUAGE_COOKIE
from entrypoints.web.translation import Languages, speaking, told
from locales import update
from tests.conftest import PASSWORD, Server, a_jpeg, settle

PLACE = re.compile(r"%\(\w+\)[a-z]|%%|\{\w*\}|</?\w+>|`[^`]+`|https?://[\w./]*\w")
# Names of things and what programs read: the same in every language.
LATIN = set(
    """
    a z l s ALT API AVIF Content EXIF GIF GPS HEIC Heliograph HTTP ID ISO JPEG JSON JSONL Markdown MIT
    AsyncAPI OpenAPI PDF PNG POST GET MB RAW UTC UTF UUID URL WebP ZIP HELIOGRAPH INSTANCE NAME boundary cookie
    data media README txt doctor backup create photos tar false heliograph password true user Ctrl Enter
    Esc Tab Shift Alt Cmd Home End Page Down Up Europe Berlin JavaScript Instagram Pixelfed Mastodon CSV
    Wi Fi
    """.split()
)
SAME = {"{name}: {what}", "ALT", "API", "AsyncAPI 3.1", "OpenAPI 3.1", "%(date)s, %(time)s", "JSON"}
_catalogues = {language: update.read(language) for language in update.TRANSLATED}


def entries(language: str) -> list[Entry]:
    return [entry for entry in _catalogues[language] if entry.id]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


# Catalogues


@pytest.mark.parametrize("language", update.TRANSLATED)
def test_a_catalogue_has_what_the_code_says_and_nothing_else(language: str) -> None:
    there = {(entry.context, forms(entry.id)[0]): forms(entry.id) for entry in entries(language)}
    said = {key: forms(words) for key, words in update.messages().items()}
    assert there.keys() - said.keys() == set(), "run `make messages`: the code no longer says this"
    assert said.keys() - there.keys() == set(), "run `make messages` and translate what is new"
    assert there == said
    assert update.path_of(language).read_bytes() == update.merged(language), "run `make messages`"


@pytest.mark.parametrize("language", update.TRANSLATED)
def test_everything_is_translated(language: str) -> None:
    count = _catalogues[language].num_plurals
    for entry in entries(language):
        assert not entry.fuzzy, entry.id
        said = forms(entry.string)
        assert all(said), f"untranslated: {entry.id}"
        assert len(said) == (count if entry.pluralizable else 1), entry.id
        assert entry.id in SAME or forms(entry.id)[0] != said[0], f"still English: {entry.id}"


@pytest.mark.parametrize("language", update.TRANSLATED)
def test_what_is_filled_in_stands_in_every_form(language: str) -> None:
    for entry in entries(language):
        wanted = set(PLACE.findall(forms(entry.id)[-1]))
        for said in forms(entry.string):
            assert set(PLACE.findall(said)) == wanted, (entry.id, said)
            assert "%" not in PLACE.sub("", said), (entry.id, said)


@pytest.mark.parametrize(("language", "script"), [("ru", "CYRILLIC"), ("ko", "HANGUL")])
def test_a_translation_is_in_its_script_and_its_punctuation(language: str, script: str) -> None:
    for entry in entries(language):
        english = forms(entry.id)[-1]
        for said in forms(entry.string):
            plain = PLACE.sub(" ", said)
            latin = set(re.findall(r"[A-Za-z]+", plain))
            assert latin <= LATIN, (english, said, latin - LATIN)
            others = {unicodedata.name(c).split()[0] for c in plain if c.isalpha()} - {"LATIN", script}
            assert not others, (english, said)
            assert said == said.strip(), said
            assert "  " not in said, said
            assert unicodedata.normalize("NFC", said) == said
            assert not re.search(r"[!]|\.\.\.", said), (english, said)
            # A sentence stays a sentence, a title a title, a question a question.
            assert _end(said) == _end(english) or _end(said) == ":", (english, said)


def _end(text: str) -> str:
    last = re.sub(r"(?<=°) \w\. \w\.$", "", text.rstrip("»”\"')"))[-1]  # "с. ш." is short for something
    return last if last in ".?:…" else ""


def test_a_form_of_address_is_kept() -> None:
    for entry in entries("ru"):
        for said in forms(entry.string):
            assert not re.search(r"(?<=[а-яё,;:] )(Вы|Вас|Вам|Ваш\w*)\b", said), said
            assert not re.search(r"\b(ты|тебя|тебе|твой|твоя|твои)\b", said, re.IGNORECASE), said
    for entry in entries("ko"):
        for said in forms(entry.string):
            # One level of politeness: every statement ends in -니다.
            assert not re.search(r"(?<!니)다[.?](?=\s|$)", said), said


@pytest.mark.parametrize(
    ("english", "russian", "korean"),
    [
        ("New post", "Новая публикация", "새 게시물"),
        ("Home", "Главная", "홈"),
        ("Search", "Поиск", "검색"),
        (
            "No photos yet. When people you follow post, it appears here.",
            "Пока нет фотографий. Здесь появятся публикации тех, на кого вы подписаны.",
            "아직 사진이 없습니다. 팔로우한 사람이 올리면 여기에 표시됩니다.",
        ),
        ("Add descriptions", "Добавить описания", "설명 추가"),
        ("Post anyway", "Опубликовать так", "그대로 게시"),
        (
            "The user name or the password is not right.",
            "Неверное имя пользователя или пароль.",
            "사용자 이름 또는 비밀번호가 올바르지 않습니다.",
        ),
        (
            "Too many tries. Try again at %(time)s.",
            "Слишком много попыток. Попробуйте снова в %(time)s.",
            "시도가 너무 많습니다. %(time)s에 다시 시도하세요.",
        ),
        (
            "There is nothing at this address, or it is not shared with you.",
            "По этому адресу ничего нет, или доступ вам не открыт.",
            "이 주소에는 아무것도 없거나 공개되지 않은 내용입니다.",
        ),
        (
            "This account is private. Follow to see the photos.",
            "Закрытый аккаунт. Подпишитесь, чтобы увидеть фотографии.",
            "비공개 계정입니다. 팔로우하면 사진을 볼 수 있습니다.",
        ),
        ("Try again", "Повторить", "다시 시도"),
    ],
)
def test_words_that_were_agreed_on_are_said(english: str, russian: str, korean: str) -> None:
    spoken = Languages()
    for code, wanted in (("ru", russian), ("ko", korean)):
        with speaking(spoken.find(code)):
            assert translation.gettext(english) == wanted


def test_russian_and_korean_count_as_they_do() -> None:
    spoken = Languages()
    message = "%(n)s photo has no description.", "%(n)s photos have no description."
    comments = "comment", "comments"
    with speaking(spoken.find("ru")):
        said = [translation.ngettext(*message, n) % {"n": n} for n in (1, 2, 5, 21)]
        assert said == [
            "У 1 фотографии нет описания.",
            "У 2 фотографий нет описания.",
            "У 5 фотографий нет описания.",
            "У 21 фотографии нет описания.",
        ]
        assert [translation.ngettext(*comments, n) for n in (1, 2, 5, 11, 21, 22, 111)] == [
            "комментарий", "комментария", "комментариев", "комментариев", "комментарий", "комментария", "комментариев",
        ]  # fmt: skip
        assert rendering.plural_forms("%(n)s photo", "%(n)s photos").keys() == {"one", "few", "many", "other"}
    with speaking(spoken.find("ko")):
        assert {translation.ngettext(*comments, n) for n in (0, 1, 2, 5, 21)} == {"댓글"}
        assert translation.ngettext(*message, 3) % {"n": 3} == "사진 3장에 설명이 없습니다."


def test_the_tests_find_what_is_wrong_with_a_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Catalog(Locale.parse("ru"))
    broken.add("Home", "Home")
    monkeypatch.setitem(_catalogues, "ru", broken)
    for test in (test_everything_is_translated, test_a_catalogue_has_what_the_code_says_and_nothing_else):
        with pytest.raises(AssertionError):
            test("ru")
    for said in ("Привет, %(nam)s", "Привет", "Привет, %(name)s и 100%"):
        broken = Catalog(Locale.parse("ru"))
        broken.add("Hello, %(name)s", said)
        monkeypatch.setitem(_catalogues, "ru", broken)
        with pytest.raises(AssertionError):
            test_what_is_filled_in_stands_in_every_form("ru")
    for said in ("Привет мир", "Привет world.", "Привет мир!", "안녕."):
        broken = Catalog(Locale.parse("ru"))
        broken.add("Hello.", said)
        monkeypatch.setitem(_catalogues, "ru", broken)
        with pytest.raises(AssertionError):
            test_a_translation_is_in_its_script_and_its_punctuation("ru", "CYRILLIC")


def test_words_of_scripts_are_found_too(tmp_path: Path) -> None:
    with (tmp_path / "page.html").open("wb+") as page:
        page.write(b'{{ ui.counted("left", "%(num)s upload", "%(num)s uploads") }}{{ _("Retry") }}')
        page.seek(0)
        found = list(update.templates(page, ["_", "ngettext"], [], {}))
    assert {words if isinstance(words, str) else tuple(words) for _, _, words, _ in found} == {
        "Retry",
        ("%(num)s upload", "%(num)s uploads"),
    }


# Numbers and times


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("en", ["now", "2m", "2h", "3d", "987", "9,999", "12.9K", "1.2M", "812 kB", "3.4 MB", "4,999 MB"]),
        ("ru", ["сейчас", "2 мин", "2 ч", "3 д.", "987", "9 999", "12,9 тыс.", "1,2 млн", "812 кБ", "3,4 МБ", "4 999 МБ"]),
        ("ko", ["방금", "2분", "2시간", "3일", "987", "9,999", "1.3만", "123.5만", "812kB", "3.4MB", "4,999MB"]),
    ],
)  # fmt: skip
def test_numbers_sizes_and_times_are_the_languages_own(code: str, wanted: list[str]) -> None:
    now = datetime.now(UTC)
    with speaking(Languages().find(code)):
        said = [rendering.relative_time(now - timedelta(seconds=age)) for age in (5, 120, 7_200, 3 * 86_400)]
        said += [rendering.compact(number) for number in (987, 9_999, 12_873, 1_234_567)]
        said += [
            rendering.filesize(812_000),
            rendering.filesize(3_400_000),
            rendering.mebibytes(4_999 * 2**20),
        ]
    assert [re.sub("[\u00a0\u202f]", " ", each) for each in said] == wanted


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("en", ["just now", "1 minute ago", "2 hours ago", "3 days ago"]),
        ("ru", ["только что", "1 минуту назад", "2 часа назад", "3 дня назад"]),
        ("ko", ["방금 전", "1분 전", "2시간 전", "3일 전"]),
    ],
)
def test_in_sentences_times_say_that_they_are_past(code: str, wanted: list[str]) -> None:
    now = datetime.now(UTC)
    with speaking(Languages().find(code)):
        said = [rendering.time_since(now - timedelta(seconds=age)) for age in (5, 61, 7_200, 3 * 86_400)]
    assert said == wanted


@pytest.mark.parametrize(("code", "wanted"), [("en", "110%"), ("ru", "110\u00a0%"), ("ko", "110%")])
def test_shares_are_written_as_in_the_language(code: str, wanted: str) -> None:
    with speaking(Languages().find(code)):
        assert rendering.percent(110) == wanted


@pytest.mark.parametrize(
    ("code", "full", "short", "month"),
    [
        ("en", "Sunday, November 22, 2026, 5:07 AM", "Oct 18, 2025", "October 2025"),
        ("ru", "воскресенье, 22 ноября 2026 г., 05:07", "18 окт. 2025 г.", "октябрь 2025 г."),
        ("ko", "2026년 11월 22일 일요일 오전 5:07", "2025년 10월 18일", "2025년 10월"),
    ],
)
def test_dates_are_the_languages_own_in_the_readers_time_zone(
    code: str, full: str, short: str, month: str
) -> None:
    with speaking(Languages().find(code), "Asia/Seoul"):
        said = [
            rendering.full_time(datetime(2026, 11, 21, 20, 7, 30, tzinfo=UTC)),
            rendering.relative_time(datetime(2025, 10, 17, 16, tzinfo=UTC)),
            rendering.month_and_year(datetime(2025, 9, 30, 16, tzinfo=UTC)),
        ]
    assert [re.sub("[\u00a0\u202f]", " ", each) for each in said] == [full, short, month]


def test_numbers_in_messages_of_the_rules_are_written_as_the_reader_does() -> None:
    spoken = Languages()
    for code, wanted in [
        ("en", "At most 2,200 characters."),
        ("ru", "Не больше 2\u00a0200 символов."),
        ("ko", "최대 2,200자까지 쓸 수 있습니다."),
    ]:
        with speaking(spoken.find(code)):
            assert told("At most {limit} characters.", {"limit": 2_200}) == wanted
            kept = Message("At most {limit} characters.", {"limit": 2_200})
            assert translation.in_words(kept) == wanted
            assert str(kept) == "At most 2,200 characters."


# Languages for looking at pages


def test_a_pseudo_language_is_longer_in_brackets_and_keeps_what_is_filled_in() -> None:
    assert accented("Save") == "[Såvé]"
    for text in (
        "Save",
        "%(n)s of %(total)s",
        "At most {limit} characters.",
        "<b>%(number)s</b> posts &amp; more",
    ):
        said = accented(text)
        assert said[0] + said[-1] == "[]"
        assert len(said) >= 1.4 * len(text) - 12, said
        assert re.findall(PLACE, said) == re.findall(PLACE, text)
    assert len(accented("There is nothing at this address.")) >= 1.4 * 33


def test_pseudo_languages_are_found_by_their_whole_names_and_only_where_they_are_wanted() -> None:
    assert Languages().find("en-XA") == Languages().find("en")
    assert Languages().find("ar-XB") is None
    looking = Languages(pseudo=True)
    assert (looking.find("en-XA").dir, looking.find("ar-xb").dir) == ("ltr", "rtl")
    assert looking.find("ar") is None
    assert [each.code for each in looking.all] == list(codes()) == ["en", "ko", "ru"]


# Who reads which language


@asynccontextmanager
async def signed_in(server: Server, name: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with server.browser(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}) as browser:
        answer = await browser.post("/api/v1/sessions", json={"username": name, "password": PASSWORD})
        assert answer.status == 201, await answer.text()
        yield browser


async def spoken_at(browser: aiohttp.ClientSession, path: str = "/about", **headers: str) -> tuple[str, ...]:
    """Of a page: `<html lang>` and `dir`, Content-Language."""
    async with browser.get(path, headers={"Accept": "text/html", **headers}) as answer:
        found = re.search(r'<html lang="([\w-]+)" dir="(\w+)"', await answer.text())
        assert found is not None
        assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))
        return found[1], found[2], answer.headers["Content-Language"]


async def test_the_setting_comes_before_the_browsers_choice_and_that_before_what_it_accepts(
    server: Server,
) -> None:
    mira = await server.join("mira")
    async with signed_in(server, "mira") as browser:
        assert await spoken_at(browser) == ("en", "ltr", "en")
        assert await spoken_at(browser, **{"Accept-Language": "fr, ko-KR;q=0.8"}) == ("ko", "ltr", "ko")
        browser.cookie_jar.update_cookies({LANGUAGE_COOKIE: "ru"})
        assert await spoken_at(browser, **{"Accept-Language": "ko"}) == ("ru", "ltr", "ru")
        changed = {"headers": mira.headers, "json": {"language": "ko"}}
        async with aiohttp.ClientSession(server.url) as program:
            assert (await program.patch("/api/v1/me", **changed)).status == 200
        assert await spoken_at(browser, **{"Accept-Language": "en"}) == ("ko", "ltr", "ko")
        assert await spoken_at(browser, "/nowhere") == ("ko", "ltr", "ko")
    async with server.browser(cookies={LANGUAGE_COOKIE: '"><script>'}) as browser:
        assert await spoken_at(browser) == ("en", "ltr", "en")


@pytest.mark.settings(language="ru")
async def test_whoever_asks_for_no_language_of_ours_gets_the_servers(server: Server) -> None:
    async with server.browser() as browser:
        assert await spoken_at(browser) == ("ru", "ltr", "ru")
        assert await spoken_at(browser, **{"Accept-Language": "fr"}) == ("ru", "ltr", "ru")
        assert await spoken_at(browser, **{"Accept-Language": "en-GB"}) == ("en", "ltr", "en")


async def test_pseudo_languages_are_not_reached_on_a_usual_server(server: Server) -> None:
    async with server.browser(cookies={LANGUAGE_COOKIE: "ar-XB"}) as browser:
        assert await spoken_at(browser, **{"Accept-Language": "ar-XB"}) == ("en", "ltr", "en")


@pytest.mark.settings(log_level="debug")
async def test_whoever_develops_reaches_them(server: Server) -> None:
    async with server.browser() as browser:
        assert await spoken_at(browser, **{"Accept-Language": "ar-XB"}) == ("ar-XB", "rtl", "ar-XB")
        assert await spoken_at(browser, **{"Accept-Language": "en-XA"}) == ("en-XA", "ltr", "en-XA")


@pytest.mark.parametrize(
    ("accepted", "code", "title", "detail"),
    [
        ("", "en", "Some fields are not valid", "At most 2,200 characters."),
        ("ru-RU,ru;q=0.9", "ru", "Некоторые поля заполнены неверно", "Не больше 2\u00a0200 символов."),
        ("ko", "ko", "일부 항목이 올바르지 않습니다", "최대 2,200자까지 쓸 수 있습니다."),
    ],
)
async def test_a_program_is_told_in_the_language_that_it_accepts(
    server: Server, client: aiohttp.ClientSession, accepted: str, code: str, title: str, detail: str
) -> None:
    mira = await server.join("mira")
    headers = mira.headers | ({"Accept-Language": accepted} if accepted else {})
    body = {"media": [{"upload_id": "01890000-0000-7000-8000-000000000000"}], "caption": "x" * 2_201}
    async with client.post("/api/v1/posts", json=body, headers=headers) as answer:
        problem = await answer.json()
    assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (code, "Accept-Language")
    assert (problem["title"], problem["code"], problem["errors"][0]["code"]) == (
        title,
        "validation",
        "too_long",
    )
    assert problem["errors"][0]["detail"] == detail
    headers["Content-Encoding"] = "gzip"
    async with client.post("/api/v1/posts", data=b"{}", headers=headers) as answer:
        wanted = {"en": "plain bytes", "ru": "обычные байты", "ko": "압축하지 않은"}[code]
        assert wanted in (await answer.json())["detail"]


async def test_why_a_file_failed_is_read_in_every_language(
    server: Server, client: aiohttp.ClientSession, data_dir: Path, sql: asyncpg.Connection
) -> None:
    mira = await server.join("mira")
    headers = mira.headers | {"Content-Type": "image/jpeg"}
    file = (await (await client.post("/api/v1/uploads", data=a_jpeg(), headers=headers)).json())["id"]
    [original] = (data_dir / "media").glob("photos/*/original")
    original.write_bytes(b"no picture any more")
    await settle(server.program)

    async def detail(language: str) -> str:
        async with client.get(
            f"/api/v1/files/{file}", headers=mira.headers | {"Accept-Language": language}
        ) as answer:
            error = (await answer.json())["error"]
            assert error["code"] == "unsupported_type"
            assert "Accept-Language" in answer.headers["Vary"]
            return str(error["detail"])

    formats = "JPEG, PNG, WebP, GIF, AVIF, HEIC."
    english = f"This is none of the kinds of pictures that are taken here: {formats}"
    assert await detail("en") == english
    assert await detail("ru") == f"Изображения этого вида здесь не принимаются. Подходят: {formats}"
    assert await detail("ko") == f"여기에서 받는 이미지 형식이 아닙니다. 가능한 형식: {formats}"
    korean = {"Accept-Language": "ko"}
    async with signed_in(server, "mira") as browser, browser.get("/settings/data", headers=korean) as answer:
        assert "여기에서 받는 이미지 형식이 아닙니다." in await answer.text()
    # The release before knows the sentence alone, and may have been the last to write.
    assert await sql.fetchval("SELECT error_detail FROM files") == english
    await sql.execute("UPDATE files SET error_detail = 'This file is empty.'")
    assert await detail("ru") == "Этот файл пуст."
    await sql.execute("UPDATE files SET error_words = NULL, error_detail = 'Some sentence of 2024.'")
    assert await detail("ru") == "Some sentence of 2024."


# Tags in every script


@pytest.mark.parametrize(
    ("written", "asked"),
    [("#НебоНадМорем", "небонадморем"), ("#한강의밤", "한강의밤"), ("#Ёлка", "ЁЛКА"), ("#Straße", "STRASSE")],
)
async def test_a_tag_is_found_in_whatever_case_and_form_it_is_written(
    server: Server, client: aiohttp.ClientSession, written: str, asked: str
) -> None:
    mira = await server.join("mira")
    photos = aiohttp.FormData({"caption": f"{unicodedata.normalize('NFD', written)} now"})
    photos.add_field("photos", a_jpeg(), filename="a.jpg", content_type="image/jpeg")
    async with client.post("/api/v1/posts", data=photos, headers=mira.headers) as answer:
        post = (await answer.json())["id"]
    await settle(server.program)
    for form in ("NFC", "NFD", "NFKC"):
        tag = quote(unicodedata.normalize(form, asked))
        async with client.get(f"/api/v1/tags/{tag}/posts") as answer:
            assert [each["id"] for each in (await answer.json())["items"]] == [post], form
    async with client.get(f"/p/{post}", headers={"Accept": "text/html"}) as answer:
        found = re.search(r'class="caption.*?<a[^>]* href="(/tags/[^"]+)"', await answer.text(), re.DOTALL)
    assert found is not None
    async with client.get(found[1], headers={"Accept": "text/html"}) as answer:
        assert post in await answer.text()


# The short ways in, beside the README


@pytest.mark.parametrize("language", update.TRANSLATED)
def test_the_short_readme_has_the_commands_accounts_and_settings_of_the_long_one(language: str) -> None:
    long = (update.ROOT / "README.md").read_text(encoding="utf-8")
    short = (update.ROOT / f"README.{language}.md").read_text(encoding="utf-8")
    assert f"(README.{language}.md)" in long
    assert "(README.md)" in short
    there = "".join(re.findall(r"^## (?:Try it|Run it).*?(?=^## )", long, re.MULTILINE | re.DOTALL))
    assert _commands(short) == _commands(there)
    assert _first_cells(short) == _first_cells(there)
    for name in re.findall(r"HELIOGRAPH_\w+", short):
        assert name in long
    for link in re.findall(r"\]\(([\w./]+)\)|src=\"([^\"]+)\"", short):
        assert (update.ROOT / "".join(link)).exists(), link


def _commands(text: str) -> list[str]:
    """The lines of the blocks of code, without their remarks."""
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line.partition("  #")[0].rstrip() for block in blocks for line in block.splitlines()]


def _first_cells(text: str) -> list[str]:
    return re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)


# Every page


PAGES = """
    / /login /register /forgot /explore /about /docs /docs/errors /docs/errors/not_found /shortcuts /nowhere
""".split()
MEMBERS_PAGES = """
    / /explore /new /drafts /requests /@mira /@ada /@ada/followers /@mira/saved /@mira/liked /tags/небо /settings
    /settings/profile /settings/account /settings/privacy /settings/appearance /settings/security /settings/tokens
    /settings/data /settings/descriptions /settings/password /welcome /report?member=ada /@ada/block /about /docs
    /shortcuts /nowhere
    /p/POST /p/POST/edit /p/POST/delete /p/POST/likes /p/POST/history /p/POST/originals
    /admin /admin/users /admin/users/mira /admin/reports /admin/invites /admin/jobs /admin/audit
""".split()
# What people and programs wrote, and times, which are told by the languages' own data.
_NOT_OURS = re.compile(r"code|user-text|id|name|handle|camera|shot-name")
_VOID = {"img", "input", "meta", "link", "br", "hr", "source", "use", "path", "wbr"}


class Words(HTMLParser):
    """The words of a page that are ours: between tags and in labels."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        theirs = tag in ("script", "style", "code", "pre", "bdi", "time", "option", "svg") or "dir" in found
        theirs |= "lang" in found or any(map(_NOT_OURS.fullmatch, (found.get("class") or "").split()))
        if tag == "html":
            theirs = False
        if not self._quiet:
            labels = ("aria-label", "title", "placeholder", "data-hide", "data-done")
            self.said += [found[name] or "" for name in labels if name in found and tag != "time"]
        if tag not in _VOID:
            self._open.append(theirs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.said.append(" ".join(data.split()))

    @property
    def _quiet(self) -> bool:
        return any(self._open)


@asynccontextmanager
async def a_place_with_pages(server: Server) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Somebody signed in who may see every page, and a post of theirs. Their texts are in no Latin letters."""
    mira = await server.join("mira", role="admin")
    ada = await server.join("ada")
    async with signed_in(server, "mira") as browser, aiohttp.ClientSession(server.url) as program:
        for who in (mira, ada):
            photos = aiohttp.FormData({"caption": "Горы #небо", "alt": "горы"})
            photos.add_field("photos", a_jpeg(colour="teal"), filename="a.jpg", content_type="image/jpeg")
            photos.add_field("photos", a_jpeg(colour="red"), filename="b.jpg", content_type="image/jpeg")
            async with program.post("/api/v1/posts", data=photos, headers=who.headers) as answer:
                post = (await answer.json())["id"]
            comment = {"json": {"text": "да"}, "headers": ada.headers}
            assert (await program.post(f"/api/v1/posts/{post}/comments", **comment)).status == 201
            if who is mira:
                mine = post
        assert (await program.put("/api/v1/users/ada/follow", headers=mira.headers)).status == 200
        await settle(server.program)
        yield browser, mine


async def words_of(browser: aiohttp.ClientSession, path: str, language: str) -> list[str]:
    async with browser.get(path, headers={"Accept": "text/html", "Accept-Language": language}) as answer:
        assert answer.status in (200, 404) or "nowhere" in path, (path, answer.status)
        html = await answer.text()
    assert f'<html lang="{language}"' in html, path
    return [each for each in Words(html).said if re.search(r"[^\W\d_]{2}", each)]


async def strange_words(server: Server, language: str) -> list[tuple[str, str]]:
    """Of all pages: (path, text) with a word that is neither of the language nor the same in all of them."""
    strange = []
    known = LATIN | {"mira", "ada", "kB", "Firefox", "Linux"}
    known |= set(month_name) if language == "en-XA" else set()
    async with a_place_with_pages(server) as (browser, post), server.browser() as guest:
        for session, pages in ((guest, PAGES), (browser, MEMBERS_PAGES)):
            for path in pages:
                for said in await words_of(session, path.replace("POST", post), language):
                    # Names and words in bold cut a sentence into pieces, each with one bracket.
                    plain = re.sub(r"\[.*?\]|^[^\[]*\]|\[[^\]]*$", "", said) if language == "en-XA" else said
                    if set(re.findall(r"[A-Za-z]{2,}", PLACE.sub(" ", plain))) - known:
                        strange.append((path, said))
    return strange


@pytest.mark.settings(instance_name="Фото", log_level="debug")
async def test_no_page_has_words_that_no_translator_was_given(server: Server) -> None:
    assert await strange_words(server, "en-XA") == []


@pytest.mark.settings(instance_name="Фото")
@pytest.mark.parametrize("language", update.TRANSLATED)
async def test_no_english_words_stand_on_a_page_in_another_language(server: Server, language: str) -> None:
    assert await strange_words(server, language) == []
