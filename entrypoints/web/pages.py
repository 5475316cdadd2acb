"""The pages' addresses: static files, and every group of pages."""

from sanic import Blueprint, HTTPResponse, Request

from entrypoints.web import (
    account_pages,
    admin_pages,
    app_pages,
    component_pages,
    compose_pages,
    description_pages,
    docs_pages,
    draft_pages,
    edit_pages,
    feed_pages,
    file_pages,
    help_pages,
    notification_pages,
    people_pages,
    post_pages,
    settings_pages,
    site,
    welcome_pages,
)

_static = Blueprint("pages_static")
_groups = (
    feed_pages,
    people_pages,
    notification_pages,
    post_pages,
    compose_pages,
    draft_pages,
    edit_pages,
    file_pages,
    account_pages,
    welcome_pages,
    settings_pages,
    description_pages,
    admin_pages,
    app_pages,
    component_pages,
    help_pages,
    docs_pages,
)
blueprint = Blueprint.group(_static, *(group.routes.blueprint for group in _groups))


@_static.route("/static/<version:v-[^/]+>/<path:path>", methods=["GET", "HEAD"], name="static")
async def static(request: Request, version: str, path: str) -> HTTPResponse:
    return await site.static(request, version.removeprefix("v-"), path)
