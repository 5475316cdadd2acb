"""Random histories of a small community: people act on each other and on posts, and some of it is refused."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from application.accounts import ProfileChange
from application.posting import PostEdit
from application.program import Application
from domain.kernel import CommentId, DomainError, PostId
from domain.ports import TryAgain
from domain.posts import AUDIENCES
from tests.builders import Someone, a_person, a_post

PEOPLE = 5
TAGS = ("harbour", "山", "été")
PLACES = ("Old Mole", "Nordhamn")

_someone = st.integers(0, PEOPLE - 1)
_thing = st.integers(0, 30)
_edges = (
    "follow",
    "follow",
    "follow",
    "unfollow",
    "accept",
    "accept",
    "decline",
    "block",
    "unblock",
)
_sets = ("like", "like", "unlike", "save", "unsave", "hide", "hide", "unhide")


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that person number `who` does to person or post number `what`; numbers wrap around."""

    kind: str
    who: int
    what: int = 0
    extra: Any = None


relations = st.builds(Act, st.sampled_from((*_edges, "mute", "unmute")), _someone, _someone)
moods = st.builds(Act, st.sampled_from(("hide away", "open up")), _someone)
publications = st.builds(
    Act,
    st.just("publish"),
    _someone,
    st.just(0),
    st.tuples(
        st.sampled_from(("everyone", "everyone", "followers", "only_me")),
        st.sampled_from((None, *TAGS)),
        st.sampled_from((None, None, *PLACES)),
    ),
)
audiences = st.builds(
    Act, st.just("show to"), _someone, _thing, st.tuples(st.sampled_from(AUDIENCES), st.none(), st.none())
)
remarks = st.builds(
    Act, st.sampled_from(("comment", "comment", "reply", "like comment", "unlike comment")), _someone, _thing
)
reactions = st.builds(Act, st.sampled_from(_sets), _someone, _thing)
removals = st.builds(Act, st.sampled_from(("delete post", "delete comment")), _someone, _thing)
endings = st.builds(Act, st.sampled_from(("suspend", "bring back", "leave")), _someone)

acts = st.one_of(
    relations, relations, publications, publications, audiences, moods, remarks, remarks, reactions, reactions
)
all_acts = st.one_of(acts, acts, acts, acts, removals, endings)


def histories(kinds: st.SearchStrategy[Act], longest: int = 40) -> st.SearchStrategy[list[Act]]:
    """Lists of acts, mostly long ones: short histories show little."""
    return st.lists(kinds, min_size=longest // 2, max_size=longest)


@dataclass
class Community:
    """The people of one example, and the ids of what they made, removed things included."""

    program: Application
    people: list[Someone]
    posts: list[PostId] = field(default_factory=list)
    comments: list[CommentId] = field(default_factory=list)

    async def live(self, history: Sequence[Act]) -> int:
        """Let all of it happen, one after the other. Answers how much was not refused."""
        return sum([await self.act(act) for act in history])

    async def act(self, act: Act) -> bool:
        """False when a rule said no. What the database undid is tried again, as every entrypoint does."""
        for left in (2, 1, 0):
            try:
                await self._act(act)
            except DomainError:
                return False
            except TryAgain:
                if not left:
                    raise
                continue
            return True
        return False

    async def _act(self, act: Act) -> None:  # noqa: PLR0912 - one line per kind
        app, me, other = self.program, self.people[act.who], self.people[act.what % len(self.people)]
        post = self.posts[act.what % len(self.posts)] if self.posts else PostId(app.ids.new())
        comment = self.comments[act.what % len(self.comments)] if self.comments else CommentId(app.ids.new())
        match act.kind:
            case "follow":
                await app.following.follow(me.id, other.name)
            case "unfollow":
                await app.following.unfollow(me.id, other.name)
            case "accept" | "decline":
                await app.following.answer_request(me.id, other.name, accept=act.kind == "accept")
            case "block":
                await app.following.block(me.id, other.name)
            case "unblock":
                await app.following.unblock(me.id, other.name)
            case "mute" | "unmute":
                await app.following.mute(me.id, other.name, act.kind == "mute")
            case "hide away" | "open up":
                await app.accounts.change_profile(me.id, ProfileChange(private=act.kind == "hide away"))
            case "publish":
                audience, tag, place = act.extra
                caption = f"seen by {me.name} #{tag}" if tag else "seen"
                self.posts.append(await a_post(app, me, caption, audience=audience, place=place))
            case "show to":
                await app.posting.edit(me.id, post, PostEdit(audience=act.extra[0]))
            case "comment":
                self.comments.append(await app.commenting.add(me.id, post, "so bright"))
            case "reply":
                found = await app.commenting.get(me.id, comment)
                self.comments.append(await app.commenting.add(me.id, PostId(found.post_id), "yes", comment))
            case "like comment" | "unlike comment":
                await app.commenting.like(me.id, comment, act.kind == "like comment")
            case "like":
                await app.posting.like(me.id, post)
            case "unlike":
                await app.posting.unlike(me.id, post)
            case "save" | "unsave":
                await app.posting.save(me.id, post, act.kind == "save")
            case "hide" | "unhide":
                await app.posting.hide(me.id, post, act.kind == "hide")
            case "delete post":
                await app.posting.delete(me.id, post)
            case "delete comment":
                await app.commenting.delete(me.id, comment)
            case "suspend" | "bring back":
                await app.moderation.change(me.name, suspended=act.kind == "suspend")
            case "leave":
                await app.leaving.delete_by_name(me.name)
            case _:
                raise AssertionError(act.kind)


async def a_community(program: Application, size: int = PEOPLE) -> Community:
    """Strangers to each other, and an administrator whom nobody meets."""
    await a_person(program, role="admin")
    return Community(program, [await a_person(program) for _ in range(size)])


async def lived(
    program: Application, start_over: Callable[[], Awaitable[Any]], history: Sequence[Act]
) -> Community:
    """A community in an otherwise empty database, in which all of this has happened."""
    await start_over()
    community = await a_community(program)
    await community.live(history)
    return community


# One act of each kind that matters to somebody who looks.
ONE_OF_EACH = [
    Act("publish", 0, 0, ("everyone", TAGS[0], PLACES[0])),
    Act("publish", 0, 0, ("followers", TAGS[0], PLACES[0])),
    Act("publish", 0, 0, ("only_me", TAGS[0], PLACES[1])),
    Act("follow", 1, 0),
    Act("hide away", 0),
    Act("follow", 2, 0),
    Act("comment", 1, 0),
    Act("comment", 1, 1),
    Act("like", 1, 1),
    Act("save", 1, 1),
    Act("mute", 3, 0),
    Act("block", 0, 4),
    Act("publish", 3, 0, ("everyone", TAGS[1], None)),
    Act("comment", 4, 3),
    Act("comment", 1, 3),
    Act("comment", 2, 3),
    Act("like", 4, 3),
    Act("follow", 2, 3),
    Act("mute", 2, 3),
    Act("follow", 1, 3),
    Act("suspend", 2),
    Act("mute", 4, 3),
    Act("follow", 4, 3),
    Act("publish", 1, 0, ("everyone", TAGS[2], None)),
    Act("hide", 0, 0),
    Act("hide", 4, 3),
    Act("mute", 3, 1),
    Act("follow", 3, 1),
]
