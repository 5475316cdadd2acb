"""What makes the place an app on somebody's home screen: its manifest, its service worker, the page without connection."""

import json

from sanic import HTTPResponse, Request

from entrypoints import requests
from entrypoints.web import site
from entrypoints.web.translation import gettext as _
from entrypoints.web.translation import speaking
from entrypoints.web.visits import Routes, Visit

routes = Routes("app")

MEDIA_BYTES = 60 * 2**20
SCREENSHOTS = (("wide", "1280x800"), ("narrow", "780x1688"))
# What the page without connection is made of, and what every page needs.
FILES = (
    "app.css",
    "js/app.js",
    "js/core.js",
    "js/elements.js",
    "img/icons.svg",
    "img/favicon.svg",
    "vendor/onest/onest-latin-wght-normal.woff2",
)


@routes.blueprint.route("/manifest.webmanifest", methods=["GET", "HEAD"], name="manifest")
async def manifest(request: Request) -> HTTPResponse:
    url = site.site(request).assets.url
    name = requests.application(request).place.name
    language = site.accepted_language(request)
    icons = [
        {"src": url("img/app.svg"), "sizes": "any", "type": "image/svg+xml"},
        *(
            {"src": url(f"img/app-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
            for size in (192, 512)
        ),
        {
            "src": url("img/app-maskable.png"),
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ]
    with speaking(language):
        told = {
            "name": name,
            "short_name": name[:20],
            "description": _("Your photos, your people, your server."),
            "lang": language.code,
            "dir": language.dir,
            "id": "/",
            "start_url": "/?source=pwa",
            "scope": "/",
            "display": "standalone",
            "theme_color": "#F6F4EF",
            "background_color": "#F6F4EF",
            "icons": icons,
            "screenshots": [
                {
                    "src": url(f"img/app-{form}.webp"),
                    "sizes": size,
                    "type": "image/webp",
                    "form_factor": form,
                    "label": _("Home"),
                }
                for form, size in SCREENSHOTS
            ],
            "shortcuts": [{"name": _("New post"), "url": "/new", "icons": icons[1:2]}],
            "share_target": {
                "action": "/share",
                "method": "POST",
                "enctype": "multipart/form-data",
                "params": {"files": [{"name": "photos", "accept": ["image/*"]}]},
            },
        }
    headers = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Language"}
    content = json.dumps(told, ensure_ascii=False)
    return HTTPResponse(content, headers=headers, content_type="application/manifest+json")


@routes.blueprint.route("/sw.js", methods=["GET", "HEAD"], name="worker")
async def worker(request: Request) -> HTTPResponse:
    """The service worker, with the addresses of this version's files written into it."""
    assets = site.site(request).assets
    known = {
        "version": assets.version,
        "prefix": assets.prefix,
        "files": [assets.url(path) for path in FILES],
        "mediaBytes": MEDIA_BYTES,
    }
    served = assets.serve("js/worker.js")
    assert served is not None  # noqa: S101 - the tree was read at start
    content = f"const SITE = {json.dumps(known)};\n".encode() + served.body
    headers = {"Cache-Control": "no-cache", "ETag": f'"{assets.version}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return HTTPResponse(status=304, headers=headers)
    return HTTPResponse(content, headers=headers, content_type="text/javascript; charset=utf-8")


@routes.page("/offline")
async def offline(visit: Visit) -> HTTPResponse:
    """The same for everybody, because browsers keep it."""
    return await site.page_for_anybody(visit.request, "pages/offline.html")


@routes.blueprint.route("/share", methods=["GET", "HEAD", "POST"], name="share", stream=True)
async def share(request: Request) -> HTTPResponse:
    """Where other apps hand photos over. The service worker takes them; without it nothing is read and nothing happens."""
    if request.method == "POST":
        return site.go("/new", request, _("The photos did not arrive. Choose them here."))
    return site.go("/new")
