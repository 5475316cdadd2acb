"""A post's own page with what people do there, and changing or deleting posts and comments."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sanic import HTTPResponse

from application.views import CommentView, FileView, Page, Person, PostCard
from domain.kernel import CommentId, DomainError, Invalid, NotFound, PostId, UserId
from entrypoints import requests
from entrypoints.web import site
from entrypoints.web.pictures import fallback
from entrypoints.web.translation import gettext as _
from entrypoints.web.visits import NO_TROUBLE, Routes, Trouble, Visit, trouble

routes = Routes("posts")

COMMENTS = 30
RELOAD_SECONDS = 3
LIKERS = 50
MORE = 6


@routes.page("/p/<post_id:uuid>")
async def post(visit: Visit, post_id: UUID) -> HTTPResponse:
    return await _show_post(visit, PostId(post_id))


async def _show_post(
    visit: Visit, post_id: PostId, *, text: str = "", found: Trouble = NO_TROUBLE
) -> HTTPResponse:
    shown = await visit.app.feeds.post(visit.viewer, post_id)
    comments = await _comments(visit, post_id)
    in_progress = _in_progress(shown)
    return await visit.page(
        "post.html",
        status=found.status,
        post=shown,
        fan=await _fan(visit, shown),
        in_progress=in_progress,
        comments=comments,
        # Somebody who is writing keeps what they wrote, so only then the page waits for its pictures by itself.
        reload_seconds=RELOAD_SECONDS
        if in_progress and not (text or found.lines or visit.asked("reply_to"))
        else 0,
        threads=in_threads(comments.items),
        reply_to=await _answered(visit, post_id),
        text=text,
        trouble=found,
        card=_preview(visit, shown),
        failed=await failed_photos(visit, shown),
        more=await _more(visit, shown),
    )


async def _comments(visit: Visit, post_id: PostId) -> Page[CommentView]:
    """The newest ones, the part that is asked for, or the one around the comment that a link leads to."""
    at = _id(visit.asked("comment"))
    if at is not None and visit.cursor is None:
        return await visit.app.commenting.around(visit.viewer, post_id, CommentId(at), COMMENTS)
    return await visit.app.commenting.list(visit.viewer, post_id, COMMENTS, visit.cursor, newest=True)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _more(visit: Visit, shown: PostCard) -> list[PostCard]:
    """Some other photos of the author's, where the whole page is shown."""
    if visit.part:
        return []
    page = await visit.app.feeds.of_member(visit.viewer, UserId(shown.author.id), MORE + 1)
    return [post for post in page.items if post.id != shown.id][:MORE]


async def failed_photos(visit: Visit, shown: PostCard) -> list[tuple[int, FileView]]:
    """The photos that their author can try again, with their numbers from 1. Nobody else is told."""
    if not shown.viewer.can_edit or all(photo.state != "failed" for photo in shown.media):
        return []
    files = await _own_files(visit, shown)
    return [(number, file) for number, file in enumerate(files, 1) if file.state == "failed"]


async def _own_files(visit: Visit, shown: PostCard) -> list[FileView]:
    return [photo.file for photo in await visit.app.posting.photos(visit.user, PostId(shown.id))]


async def _fan(visit: Visit, shown: PostCard) -> Person | None:
    """Somebody else who likes it, the last one whom the viewer may know."""
    if not shown.counts.likes:
        return None
    rows = await visit.app.feeds.likers(visit.viewer, PostId(shown.id), 2)
    return next((row.user for row in rows.items if row.user.id != visit.viewer), None)


def _in_progress(shown: PostCard) -> bool:
    return any(photo.state in ("waiting", "processing") for photo in shown.media)


async def _answered(visit: Visit, post_id: PostId) -> CommentView | None:
    """The comment that the form answers, if there is one."""
    try:
        comment_id = CommentId(UUID(visit.text("reply_to") or visit.asked("reply_to")))
        found = await visit.app.commenting.get(visit.viewer, comment_id)
    except (ValueError, DomainError):
        return None
    return found if found.post_id == post_id else None


