"""Everything that entrypoints may call, in one object."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from application.accounts import Accounts
from application.catching_up import CatchingUp
from application.commenting import Commenting
from application.directory import Directory
from application.downloading import Downloading
from application.drafting import Drafting
from application.exporting import Exporting
from application.feeds import Feeds
from application.finding import Finding
from application.following import FollowingPeople
from application.importing import Importing
from application.joining import Joining
from application.leaving import Leaving
from application.living import Living
from application.media import MediaAccess, MediaGrants
from application.meeting import Meeting
from application.moderation import Moderation
from application.notifying import Notifying
from application.operations import Operations
from application.outbox import Housekeeping, Runner
from application.overview import Overviews
from application.people import People
from application.posting import Posting
from application.resetting import Resetting
from application.sign_in_log import SignInLog
from application.signing_in import SigningIn
from application.this_place import ThisPlace
from application.uploading import Uploading
from domain.ports import Clock, Ids, MediaStore, RateLimiter, Workspace


@dataclass(frozen=True, slots=True)
class Application:
    """The use cases, and the few ports that entrypoints need for bytes, limits and names.

    `reading` is a block whose reads, one after the other, share what they read through.
    """

    accounts: Accounts
    joining: Joining
    signing_in: SigningIn
    sign_in_log: SignInLog
    leaving: Leaving
    resetting: Resetting
    place: ThisPlace
    exporting: Exporting
    importing: Importing
    following: FollowingPeople
    posting: Posting
    commenting: Commenting
    drafting: Drafting
    uploading: Uploading
    downloading: Downloading
    feeds: Feeds
    notifying: Notifying
    living: Living
    catching_up: CatchingUp
    finding: Finding
    people: People
    meeting: Meeting
    overviews: Overviews
    media_access: MediaAccess
    grants: MediaGrants
    operations: Operations
    directory: Directory
    moderation: Moderation
    runner: Runner
    housekeeping: Housekeeping
    media: MediaStore
    workspace: Workspace
    limiter: RateLimiter
    clock: Clock
    ids: Ids
    reading: Callable[[], AbstractAsyncContextManager[None]]
