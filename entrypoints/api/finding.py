"""Suggestions over the API."""

from typing import Literal

import msgspec

from application.finding import KINDS, TagCount
from application.views import Person, PlaceRef
from domain.ports import Rate
from entrypoints.api.operation import Call, Operations

group = Operations("finding")

# A search box asks with every few letters.
SEARCH = Rate("search", 240, 60)


class SuggestionsQuery(msgspec.Struct, kw_only=True):
    """`q` is what was typed so far; `@`, `#` or `~` before it means people, tags or places."""

    q: str = ""
    type: Literal["all", "people", "tags", "places"] = "all"


class SuggestedPerson(msgspec.Struct, tag_field="type", tag="person"):
    """A member."""

    user: Person


class SuggestedTag(msgspec.Struct, tag_field="type", tag="tag"):
    """A tag, and how many posts with it are open to everybody, counted to 100."""

    tag: str
    posts: int


class SuggestedPlace(msgspec.Struct, tag_field="type", tag="place"):
    """A place where somebody took a photo that is open to everybody."""

    place: PlaceRef


Suggested = SuggestedPerson | SuggestedTag | SuggestedPlace


class Suggestions(msgspec.Struct):
    """What was typed may become one of these, best first within each type. More types may be added."""

    items: list[Suggested]


@group.declare(
    "GET",
    "/search/suggestions",
    "suggest",
    "People, tags and places whose names begin with what was typed",
    auth="optional",
    query=SuggestionsQuery,
    answer=Suggestions,
    rate=SEARCH,
)
async def suggest(call: Call) -> Suggestions:
    kinds = KINDS if call.query.type == "all" else (call.query.type,)
    found = await call.app.finding.suggest(call.viewer, call.query.q, kinds)
    return Suggestions([_suggested(one) for one in found])


def _suggested(one: Person | TagCount | PlaceRef) -> Suggested:
    if isinstance(one, Person):
        return SuggestedPerson(one)
    if isinstance(one, TagCount):
        return SuggestedTag(one.tag, one.posts)
    return SuggestedPlace(one)
