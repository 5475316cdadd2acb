"""Pages about the place itself: what it is, what each error means, and the addresses that programs look for."""

from dataclasses import dataclass

from sanic import HTTPResponse, Request
from sanic.response import redirect, text

from domain.kernel import NotFound
from domain.kernel import msg as _
from entrypoints import VERSION
from entrypoints.web import site
from entrypoints.web.shortcuts import shortcuts
from entrypoints.web.visits import Routes, Visit

routes = Routes("help")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a problem's code means, where it usually comes from, and what to do."""

    title: str
    meaning: str
    cause: str
    remedy: str


EXPLANATIONS: dict[str, Explanation] = {
    "bad_request": Explanation(
        _("The request cannot be understood"),
        _(
            "What was sent is not what it claims to be, such as JSON that does not parse or a form that ends too early."
        ),
        _("Usually a fault in the program that sent it, or a connection that broke."),
        _("Send it again. In a program of yours, compare what it sends with the API's description."),
    ),
    "validation": Explanation(
        _("Some fields are not valid"),
        _("The request was read, but a rule refuses a value in it."),
        _("A text that is too long, a field that is missing, a name that is not allowed."),
        _("The answer names each field and what is wrong with it. Change these and send it again."),
    ),
    "bad_cursor": Explanation(
        _("The list position is not valid"),
        _("A `cursor` was not made by this server, or for another list."),
        _("An old bookmark, or a cursor that was put together by hand."),
        _("Start from the first page of the list."),
    ),
    "bad_credentials": Explanation(
        _("The user name or the password is not right"),
        _("Nobody with this name, or not with this password. Which of the two is never said."),
        _("A typing error, or a password that was changed."),
        _("Try again. Whoever runs this server can set a new password for you."),
    ),
    "account_away": Explanation(
        _("This account is switched off"),
        _("Its owner switched it off or deleted it not long ago. Nobody sees it until they come back."),
        _("The password is right, but a program must not bring an account back without being told to."),
        _("Sign in on the page, which asks whether you come back, or send `come_back` with true."),
    ),
    "reauth_required": Explanation(
        _("Your password is needed"),
        _("Another e-mail address or a new token can open the account, so being signed in is not enough."),
        _("The password was left out."),
        _("Send the same again with your password, in “password” over the API."),
    ),
    "link_expired": Explanation(
        _("The link does not work any more"),
        _("A link to a new password works once and for an hour."),
        _("It was used, a newer one was made, or the hour is over."),
        _("Ask whoever gave it to you for another one."),
    ),
    "unauthenticated": Explanation(
        _("Sign in first"),
        _("The session or the token is missing, has ended or was revoked."),
        _("Signing out on another device, a password change, or two weeks without a visit."),
        _("Sign in again, or make a new token in Settings, API tokens."),
    ),
    "csrf": Explanation(
        _("The form is not valid any more"),
        _("The server could not be sure that this form was sent by a page of its own in this browser."),
        _("You signed in or out in another tab after the page was opened, or cookies are blocked."),
        _("Go back, reload the page and send it again."),
    ),
    "wrong_origin": Explanation(
        _("The live channel is not for this page"),
        _("A browser may open it from pages of this server only."),
        _("A page of another site tried to, or a program sent a cookie in place of a token."),
        _("Open the server's own pages, or connect with a token."),
    ),
    "missing_scope": Explanation(
        _("The token may not do this"),
        _("Every token carries scopes; this one lacks the one that the request needs."),
        _("The token was made with fewer scopes."),
        _("Make a token with that scope in Settings, API tokens."),
    ),
    "forbidden": Explanation(
        _("You may not do this"),
        _("You can see it, but changing it is somebody else's right."),
        _("Only its author can change a post or a comment."),
        _("Nothing needs to be done."),
    ),
    "not_offered": Explanation(
        _("The originals are not offered"),
        _("You can see the post, but its author keeps the photos in full size to themselves."),
        _("They have not switched on that others may download originals."),
        _("Ask them; the sizes that the post shows can be downloaded all the same."),
    ),
    "comments_off": Explanation(
        _("Comments are turned off"),
        _("The author of this post takes no comments on it."),
        _("The author's choice."),
        _("Nothing needs to be done."),
    ),
    "sign_up_closed": Explanation(
        _("No new accounts"),
        _("This server takes no new members."),
        _("Whoever runs it has closed it."),
        _("Ask whoever runs the server."),
    ),
    "invite_required": Explanation(
        _("An invitation is needed"),
        _("One can only join this server with an invitation, and the one that was given is not valid."),
        _("It was used up, it has expired, or a character is missing."),
        _("Ask for a new one."),
    ),
    "not_found": Explanation(
        _("Nothing is here for you"),
        _("There is nothing at this address, or it is not shared with you. Both look the same on purpose."),
        _("A typing error, something that was removed, or a private account."),
        _("Check the address, or ask the person who gave it to you."),
    ),
    "gone": Explanation(
        _("Removed"),
        _("This post was here for you to see and has been deleted."),
        _("Its author deleted it, or an administrator did after a report."),
        _("Nothing can bring it back."),
    ),
    "method_not_allowed": Explanation(
        _("This address does not do that"),
        _("The address exists, but not for this HTTP method."),
        _(
            "A program that uses POST where GET is meant, or the address of a form that was opened like a page."
        ),
        _("The header `Allow` of the answer lists what works."),
    ),
    "request_timeout": Explanation(
        _("Too slow"),
        _("The request did not arrive in time."),
        _("A slow or broken connection."),
        _("Try again."),
    ),
    "conflict": Explanation(
        _("In conflict with what is there"),
        _("What was asked for does not fit what is already there."),
        _("Something has changed since the page was opened."),
        _("Reload, look again, and repeat it if it still makes sense."),
    ),
    "username_taken": Explanation(
        _("The user name is taken"),
        _("Somebody has this name, or had it. Names are never given to another person."),
        _("The name is popular."),
        _("Choose another one."),
    ),
    "email_taken": Explanation(
        _("The e-mail address has an account"),
        _("There is an account with this address already."),
        _("Perhaps you have joined before."),
        _("Sign in with it, or use another address."),
    ),
    "last_admin": Explanation(
        _("The last administrator must stay"),
        _("A server without an administrator could not be looked after."),
        _("You are the only one."),
        _("Make somebody else an administrator first."),
    ),
    "already_closed": Explanation(
        _("Somebody was faster"),
        _("Another administrator decided about this report before."),
        _("Two people looked at it at the same time."),
        _("Open it again to see what was decided."),
    ),
    "not_there": Explanation(
        _("It is not there any more"),
        _("What was reported was removed before anybody decided."),
        _("Its author was faster."),
        _("Decide to keep it, which closes the report, or suspend the author."),
    ),
    "in_use": Explanation(
        _("The file is in use"),
        _("A file that a post shows or a draft holds cannot be removed by itself."),
        _("The post or the draft is still there."),
        _("Delete the post, and the file goes with it. Or take the photo out of the draft."),
    ),
    "too_many_drafts": Explanation(
        _("Too many drafts"),
        _("Everybody has room for a limited number of drafts."),
        _("Old drafts that were never published."),
        _("Publish or delete one that you do not need any more."),
    ),
    "precondition_failed": Explanation(
        _("Changed meanwhile"),
        _("It was edited after you opened it, so your change might undo somebody's work."),
        _("Another tab or device."),
        _("Open it again and repeat your change."),
    ),
    "idempotency_mismatch": Explanation(
        _("The key belongs to another request"),
        _("An `Idempotency-Key` names one request. This one was used for a different one."),
        _("A program that does not make a new key for each new request."),
        _("Make a new key."),
    ),
    "idempotency_in_progress": Explanation(
        _("The first request is still running"),
        _("A request with the same `Idempotency-Key` has not been answered yet."),
        _("A retry that came early."),
        _("Wait a moment and ask again."),
    ),
    "already_made": Explanation(
        _("Already made"),
        _("The same request was sent twice at once, and the other one was faster."),
        _("A retry that came early."),
        _("Ask for the result of the first request."),
    ),
    "too_large": Explanation(
        _("Too large"),
        _("The file or the request is larger than this server takes."),
        _("A photo straight from a large camera, or many at once."),
        _("Send fewer files at once, or export the photo at a smaller size."),
    ),
    "unsupported_type": Explanation(
        _("This type of file is not taken"),
        _("The file's content is none of the formats that can be shown."),
        _("A raw file, a video, or a document. The name does not matter, only the content."),
        _("Export it as JPEG, PNG, WebP, GIF, AVIF or HEIC."),
    ),
    "range_not_satisfiable": Explanation(
        _("There is no such part"),
        _("A part of a file was asked for that begins after its end."),
        _("A download that was continued after the file had changed, or was complete already."),
        _("Ask for the whole file. The header `Content-Range` of the answer says how long it is."),
    ),
    "unsupported_media_type": Explanation(
        _("Sent in the wrong form"),
        _("The body's `Content-Type` is not the one that this address takes."),
        _("A program that sends a form where JSON is meant, or the other way round."),
        _("The answer says which one is taken."),
    ),
    "damaged": Explanation(
        _("The picture is damaged"),
        _("It claims to be a picture, but it cannot be opened."),
        _("A broken download or copy."),
        _("Open it on your own device and save it again."),
    ),
    "too_many_pixels": Explanation(
        _("The picture has too many pixels"),
        _("Width times height is more than this server takes, whatever the size of the file."),
        _("A panorama, a scan, or a camera with a very fine sensor."),
        _("Export it at a smaller size."),
    ),
    "too_long_side": Explanation(
        _("The picture is too long"),
        _("One of its sides has more pixels than this server takes."),
        _("A panorama or a long screenshot."),
        _("Cut it, or export it at a smaller size."),
    ),
    "too_many_frames": Explanation(
        _("The picture moves for too long"),
        _("It is made of more single frames than this server takes. Only the first would be shown."),
        _("A film that was saved as a moving picture."),
        _("Save its first frame as a picture of its own."),
    ),
    "too_expensive": Explanation(
        _("The picture takes too much to open"),
        _("Opening it needs more time or memory than one picture may have."),
        _("A very large or unusually packed file, sometimes one that was made to do harm."),
        _("Export it again as JPEG, at a smaller size."),
    ),
    "not_processed": Explanation(
        _("The picture could not be processed"),
        _("It was stored, but making its sizes failed each time. The reason is not the picture."),
        _("A fault of the server."),
        _("Try it again. If it stays, tell whoever runs the server."),
    ),
    "empty": Explanation(
        _("The file is empty"),
        _("It holds no bytes at all."),
        _("A copy that was not finished."),
        _("Choose the file again."),
    ),
    "quota": Explanation(
        _("Your room is used up"),
        _("Each member has some room for originals, and yours is full."),
        _("Many or large photos."),
        _("Delete posts that you no longer want, or ask whoever runs the server for more room."),
    ),
    "not_yourself": Explanation(
        _("Not to yourself"),
        _("Nobody can follow, block or mute themselves."),
        _("An address that was put together by hand."),
        _("Nothing needs to be done."),
    ),
    "rate_limited": Explanation(
        _("Too many tries"),
        _("This was asked for too often in a short time."),
        _("A program without a pause, or somebody who guesses passwords."),
        _("Wait as long as the header `Retry-After` says, in seconds."),
    ),
    "internal": Explanation(
        _("Something failed on our side"),
        _("The server met something that its makers had not thought of."),
        _("A fault in Heliograph."),
        _("Try again. If it stays, tell whoever runs the server the request's id; it stands in the log."),
    ),
    "unavailable": Explanation(
        _("Not available right now"),
        _("Something that the server stands on does not answer, or it is busy."),
        _("A restart, or many people at once."),
        _("Try again in a few seconds."),
    ),
    "insufficient_storage": Explanation(
        _("No room is left on the server"),
        _("The server's disk is full. What was stored before is safe."),
        _("More photos than the disk holds."),
        _("Tell whoever runs the server."),
    ),
}


