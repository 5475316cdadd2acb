"""Suggestions over the API."""

from typing import Annotated, Literal

import msgspec

from application.finding import KINDS, TagCount
from application.meeting import MOST_SUGGESTED, Met, ReasonCode
from application.views import MemberViewer, Page, Person, PlaceRef
from domain.kernel import Invalid, msg
from domain.ports import Rate
from entrypoints.api.operation import Call, Operations
from entrypoints.web import site
from entrypoints.web.translation import speaking
from entrypoints.web.words import why_met

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


class PeopleQuery(msgspec.Struct, kw_only=True):
    """How many people to suggest."""

    limit: Annotated[int, msgspec.Meta(description="At most 20.")] = 10

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise Invalid.field(
                "#/limit", "out_of_range", msg("Ask for 1 to {limit} items."), limit=MOST_SUGGESTED
            )
        self.limit = min(self.limit, MOST_SUGGESTED)


class WhyPerson(msgspec.Struct):
    """Why somebody is suggested, in the reader's language; `via` are one or two people who follow them, if that is why."""

    code: ReasonCode
    text: str
    via: list[Person]


class SuggestedMember(msgspec.Struct):
    """Somebody whom the caller may like to follow."""

    user: Person
    viewer: MemberViewer
    reason: WhyPerson


@group.declare(
    "GET",
    "/suggestions/people",
    "suggestPeople",
    "People whom one may like: known to the followed, or popular here",
    query=PeopleQuery,
    answer=Page[SuggestedMember],
)
async def suggest_people(call: Call) -> Page[SuggestedMember]:
    found = await call.app.meeting.suggest(call.user, call.query.limit)
    with speaking(site.accepted_language(call.request, call.who.language)):
        return Page([_suggested_member(one) for one in found])


def _suggested_member(met: Met) -> SuggestedMember:
    reason = WhyPerson(met.reason, why_met(met), list(met.through.named))
    return SuggestedMember(met.user, met.viewer, reason)
