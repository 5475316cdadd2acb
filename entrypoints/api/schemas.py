"""What requests may hold, member by member. The domain decides whether the values make sense."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from domain.files import Crop, Kind, State
from domain.moderation import CaseState, Decision, Reason
from domain.posts import Audience
from domain.users import AltReminder, Motion, Role
from entrypoints.api.operation import Paging

MemberState = Literal["active", "suspended"]


class In(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of all: unknown members are refused, unless their name begins with `x_`."""


class NewAccount(In):
    username: str
    password: str
    email: str | None = None
    display_name: str | None = None
    invite: str | None = None


class NewToken(In):
    username: str
    password: str
    name: str = ""
    scopes: list[str] | None = None
    come_back: bool = False


class NewSession(In):
    username: str
    password: str
    stay: bool = True
    come_back: bool = False


class MePatch(In):
    display_name: str | UnsetType | None = UNSET
    bio: str | UnsetType | None = UNSET
    link: str | UnsetType | None = UNSET
    place: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    username: str | UnsetType = UNSET
    language: str | UnsetType | None = UNSET
    private: bool | UnsetType = UNSET
    show_camera: bool | UnsetType = UNSET
    downloads: bool | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    text_size: int | UnsetType = UNSET
    motion: Motion | UnsetType = UNSET
    single_keys: bool | UnsetType = UNSET
    alt_reminder: AltReminder | UnsetType = UNSET
    password: str | UnsetType = UNSET


class PasswordChange(In):
    old: str
    new: str


class Leave(In):
    password: str
    for_good: bool = True


class PlaceIn(In):
    name: str
    lat: float | None = None
    lon: float | None = None


class CropIn(In):
    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    rotate: int = 0

    def crop(self) -> Crop:
        """As the domain has it. Raises Invalid."""
        return Crop(self.x, self.y, self.width, self.height, self.rotate)


class MediaIn(In):
    upload_id: UUID
    alt: str | None = None
    crop: CropIn | None = None


class NewPost(In):
    media: list[MediaIn]
    caption: str | None = None
    place: PlaceIn | None = None
    audience: Audience = "everyone"
    comments: bool = True
    show_camera: bool | None = None


class NewDraft(In):
    media: list[MediaIn] = []
    caption: str | None = None
    place: PlaceIn | None = None
    audience: Audience = "everyone"
    comments: bool = True
    show_camera: bool | None = None
    publish_at: datetime | None = None


class DraftPatch(In):
    media: list[MediaIn] | UnsetType = UNSET
    caption: str | UnsetType | None = UNSET
    place: PlaceIn | UnsetType | None = UNSET
    audience: Audience | UnsetType = UNSET
    comments: bool | UnsetType = UNSET
    show_camera: bool | UnsetType = UNSET
    publish_at: datetime | UnsetType | None = UNSET


class MediaPatch(In):
    id: UUID | UnsetType = UNSET
    upload_id: UUID | UnsetType = UNSET
    alt: str | UnsetType | None = UNSET
    crop: CropIn | UnsetType | None = UNSET


class PostPatch(In):
    caption: str | UnsetType | None = UNSET
    place: PlaceIn | UnsetType | None = UNSET
    audience: Audience | UnsetType = UNSET
    comments: bool | UnsetType = UNSET
    show_camera: bool | UnsetType = UNSET
    media: list[MediaPatch] | UnsetType = UNSET


class NewComment(In):
    text: str
    reply_to: UUID | None = None


class CommentPatch(In):
    text: str


class NewReport(In):
    reason: Reason
    post_id: UUID | None = None
    comment_id: UUID | None = None
    username: str | None = None
    note: str = ""


class CaseDecision(In):
    decision: Decision
    note: str = ""


class UserPatch(In):
    state: MemberState | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    sign_out: Literal[True] | UnsetType = UNSET


class NewInvite(In):
    uses: int = 1
    days: int = 14


class UsersQuery(Paging):
    q: str = ""
    role: Role | None = None
    state: Literal["active", "suspended", "away"] | None = None


class CasesQuery(Paging):
    state: CaseState = "open"


class HomeQuery(Paging):
    since: str | None = None


class ExploreQuery(Paging):
    sort: Literal["fresh", "popular"] = "fresh"


class FilesQuery(Paging):
    kind: Kind | None = None
    state: State | None = None
    undescribed: bool = False


def given(patch: Any, name: str) -> Any:
    """A member of a patch: None when it was left out, the empty text when it was null."""
    value = getattr(patch, name)
    return None if value is UNSET else "" if value is None else value
