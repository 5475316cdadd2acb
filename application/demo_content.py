"""Who and what the demo shows: people, posts, comments, likes and follows, put together by chance from a seed.

Nothing is stored or drawn here: pictures are named by (scene, seed) and are at most as many as `PICTURES`, however many
posts there are.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from application.demo_texts import (
    ANYTIME,
    ASIDES,
    COMMENTS,
    MORE_BIOS,
    MORE_NAMES,
    PEOPLE,
    PLACES,
    REPLIES,
    SCENES,
    WITH,
    Language,
    SceneTexts,
)

Audience = Literal["everyone", "followers", "only_me"]
Picture = tuple[str, int]
T = TypeVar("T")

PICTURES: tuple[Picture, ...] = tuple(
    (scene, seed) for scene, texts in SCENES.items() for seed in texts.seeds
)
FEWEST_PEOPLE = 5
PERIOD_DAYS = 42

# How many photos posts have, and at which hours of the day people post.
_PHOTO_COUNTS = {1: 62, 2: 18, 3: 11, 4: 6, 5: 3}
_HOURS = (1, 1, 0, 0, 0, 2, 5, 9, 10, 7, 5, 5, 8, 8, 5, 4, 5, 8, 11, 14, 15, 14, 9, 4)
_COMMENT_COUNTS = {0: 26, 1: 24, 2: 20, 3: 14, 4: 9, 5: 5, 6: 2}
# Weights of the fixed people; everybody else lies well below, so that a few are known by nearly all.
_FAME = {"mira": 9.0, "nplatov": 4.5, "soyeon": 4.5, "greta": 4.0, "admin": 1.0}
_DILIGENCE = {"mira": 3.2, "nplatov": 2.6, "soyeon": 2.6, "greta": 2.4, "admin": 0.25}


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """A real place; latitude and longitude in degrees."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account. `avatar_seed` draws her avatar; `language` is the one she writes in."""

    username: str
    name: str
    bio: str
    place: str
    language: Language
    private: bool
    role: Literal["admin", "member"]
    avatar_seed: int


@dataclass(frozen=True, slots=True)
class DemoPhoto:
    """A picture to draw, and its description in the author's language."""

    scene: str
    seed: int
    alt: str


@dataclass(frozen=True, slots=True)
class DemoComment:
    """`reply_to` is the index of an earlier comment of the same post that is not a reply itself."""

    author: str
    text: str
    created_at: datetime
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class DemoPost:
    """A post with its likes (user names, in order of liking) and its comments, oldest first."""

    author: str
    caption: str
    place: DemoPlace | None
    audience: Audience
    photos: tuple[DemoPhoto, ...]
    created_at: datetime
    likes: tuple[str, ...]
    comments: tuple[DemoComment, ...]


