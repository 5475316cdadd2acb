"""A small place in which every page has something to show, and everything that is hard to show.

Portrait, landscape and panorama, ten photos in one post, the longest texts, words without a place to break, scripts in
both directions, markup that somebody typed, no likes and a million, a private account with requests, and somebody new to
whom nothing has happened yet.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any

import asyncpg
from PIL import Image

from adapters.pillow import scenery
from application.access import Client
from domain.moderation import COMMAND_LINE
from tests.api.conftest import Api, a_form
from tests.conftest import PASSWORD, Member, settle

CANARY = "canary7q"
HOSTILE = (
    '<script>alert("hostile")</script><img src=/hostile onerror=alert(1)>'
    '<b hx-get="/hostile" hx-trigger="load">bold</b> {{ 7*7 }} javascript:alert(1)'
)
LONGEST_NAME = "Wilhelmina-Konstantina Featherstonehaugh-Cholmond"
UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunte"
MANY_SCRIPTS = (
    "설악산 능선의 첫 빛.\nПервый свет на хребте.\nأول ضوء على الجبال 35 mm.\nFirst light \U0001f304\ufe0f."
)
LONGEST_CAPTION = ("A long walk along the ridge, told step by step. " * 46)[:2_200].strip()


@dataclass
class Content:
    """What addresses are made of, and the session cookie of everybody who visits pages (a guest has none)."""

    ids: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


@cache
def a_picture(scene: str, seed: int, width: int, height: int) -> bytes:
    """A drawn photograph of any shape, as JPEG with the facts of a camera."""
    drawn = scenery.draw(scene, seed, max(width, height))
    scale = max(width / drawn.width, height / drawn.height)
    drawn = drawn.resize((round(drawn.width * scale), round(drawn.height * scale)), Image.Resampling.BICUBIC)
    left, top = (drawn.width - width) // 2, (drawn.height - height) // 2
    made = BytesIO()
    facts = Image.Exif()
    facts[0x010F], facts[0x0110] = "FUJIFILM", "X-T5"
    drawn.crop((left, top, left + width, top + height)).save(made, "JPEG", quality=82, exif=facts)
    return made.getvalue()


async def fill(api: Api, sql: asyncpg.Connection) -> Content:
    """Put everything in. Takes some seconds, nearly all of them for pictures."""
    people = await _people(api)
    content = Content({name: member.name for name, member in people.items()})
    await _posts(api, people, content.ids)
    await _talk(api, people, content.ids)
    await _drafts(api, people["mira"], content.ids)
    await _administration(api, people, content.ids, sql)
    await settle(api.server.program)
    # What is still being worked on when pages are looked at: nobody runs this job.
    waiting = await _publish(api, people["quiet"], [_SMALL[0]], caption="Just now")
    content.ids["waiting"] = waiting["id"]
    await sql.execute("UPDATE posts SET likes = 1234567 WHERE id = $1", content.ids["ten"])
    program, here = api.server.program, Client("127.0.0.1", "Firefox on Linux", True)
    await _ok(api, "DELETE", "/me", people["lea"], json={"password": PASSWORD, "for_good": False})
    for name in ("mira", "quiet", "nora", "admin", "lea"):
        signed = await program.signing_in.sign_in(here, people[name].name, PASSWORD, stay=True, ask=True)
        content.cookies[name] = signed.secret
    return content


_LANDSCAPE = ("ridges", 3, 900, 600)
_PORTRAIT = ("forest", 3, 500, 780)
_PANORAMA = ("lake", 4, 960, 300)
_SMALL = [(scene, 2, 340, 255) for scene in scenery.SCENES[:10]]


async def _people(api: Api) -> dict[str, Member]:
    people = {name: await api.join(name) for name in ("mira", "greta", "soyeon", "nora", "bjorn", "otto")}
    people["quiet"] = await api.join("quiet.corner")
    people["lea"] = await api.join("lea")
    people["long"] = await api.join("wide.and.long.name.of.thirty.c")
    people["admin"] = await api.join("keeper", role="admin", scopes=["read", "write", "admin"])
    mira, quiet = people["mira"], people["quiet"]
    about = {
        "mira": {
            "display_name": "Mira Solberg",
            "bio": f"Prints on request. #dawn\n{HOSTILE}",
            "place": "Bergen",
        },
        "greta": {"display_name": "Greta Lund"},
        "soyeon": {"display_name": "김소연", "bio": "아침마다 산에 갑니다."},
        "quiet": {"display_name": "Quiet Corner", "private": True, "bio": "For friends."},
        "long": {
            "display_name": LONGEST_NAME,
            "bio": UNBROKEN * 8,
            "link": f"https://example.org/{'a' * 150}",
        },
    }
    for name, change in about.items():
        await _ok(api, "PATCH", "/me", people[name], json=change)
    await _ok(api, "PUT", "/me/avatar", mira, data=a_form(a_picture("moon", 1, 330, 330), name="file"))
    for name in ("greta", "soyeon", "long"):
        await _follow(api, mira, people[name])
    for name in ("greta", "soyeon", "long", "otto"):
        await _follow(api, people[name], mira)
    for name in ("greta", "long"):
        await _ok(api, "PUT", f"/users/{quiet.name}/follow", people[name])
    await _ok(api, "PUT", "/users/bjorn/block", mira)
    await _ok(api, "PUT", "/users/otto/mute", mira)
    return people


async def _posts(api: Api, people: dict[str, Member], ids: dict[str, str]) -> None:
    async def publish(name: str, who: str, photos: list[Any], **parts: Any) -> None:
        ids[name] = (await _publish(api, people[who], photos, **parts))["id"]

    await publish("hidden", "quiet", [_SMALL[1]], caption=f"{CANARY} garden #{CANARY}tag")
    for number, scene in enumerate(_SMALL[2:6]):
        await publish(
            f"plain{number}", ("greta", "soyeon")[number % 2], [scene], caption=f"Frame {number} #dawn"
        )
    await publish("own", "mira", [_SMALL[6]], caption="For friends", audience="followers")
    await publish("silent", "mira", [_SMALL[7]], audience="only_me", comments=False)
    await publish("hostile", "long", [_SMALL[8]], caption=HOSTILE, alt=HOSTILE, place=HOSTILE[:80])
    await publish("scripts", "soyeon", [_SMALL[9]], caption=MANY_SCRIPTS, place="설악산")
    await publish("longest", "long", [_PORTRAIT], caption=LONGEST_CAPTION, alt=UNBROKEN)
    await publish("panorama", "greta", [_PANORAMA], caption=f"Wide open. {UNBROKEN}", place=UNBROKEN)
    await publish("ten", "greta", _SMALL, caption="Ten frames from one morning")
    await publish(
        "post",
        "mira",
        [_LANDSCAPE],
        caption="First light on the west ridge. #dawn @greta",
        alt="Ridges under a low sun",
        place="Seoraksan",
        show_camera=True,
    )
    ids["place"] = (await _ok(api, "GET", f"/posts/{ids['post']}", people["mira"]))["place"]["id"]
    edited = {"caption": f"First light on the west ridge, seen twice. {UNBROKEN} #dawn @greta"}
    await _ok(api, "PATCH", f"/posts/{ids['post']}", people["mira"], json=edited)
    gone = await _publish(api, people["mira"], [_SMALL[0]])
    await _ok(api, "DELETE", f"/posts/{gone['id']}", people["mira"])
    ids["gone"] = gone["id"]


async def _drafts(api: Api, mira: Member, ids: dict[str, str]) -> None:
    sent = [await _upload(api, mira, photo) for photo in (_LANDSCAPE, _PORTRAIT, _SMALL[3])]
    media = [{"upload_id": each["id"]} for each in sent]
    draft = await _ok(
        api, "POST", "/drafts", mira, json={"media": media[:2], "caption": f"Later. {UNBROKEN}"}
    )
    ids["draft"] = draft["id"]
    at = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    await _ok(api, "POST", "/drafts", mira, json={"media": media[2:], "publish_at": at})


async def _talk(api: Api, people: dict[str, Member], ids: dict[str, str]) -> None:
    mira, greta, long = people["mira"], people["greta"], people["long"]
    said = f"/posts/{ids['post']}/comments"
    first = await _ok(api, "POST", said, greta, json={"text": "What a light. Where is this?"})
    answer = {"text": "Above the third hut.", "reply_to": first["id"]}
    ids["comment"] = (await _ok(api, "POST", said, mira, json=answer))["id"]
    await _ok(api, "POST", said, long, json={"text": f"{UNBROKEN} {HOSTILE}"})
    ids["reported"] = first["id"]
    for who in (greta, long, people["soyeon"]):
        await _ok(api, "PUT", f"/posts/{ids['post']}/like", who)
    for name in ("ten", "longest", "scripts"):
        await _ok(api, "PUT", f"/posts/{ids[name]}/like", mira)
        await _ok(api, "PUT", f"/posts/{ids[name]}/save", mira)


async def _administration(
    api: Api, people: dict[str, Member], ids: dict[str, str], sql: asyncpg.Connection
) -> None:
    greta, mira = people["greta"], people["mira"]
    reports: list[dict[str, str]] = [
        {"post_id": ids["hostile"], "reason": "spam", "note": HOSTILE},
        {"comment_id": ids["reported"], "reason": "other"},
        {"username": "otto", "reason": "nudity"},
    ]
    for report in reports:
        await _ok(api, "POST", "/reports", mira, json=report)
    ids["case"] = str(await sql.fetchval("SELECT id FROM cases ORDER BY id LIMIT 1"))
    moderation = api.server.program.moderation
    ids["invite"] = (await moderation.create_invite()).code
    ids["reset"] = (await api.server.program.resetting.make_link("otto", COMMAND_LINE)).path.rpartition("/")[
        2
    ]
    await api.server.program.signing_in.token_for(greta.name, UNBROKEN, ["read"])


async def _publish(api: Api, who: Member, photos: list[Any], *, alt: str = "", **parts: Any) -> Any:
    if "place" in parts:
        parts["place"] = {"name": parts["place"]}
    sent = [await _upload(api, who, photo) for photo in photos]
    media = [{"upload_id": each["id"], "alt": alt} for each in sent]
    return await _ok(api, "POST", "/posts", who, json={"media": media, **parts})


async def _upload(api: Api, who: Member, photo: Any) -> Any:
    return await _ok(
        api, "POST", "/uploads", who, data=a_picture(*photo), headers={"Content-Type": "image/jpeg"}
    )


async def _follow(api: Api, follower: Member, followee: Member) -> None:
    answer = await _ok(api, "PUT", f"/users/{followee.name}/follow", follower)
    if answer["following"] == "requested":
        await _ok(api, "POST", f"/follow-requests/{follower.name}/accept", followee)


async def _ok(api: Api, method: str, path: str, who: Member, **parts: Any) -> Any:
    return await api.ok(method, path, who, described=False, **parts)