def in_threads(comments: Sequence[CommentView]) -> list[CommentView]:
    """Oldest first, but answers right below what they answer when it is on the same page."""
    here = {comment.id for comment in comments}
    answers: dict[UUID, list[CommentView]] = {}
    for comment in comments:
        if comment.reply_to in here:
            answers.setdefault(comment.reply_to, []).append(comment)
    tops = [comment for comment in comments if comment.reply_to not in here]
    return [each for top in tops for each in (top, *answers.get(top.id, []))]


def _preview(visit: Visit, shown: PostCard) -> dict[str, Any] | None:
    """What other sites show for a link to a public post; None for any other."""
    origin = requests.settings(visit.request).public_url
    # Without a configured address there is only what the request claims, which anybody can choose.
    if not shown.public or not origin:
        return None
    photo = shown.media[0]
    picture = fallback(photo.renditions)
    return {
        "url": f"{origin}/p/{shown.id}",
        "title": _("Photo by %(name)s") % {"name": shown.author.name},
        "description": " ".join(shown.caption.split())[:200],
        "picture": picture
        and {"url": origin + picture.url, "width": picture.width, "height": picture.height},
        "alt": photo.alt[:400],
    }


@routes.page("/p/<post_id:uuid>/likes")
async def likes(visit: Visit, post_id: UUID) -> HTTPResponse:
    rows = await visit.app.feeds.likers(visit.viewer, PostId(post_id), LIKERS, visit.cursor)
    return await visit.page("likes.html", post_id=post_id, rows=rows)


def _acts(visit: Visit, post_id: PostId) -> dict[str, Callable[[], Awaitable[Any]]]:
    posting = visit.app.posting
    return {
        "like": lambda: posting.like(visit.user, post_id),
        "unlike": lambda: posting.unlike(visit.user, post_id),
        "save": lambda: posting.save(visit.user, post_id, True),
        "unsave": lambda: posting.save(visit.user, post_id, False),
    }


@routes.form("/p/<post_id:uuid>/<act:like|unlike|save|unsave>", seen_at="/p/{post_id}")
async def react(visit: Visit, post_id: UUID, act: str) -> HTTPResponse:
    await _acts(visit, PostId(post_id))[act]()
    return visit.go(visit.back(f"/p/{post_id}"))


# Comments


@routes.form("/p/<post_id:uuid>/comments", seen_at="/p/{post_id}#comments")
async def comment(visit: Visit, post_id: UUID) -> HTTPResponse:
    text, reply_to = visit.text("text"), visit.text("reply_to")
    try:
        made = await visit.app.commenting.add(
            visit.user, PostId(post_id), text, CommentId(UUID(reply_to)) if reply_to else None
        )
    except ValueError:
        raise NotFound from None
    except Invalid as error:
        return await _show_post(visit, PostId(post_id), text=text, found=trouble(error, {"reply_to": "text"}))
    back = visit.back(f"/p/{post_id}")
    own_page = back.partition("#")[0].partition("?")[0] == f"/p/{post_id}"
    if visit.part:
        shown = await visit.app.commenting.get(visit.user, made)
        return await visit.page("comment.html", comment=shown, own_page=own_page, at=f"/p/{post_id}")
    return visit.go(
        f"/p/{post_id}#comment-{made}" if own_page else back, "" if own_page else _("Comment sent.")
    )


@routes.form("/comments/<comment_id:uuid>/<act:like|unlike>")
async def react_to_comment(visit: Visit, comment_id: UUID, act: str) -> HTTPResponse:
    post_id = await visit.app.commenting.like(visit.user, CommentId(comment_id), act == "like")
    return visit.go(visit.back(f"/p/{post_id}#comment-{comment_id}"))


