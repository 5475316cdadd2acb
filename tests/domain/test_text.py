"""Rules for everything people type."""

import sys
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.kernel import Invalid
from domain.text import (
    MAX_MENTIONS,
    MAX_TAGS,
    clean,
    find_mentions,
    find_tags,
    fold,
    has_invisible,
    split_links,
)

# Without lone surrogates, which are tested by name: most texts of Hypothesis would hold one and be refused.
texts = st.text(st.characters(exclude_categories=["Cs"]))
captions = st.lists(
    st.one_of(
        st.text(max_size=6),
        st.sampled_from(
            [
                "#harbour",
                "#हिन्दी",
                "#ไทยแลนด์",
                "#שָׁלוֹם",
                "#山",
                "#ﷺﷺ",
                "#a_b",
                "@mira",
                "@Noor.b.",
                "@ab.",
                "@a.b",
                "#",
                "@",
            ]
        ),
        st.sampled_from(
            [" ", "\n", ",", ".", "/", "&", "https://a.example/#x@you", "http://b.example).", "(", "😀"]
        ),
    )
).map("".join)


def refused(call: object, *arguments: object, **named: object) -> str:
    """The code of the one problem that a call is refused for."""
    with pytest.raises(Invalid) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    return caught.value.problems[0].code


@pytest.mark.goal("I4")
class TestClean:
    def test_text_comes_out_in_normal_form_c(self) -> None:
        assert clean("#/x", "e\u0301te\u0301", limit=9) == "\u00e9t\u00e9"
        assert clean("#/x", "\u1112\u1161\u11ab", limit=1) == "한"

    @pytest.mark.parametrize("number", [0x00, 0x07, 0x1B, 0x1F, 0x7F, 0x85, 0x9F, 0xD800, 0xDFFF])
    def test_what_cannot_be_stored_or_shown_is_refused(self, number: int) -> None:
        assert clean("#/x", "ab", limit=9) == "ab"
        assert refused(clean, "#/x", f"a{chr(number)}b", limit=9, multiline=True) == "bad_character"

    @pytest.mark.parametrize("text", ["😀" * 10, "👩‍👩‍👧‍👦" + "x" * 3, "\u00e9" * 10, "e\u0301" * 10])
    def test_limits_count_code_points_after_normalisation(self, text: str) -> None:
        assert clean("#/x", text, limit=10)
        assert refused(clean, "#/x", text + "z", limit=10) == "too_long"

    def test_line_breaks_stay_only_where_lines_make_sense(self) -> None:
        assert clean("#/x", "a\r\nb\rc\td", limit=9, multiline=True) == "a\nb\nc\td"
        assert clean("#/x", "a\r\nb\u2028c  d", limit=9) == "a b c d"

    @pytest.mark.parametrize(
        "text", ["", "   ", "\n", "\u200b", "\u2060\u00ad \ufeff", "\u3164 \u2800\u061c"]
    )
    def test_what_nobody_can_see_is_not_enough_where_text_is_required(self, text: str) -> None:
        assert clean("#/x", "\u200bx", limit=9, required=True)
        assert refused(clean, "#/x", text, limit=9, required=True) == "required"

    @given(st.text(), st.booleans())
    def test_clean_text_stays_as_it_is(self, text: str, multiline: bool) -> None:
        try:
            once = clean("#/x", text, limit=100, multiline=multiline)
        except Invalid:
            return
        assert clean("#/x", once, limit=100, multiline=multiline) == once
        assert unicodedata.is_normalized("NFC", once)
        once.encode()


@pytest.mark.parametrize("text", ["a" + "\u0300" * 100_000 + "\u0316" * 100_000, "\u1100" * 300_000])
def test_texts_that_take_long_to_normalise_are_not_normalised(text: str) -> None:
    began = time.process_time()
    with pytest.raises(Invalid):
        clean("#/x", text, limit=2_200)
    assert len(fold(text)) > 1_000
    assert time.process_time() - began < 2, "the marks alone would take a minute"


@pytest.mark.goal("C4")
@given(st.text())
@example("\u0345\u0301")
@example("\u1fb7")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.goal("C4")
def test_folding_any_single_character_twice_is_folding_it_once() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        once = fold(character)
        assert fold(once) == once, hex(number)


class TestTags:
    @pytest.mark.parametrize(
        "tag",
        [
            "harbour",
            "山",
            "été",
            "हिन्दी",
            "ไทยแลนด์",
            "தமிழ்",
            "العربية",
            "שָׁלוֹם",
            "မြန်မာ",
            "2024",
            "a_b",
            "Ελλάδα",
            "नमस्ते2",
        ],
    )
    def test_a_tag_is_whole_in_any_script(self, tag: str) -> None:
        assert find_tags(f"see #{tag}, there") == (fold(tag),)

    def test_spellings_of_one_tag_are_one_tag(self) -> None:
        assert find_tags("#Harbour #HARBOUR #ｈａｒｂｏｕｒ #e\u0301te #\u00e9TE") == ("harbour", "\u00e9te")

    @pytest.mark.parametrize("text", ["a#b", "&#39;", "/#x", "##x", "#_x", "# x", "https://a.example/#x"])
    def test_what_is_not_a_tag(self, text: str) -> None:
        assert find_tags("#yes") == ("yes",)
        assert find_tags(text) == ()

    def test_one_tag_too_many_is_refused(self) -> None:
        assert len(find_tags(" ".join(f"#t{i}" for i in range(MAX_TAGS)))) == MAX_TAGS
        assert refused(find_tags, " ".join(f"#t{i}" for i in range(MAX_TAGS + 1))) == "too_many_tags"

    @given(captions)
    @example("#" + "\ufdfa" * 64)
    def test_every_tag_fits_its_column_and_is_canonical(self, caption: str) -> None:
        for tag in find_tags(caption):
            assert 1 <= len(tag) <= 200
            assert fold(tag) == tag


class TestMentions:
    def test_mentions_are_canonical_user_names(self) -> None:
        assert find_mentions("@Mira, @noor.b. and @MIRA; not a@mira @ab @@mira") == ("mira", "noor.b")

    def test_one_mention_too_many_is_refused(self) -> None:
        assert len(find_mentions(" ".join(f"@user{i}" for i in range(MAX_MENTIONS)))) == MAX_MENTIONS
        text = " ".join(f"@user{i}" for i in range(MAX_MENTIONS + 1))
        assert refused(find_mentions, text) == "too_many_mentions"


class TestSplitLinks:
    @given(st.one_of(texts, captions))
    def test_the_pieces_join_to_the_text(self, text: str) -> None:
        assert "".join(piece for _, piece in split_links(text)) == text

    @given(captions)
    def test_what_is_linked_is_what_was_found(self, caption: str) -> None:
        pieces = list(split_links(caption))
        try:
            tags, mentions = find_tags(caption), find_mentions(caption)
        except Invalid:
            return
        assert {fold(piece[1:]) for kind, piece in pieces if kind == "tag"} == set(tags)
        assert {piece[1:].lower() for kind, piece in pieces if kind == "mention"} == set(mentions)

    def test_a_link_ends_before_the_sentence_does(self) -> None:
        pieces = list(split_links("see https://a.example/b). #x @mira."))
        assert [kind for kind, _ in pieces] == ["text", "link", "text", "tag", "text", "mention", "text"]
        assert pieces[1] == ("link", "https://a.example/b")


def test_invisible_characters_are_noticed() -> None:
    assert not has_invisible("mira")
    assert all(has_invisible(f"mi{c}ra") for c in "\u200b\u202e\u2066\ufeff\u00ad\u200f")
