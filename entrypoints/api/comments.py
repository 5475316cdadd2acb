"""Comments over the API."""

from dataclasses import replace
from uuid import UUID

from application.views import CommentView, Page
from domain.kernel import CommentId, PostId
from entrypoints.api.operation import BASE, Answer, Call, Operations, Paging
from entrypoints.api.posts import counts_of
from entrypoints.api.schemas import CommentPatch, NewComment

group = Operations("comments")


def _commented(comment: CommentView) -> Answer:
    return Answer(comment, location=f"{BASE}/comments/{comment.id}")


async def _recover(call: Call, comment_id: UUID) -> Answer:
    return _commented(await call.app.commenting.get(call.user, CommentId(comment_id)))


@group.declare(
    "GET",
    "/posts/<post_id:uuid>/comments",
    "listComments",
    "List a post's comments, oldest first",
    auth="optional",
    query=Paging,
    answer=Page[CommentView],
    problems=("not_found", "gone"),
)
async def list_comments(call: Call, post_id: UUID) -> Page[CommentView]:
    page = await call.app.commenting.list(call.viewer, PostId(post_id), call.query.limit, call.query.cursor)
    return replace(page, count=(await counts_of(call, post_id)).comments) if call.query.count else page


@group.declare(
    "POST",
    "/posts/<post_id:uuid>/comments",
    "comment",
    "Comment on a post",
    status=201,
    body=NewComment,
    answer=CommentView,
    recover=_recover,
    problems=("not_found", "gone", "comments_off", "validation"),
    example={"text": "What a light."},
)
async def comment(call: Call, post_id: UUID) -> Answer:
    sent: NewComment = call.body
    comment_id = await call.app.commenting.add(
        call.user,
        PostId(post_id),
        sent.text,
        CommentId(sent.reply_to) if sent.reply_to else None,
        CommentId(call.new_id) if call.new_id else None,
    )
    return _commented(await call.app.commenting.get(call.user, comment_id))


@group.declare(
    "GET",
    "/comments/<comment_id:uuid>",
    "getComment",
    "Get a comment",
    auth="optional",
    answer=CommentView,
    problems=("not_found", "gone"),
)
async def get_comment(call: Call, comment_id: UUID) -> CommentView:
    return await call.app.commenting.get(call.viewer, CommentId(comment_id))


@group.declare(
    "PATCH",
    "/comments/<comment_id:uuid>",
    "editComment",
    "Edit a comment",
    body=CommentPatch,
    answer=CommentView,
    problems=("not_found", "gone", "forbidden"),
    example={"text": "What a light!"},
)
async def edit_comment(call: Call, comment_id: UUID) -> CommentView:
    await call.app.commenting.edit(call.user, CommentId(comment_id), call.body.text)
    return await call.app.commenting.get(call.user, CommentId(comment_id))


@group.declare(
    "DELETE",
    "/comments/<comment_id:uuid>",
    "deleteComment",
    "Delete a comment with its replies; for 30 seconds it can be restored",
    status=204,
    problems=("not_found", "gone", "forbidden"),
)
async def delete_comment(call: Call, comment_id: UUID) -> None:
    await call.app.commenting.delete(call.user, CommentId(comment_id))


@group.declare(
    "POST",
    "/comments/<comment_id:uuid>/restore",
    "restoreComment",
    "Take the deletion of a comment back, within 30 seconds and by whoever deleted it",
    answer=CommentView,
    problems=("not_found", "gone"),
)
async def restore_comment(call: Call, comment_id: UUID) -> CommentView:
    await call.app.commenting.restore(call.user, CommentId(comment_id))
    return await call.app.commenting.get(call.user, CommentId(comment_id))


@group.switch(
    "/comments/<comment_id:uuid>/like",
    ("likeComment", "Like a comment"),
    ("unlikeComment", "Take a comment's like back"),
    answer=CommentView,
    problems=("not_found", "gone"),
)
async def like(call: Call, comment_id: UUID, *, on: bool) -> CommentView:
    await call.app.commenting.like(call.user, CommentId(comment_id), on)
    return await call.app.commenting.get(call.user, CommentId(comment_id))