@routes.page("/comments/<comment_id:uuid>/<act:like|unlike>")
async def find_comment(visit: Visit, comment_id: UUID, act: str) -> HTTPResponse:
    """For whoever reloads after an error: only the comment knows on which page its buttons are."""
    found = await visit.app.commenting.get(visit.viewer, CommentId(comment_id))
    return visit.go(f"/p/{found.post_id}#comment-{comment_id}")


@routes.page("/comments/<comment_id:uuid>/edit", guests=False)
async def edit_comment(visit: Visit, comment_id: UUID) -> HTTPResponse:
    found = await visit.app.commenting.get(visit.user, CommentId(comment_id))
    if not found.viewer.can_edit:
        raise NotFound
    return await visit.page("edit_comment.html", comment=found, text=found.text, trouble=NO_TROUBLE)


@routes.form("/comments/<comment_id:uuid>/edit")
async def change_comment(visit: Visit, comment_id: UUID) -> HTTPResponse:
    text = visit.text("text")
    try:
        post_id = await visit.app.commenting.edit(visit.user, CommentId(comment_id), text)
    except Invalid as error:
        found = await visit.app.commenting.get(visit.user, CommentId(comment_id))
        wrong = trouble(error)
        return await visit.page(
            "edit_comment.html", status=wrong.status, comment=found, text=text, trouble=wrong
        )
    return visit.go(f"/p/{post_id}#comment-{comment_id}", _("Comment changed."))


@routes.page("/comments/<comment_id:uuid>/delete", guests=False)
async def ask_to_delete_comment(visit: Visit, comment_id: UUID) -> HTTPResponse:
    found = await visit.app.commenting.get(visit.user, CommentId(comment_id))
    if not found.viewer.can_delete:
        raise NotFound
    return await visit.page("delete_comment.html", comment=found)


@routes.form("/comments/<comment_id:uuid>/delete")
async def delete_comment(visit: Visit, comment_id: UUID) -> HTTPResponse:
    post_id = await visit.app.commenting.delete(visit.user, CommentId(comment_id))
    return visit.go(f"/p/{post_id}#comments", _("Comment deleted."), undo=f"/comments/{comment_id}/restore")


@routes.form("/comments/<comment_id:uuid>/restore", seen_at="/")
async def restore_comment(visit: Visit, comment_id: UUID) -> HTTPResponse:
    try:
        post_id = await visit.app.commenting.restore(visit.user, CommentId(comment_id))
    except NotFound:
        return visit.go(visit.back(), _("This comment cannot be brought back any more."))
    return visit.go(f"/p/{post_id}#comment-{comment_id}", _("The comment is back."))


# Changing and deleting a post


async def own_post(visit: Visit, post_id: UUID) -> PostCard:
    """A post of the visitor's own. Raises NotFound, Gone."""
    found = await visit.app.feeds.post(visit.user, PostId(post_id))
    if not found.viewer.can_edit:
        raise NotFound
    return found


@routes.page("/p/<post_id:uuid>/originals")
async def originals(visit: Visit, post_id: UUID) -> HTTPResponse:
    """The author loads what they uploaded; others what they are offered."""
    shown = await visit.app.feeds.post(visit.viewer, PostId(post_id))
    if not shown.downloads:
        raise NotFound
    own = shown.viewer.can_edit
    files, photos = (await _own_files(visit, shown), ()) if own else ([], shown.media)
    return await visit.page("originals.html", post_id=post_id, files=files, photos=photos)


@routes.page("/p/<post_id:uuid>/delete", guests=False)
async def ask_to_delete_post(visit: Visit, post_id: UUID) -> HTTPResponse:
    return await visit.page("delete_post.html", post=await own_post(visit, post_id))


@routes.form("/p/<post_id:uuid>/delete")
async def delete_post(visit: Visit, post_id: UUID) -> HTTPResponse:
    await visit.app.posting.delete(visit.user, PostId(post_id))
    me = await site.me(visit.request)
    return visit.go(f"/@{me.username}" if me else "/", _("Post deleted."))