@dataclass(frozen=True, slots=True)
class DemoContent:
    """Everything, people first; posts oldest first; follows as (follower, followed)."""

    people: tuple[DemoPerson, ...]
    posts: tuple[DemoPost, ...]
    follows: tuple[tuple[str, str], ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Each picture that some post uses, once."""
        return tuple(dict.fromkeys((photo.scene, photo.seed) for post in self.posts for photo in post.photos))


def compose(*, people: int = 24, posts: int = 60, seed: int = 7, now: datetime) -> DemoContent:
    """The demo as of `now` (aware). The same arguments give the same content.

    ValueError for fewer than FEWEST_PEOPLE people, or for more posts than there are pictures for their profiles.
    """
    if people < FEWEST_PEOPLE:
        raise ValueError(f"at least {FEWEST_PEOPLE} people")
    if posts > people * len(PICTURES):
        raise ValueError(f"at most {people * len(PICTURES)} posts for {people} people")
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    rng = random.Random(f"demo:{seed}")  # noqa: S311 - content to look at, not secrets
    cast = _people(rng, people)
    follows = _follows(rng, cast)
    writer = _Writer(rng, cast, follows, now, left=posts)
    return DemoContent(cast, tuple(writer.post(moment) for moment in _moments(rng, posts, now)), follows)


def _people(rng: random.Random, count: int) -> tuple[DemoPerson, ...]:
    known = [
        DemoPerson(
            who.username, who.name, who.bio, who.place, who.language, who.private, _role(who.username), number
        )
        for number, who in enumerate(PEOPLE[:count])
    ]
    return (*known, *(_newcomer(rng, number) for number in range(len(known), count)))


def _role(username: str) -> Literal["admin", "member"]:
    return "admin" if username == "admin" else "member"


def _newcomer(rng: random.Random, number: int) -> DemoPerson:
    language = rng.choice(tuple(MORE_NAMES))
    username, name = rng.choice(MORE_NAMES[language])
    place = rng.choice([who.place for who in PEOPLE if who.language == language])
    bio = rng.choice(MORE_BIOS[language])
    return DemoPerson(
        f"{username}_{number}", name, bio, place, language, rng.random() < 0.15, "member", number
    )


def _follows(rng: random.Random, cast: Sequence[DemoPerson]) -> tuple[tuple[str, str], ...]:
    """Everybody follows 5 to 14 others (or all there are): the known ones, her own language, who follows her."""
    fame = {who.username: _FAME.get(who.username, rng.uniform(0.6, 2.4)) for who in cast}
    pairs: dict[tuple[str, str], None] = {}
    for who in cast:
        others = [other for other in cast if other is not who]
        count = min(len(others), max(5, min(14, round(rng.gauss(9, 2.6)))))
        weights = [
            fame[other.username]
            * (2.0 if other.language == who.language else 1.0)
            * (2.2 if (other.username, who.username) in pairs else 1.0)
            for other in others
        ]
        chosen = _sample(rng, others, weights, count)
        pairs.update(dict.fromkeys((who.username, other.username) for other in chosen))
    return tuple(pairs)


def _sample(rng: random.Random, items: Sequence[T], weights: Sequence[float], count: int) -> list[T]:
    """`count` different items, heavier ones more likely (Efraimidis and Spirakis, 2006: the largest u^(1/w))."""
    keyed = sorted(range(len(items)), key=lambda i: rng.random() ** (1 / weights[i]), reverse=True)
    return [items[i] for i in keyed[:count]]


def _moments(rng: random.Random, count: int, now: datetime) -> list[datetime]:
    """When posts appear: over six weeks, at the hours at which people are awake, the newest within the last day."""
    moments = []
    for _ in range(count):
        day = (now - timedelta(days=rng.random() ** 1.15 * PERIOD_DAYS)).replace(
            minute=0, second=0, microsecond=0
        )
        hour = rng.choices(range(24), _HOURS)[0]
        moment = day.replace(hour=hour) + timedelta(seconds=rng.randrange(3600))
        moments.append(moment if moment < now - timedelta(minutes=4) else moment - timedelta(days=1))
    oldest = now - timedelta(days=PERIOD_DAYS)
    return sorted(max(moment, oldest) for moment in moments)


@dataclass(slots=True)
class _Writer:
    """Writes one post after the other and remembers what has been used, so that things repeat as late as possible."""

    rng: random.Random
    cast: Sequence[DemoPerson]
    follows: Sequence[tuple[str, str]]
    now: datetime
    left: int
    used: Counter[str] = field(default_factory=Counter)
    covers: Counter[Picture] = field(default_factory=Counter)
    extras: Counter[Picture] = field(default_factory=Counter)
    profiles: dict[str, set[Picture]] = field(default_factory=dict)
    diligence: dict[str, float] = field(default_factory=dict)
    followers: dict[str, list[str]] = field(default_factory=dict)
    languages: dict[str, Language] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for who in self.cast:
            self.profiles[who.username] = set()
            self.diligence[who.username] = _DILIGENCE.get(who.username, self.rng.uniform(0.5, 1.5))
            self.followers[who.username] = [one for one, other in self.follows if other == who.username]
            self.languages[who.username] = who.language

    def post(self, moment: datetime) -> DemoPost:
        """The next post; moments must rise."""
        self.left -= 1
        author = self._author()
        pictures = self._pictures(author)
        texts = SCENES[pictures[0][0]]
        audience = self._audience()
        photos = tuple(DemoPhoto(scene, seed, self._alt(scene, author)) for scene, seed in pictures)
        readers = self._readers(author, audience)
        likes = self._likes(author, readers)
        return DemoPost(
            author=author.username,
            caption=self._caption(texts, author),
            place=self._place(texts),
            audience=audience,
            photos=photos,
            created_at=moment,
            likes=likes,
            comments=self._comments(texts, author, readers, moment),
        )

    def _author(self) -> DemoPerson:
        free = [who for who in self.cast if len(self.profiles[who.username]) < len(PICTURES)]
        return self.rng.choices(free, [self.diligence[who.username] for who in free])[0]

    def _pictures(self, author: DemoPerson) -> list[Picture]:
        """A cover that has been shown least, then more of the same kind. None twice on one profile."""
        profile = self.profiles[author.username]
        free = [picture for picture in PICTURES if picture not in profile]
        cover = min(free, key=lambda picture: (self.covers[picture], self.extras[picture], self.rng.random()))
        mood = SCENES[cover[0]].mood
        kin = [picture for picture in free if picture != cover and SCENES[picture[0]].mood == mood]
        kin.sort(key=lambda picture: (picture[0] != cover[0], self.extras[picture], self.rng.random()))
        wanted = self.rng.choices(tuple(_PHOTO_COUNTS), tuple(_PHOTO_COUNTS.values()))[0]
        more = kin[: max(0, min(wanted - 1, self._spare()))]
        self.covers[cover] += 1
        self.extras.update(more)
        profile.update([cover, *more])
        return [cover, *more]

    def _spare(self) -> int:
        """How many pictures may be shown beyond one for this post and one for each that is still to come."""
        free = sum(len(PICTURES) - len(profile) for profile in self.profiles.values())
        return free - 1 - self.left

    def _fresh(self, choices: Sequence[str]) -> str:
        """One of `choices` that has been used least so far."""
        text = min(choices, key=lambda choice: (self.used[choice], self.rng.random()))
        self.used[text] += 1
        return text

    def _alt(self, scene: str, author: DemoPerson) -> str:
        return self._fresh(SCENES[scene].alts[author.language])

    def _caption(self, texts: SceneTexts, author: DemoPerson) -> str:
        """A line, sometimes another, sometimes a mention, then tags. Tried again while it has been written twice."""
        line = self._fresh(texts.captions[author.language])
        for _ in range(50):
            caption = self._dressed(line, texts, author)
            if self.used[caption] < 2:
                break
        self.used[caption] += 1
        return caption

    def _dressed(self, line: str, texts: SceneTexts, author: DemoPerson) -> str:
        parts = [line]
        if self.rng.random() < 0.3:
            parts.append(self._fresh(ASIDES[author.language]))
        if self.rng.random() < 0.16 and (friends := self._friends(author)):
            parts.append(self.rng.choice(WITH[author.language]).format(who=self.rng.choice(friends)))
        tags = list(texts.tags[author.language])
        if author.language != "en" and self.rng.random() < 0.5:
            tags.append(self.rng.choice(texts.tags["en"]))
        shown = (
            self.rng.sample(tags, self.rng.randint(1, min(3, len(tags)))) if self.rng.random() < 0.88 else []
        )
        text = " ".join(parts)
        return f"{text}\n\n{' '.join('#' + tag for tag in shown)}" if shown else text

    def _friends(self, author: DemoPerson) -> list[str]:
        following = {other for one, other in self.follows if one == author.username}
        return [name for name in self.followers[author.username] if name in following and name != "admin"]

    def _place(self, texts: SceneTexts) -> DemoPlace | None:
        if not texts.places or self.rng.random() < 0.2:
            return None
        return DemoPlace(*PLACES[self._fresh(texts.places)])

    def _audience(self) -> Audience:
        chances: dict[Audience, int] = {"everyone": 90, "followers": 8, "only_me": 2}
        return self.rng.choices(tuple(chances), tuple(chances.values()))[0]

    def _readers(self, author: DemoPerson, audience: Audience) -> list[str]:
        """Who may see the post and has a hand in it: never the author."""
        if audience == "only_me":
            return []
        if audience == "followers" or author.private:
            return self.followers[author.username]
        return [who.username for who in self.cast if who is not author]

    def _likes(self, author: DemoPerson, readers: Sequence[str]) -> tuple[str, ...]:
        """Few posts are liked by nearly all and most by a handful: the share of readers is a power of an even chance."""
        close = set(self.followers[author.username])
        pull = 0.55 + 0.45 * math.sqrt(len(close) / len(self.cast))
        share = min(1.0, self.rng.random() ** 2.3 * 1.25 * pull)
        count = min(len(readers), max(round(len(readers) * share), self.rng.choice((0, 1, 1, 2, 3))))
        return tuple(_sample(self.rng, readers, [5.0 if name in close else 1.0 for name in readers], count))

    def _comments(
        self, texts: SceneTexts, author: DemoPerson, readers: Sequence[str], moment: datetime
    ) -> tuple[DemoComment, ...]:
        wanted = self.rng.choices(tuple(_COMMENT_COUNTS), tuple(_COMMENT_COUNTS.values()))[0]
        if not readers:
            return ()
        close = set(self.followers[author.username])
        weights = [4.0 if name in close else 1.0 for name in readers]
        speakers = _sample(self.rng, readers, weights, min(wanted, len(readers)))
        talk: list[tuple[DemoComment, int | None]] = []
        for speaker in speakers:
            if len(talk) >= wanted:
                break
            said = self._remark(texts, author, speaker, moment)
            talk.append((said, None))
            if len(talk) < wanted and self.rng.random() < 0.42:
                talk.append((self._reply(author, said), len(talk) - 1))
        return _in_order(talk)

    def _remark(self, texts: SceneTexts, author: DemoPerson, speaker: str, moment: datetime) -> DemoComment:
        """A comment in the speaker's language, or in English when the author writes in another."""
        language = self.languages[speaker]
        if language != author.language and self.rng.random() < 0.7:
            language = "en"
        choices = COMMENTS[texts.mood][language] if self.rng.random() < 0.6 else ANYTIME[language]
        return DemoComment(speaker, self._fresh(choices), self._after(moment, hours=9))

    def _reply(self, author: DemoPerson, said: DemoComment) -> DemoComment:
        theirs = next((language for language, words in _WORDS.items() if said.text in words), "en")
        text = self._fresh(REPLIES[theirs if theirs == author.language else "en"])
        if self.rng.random() < 0.35:
            text = f"@{said.author} {text}"
        return DemoComment(author.username, text, self._after(said.created_at, hours=3))

    def _after(self, moment: datetime, *, hours: float) -> datetime:
        """Some time later, soon more often than late, but before now."""
        later = moment + timedelta(hours=self.rng.expovariate(1 / hours), minutes=1)
        if later < self.now:
            return later
        return moment + (self.now - moment) * self.rng.uniform(0.2, 0.8)


_WORDS: dict[Language, frozenset[str]] = {
    language: frozenset(ANYTIME[language]).union(*(mood[language] for mood in COMMENTS.values()))
    for language in ANYTIME
}


def _in_order(talk: Sequence[tuple[DemoComment, int | None]]) -> tuple[DemoComment, ...]:
    """Comments by time, each reply pointing to where its comment has come to stand."""
    order = sorted(range(len(talk)), key=lambda i: (talk[i][0].created_at, i))
    places = {old: new for new, old in enumerate(order)}
    return tuple(
        DemoComment(said.author, said.text, said.created_at, None if parent is None else places[parent])
        for said, parent in (talk[i] for i in order)
    )
