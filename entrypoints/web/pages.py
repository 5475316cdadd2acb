"""The pages' addresses. Each handler gets values from the application and hands them to a template."""

from sanic import Blueprint, HTTPResponse, Request

from entrypoints.web import site

blueprint = Blueprint("pages")


@blueprint.route("/static/v-<version>/<path:path>", methods=["GET", "HEAD"], name="static")
async def static(request: Request, version: str, path: str) -> HTTPResponse:
    return await site.static(request, version, path)