@routes.page("/about")
async def about(visit: Visit) -> HTTPResponse:
    return await visit.page("about.html", version=VERSION, sign_up=visit.app.joining.sign_up_mode)


@routes.page("/shortcuts")
async def keys(visit: Visit) -> HTTPResponse:
    return await visit.page("shortcuts.html", groups=shortcuts())


@routes.page("/docs/errors")
async def errors(visit: Visit) -> HTTPResponse:
    return await visit.page("errors.html", explanations=EXPLANATIONS)


@routes.page("/docs/errors/<code>")
async def error(visit: Visit, code: str) -> HTTPResponse:
    if code not in EXPLANATIONS:
        raise NotFound
    return await visit.page("error_help.html", code=code, explanation=EXPLANATIONS[code])


_ROBOTS = """User-agent: *
Disallow: /settings
Disallow: /login
Disallow: /register
Disallow: /invite/
Disallow: /api/
"""


@routes.blueprint.route("/robots.txt", methods=["GET", "HEAD"], name="robots")
async def robots(request: Request) -> HTTPResponse:
    return text(_ROBOTS, headers={"Cache-Control": "public, max-age=3600"})


@routes.blueprint.route("/favicon.ico", methods=["GET", "HEAD"], name="favicon_ico")
@routes.blueprint.route("/favicon.svg", methods=["GET", "HEAD"], name="favicon_svg")
async def favicon(request: Request) -> HTTPResponse:
    served = site.site(request).assets.favicon(request.headers.get("accept-encoding", ""))
    headers = {"Cache-Control": "public, max-age=86400", "ETag": served.etag, "Vary": "Accept-Encoding"}
    if served.encoding:
        headers["Content-Encoding"] = served.encoding
    return HTTPResponse(served.body, headers=headers, content_type=served.content_type)


@routes.blueprint.route("/.well-known/change-password", methods=["GET", "HEAD"], name="change_password")
async def change_password(request: Request) -> HTTPResponse:
    return redirect("/settings/password", status=302)
