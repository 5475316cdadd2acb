"""The one privacy rule. Every path that shows something to somebody goes through these functions.

A viewer of None is somebody signed out.
"""

from domain.follows import Relationship
from domain.kernel import UserId
from domain.posts import Audience


def can_know(viewer: UserId | None, member: UserId, *, active: bool, relationship: Relationship) -> bool:
    """Whether the member exists for this viewer: name, avatar, bio and counts."""
    return active and (viewer == member or not relationship.blocked)


def can_unblock(*, active: bool, relationship: Relationship) -> bool:
    """Whether the viewer blocks the member, and so still finds them, by name and in the list of the blocked.

    Nothing here depends on the other's blocks: who was blocked in return must not be able to tell.
    """
    return active and relationship.blocks


def can_see_posts(
    viewer: UserId | None, member: UserId, *, active: bool, private: bool, relationship: Relationship
) -> bool:
    """Whether the viewer may see the member's posts to followers and, of a private member, any post at all."""
    if not can_know(viewer, member, active=active, relationship=relationship):
        return False
    return viewer == member or not private or relationship.follows


def can_view(
    viewer: UserId | None,
    author: UserId,
    audience: Audience,
    *,
    active: bool,
    private: bool,
    relationship: Relationship,
) -> bool:
    """Whether the viewer may see a post: its photos, words, counts, comments, likers, and that it exists."""
    if not can_see_posts(viewer, author, active=active, private=private, relationship=relationship):
        return False
    if viewer == author:
        return True
    return audience == "everyone" or (audience == "followers" and relationship.follows)


def is_public(audience: Audience, *, active: bool, private: bool) -> bool:
    """Whether everybody, signed in or not, may see a post."""
    return active and not private and audience == "everyone"


def shown_to(audience: Audience, *, private: bool) -> Audience:
    """Whom a post is shown to, in words that stay true when its author's account is not private any more."""
    return "followers" if private and audience == "everyone" else audience
