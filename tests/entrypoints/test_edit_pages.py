"""Changing a post without scripts, its photos too, and the page of what it showed before."""

from uuid import UUID

import pytest

from domain.files import Crop
from tests.browsing import check_markup, flash
from tests.conftest import a_jpeg, settle


async def a_gallery(mira, server):
    page = await mira.get("/new")
    files = [(f"{n}.jpg", a_jpeg(400, 300 - n)) for n in range(3)]
    page = await mira.send(page, "/new", files=files, button=("do", "add"))
    alts = {f"alt-{photo}": str(n) for n, photo in enumerate(photos(page, "/new"))}
    page = await mira.send(page, "/new", button=("do", "post"), caption="first", **alts)
    await settle(server.program)
    return page.path


def photos(page, form):
    return [value for name, value in page.form(form).fields if name == "photo"]


async def media(server, path):
    owner = (await server.program.people._reads.by_name(None, "mira"))[0].id
    return (await server.program.feeds.post(owner, UUID(path[3:39]))).media


async def test_photos_of_a_post_are_added_removed_moved_and_cut(browse, server):
    mira, guest = await browse("mira"), await browse()
    at = await a_gallery(mira, server)
    page = await mira.get(f"{at}/edit")
    check_markup(page)
    form = f"{at}/edit"
    zero, one, two = photos(page, form)
    page = await mira.send(page, form, button=("do", f"remove:{one}"), caption="second")
    assert photos(page, form) == [zero, two]
    assert len(await media(server, at)) == 3, "nothing is changed before it is saved"
    page = await mira.send(page, form, files=[("new.jpg", a_jpeg(500, 400))], button=("do", "add"))
    check_markup(page)
    new = photos(page, form)[-1]
    assert dict(page.form(form).fields)["caption"] == "second"
    choices = {
        f"position-{new}": "1",
        f"alt-{new}": "new",
        f"turn-{zero}": "90",
        f"ratio-{two}": "1:1",
        f"part-{two}": "4",
    }
    page = await mira.send(page, form, button=("do", "save"), **choices)
    assert (page.path, flash(page)) == (at, "Changes saved.")
    await settle(server.program)
    now = await media(server, at)
    assert [(str(photo.id), photo.alt) for photo in now] == [(new, "new"), (zero, "0"), (two, "2")]
    assert [(photo.width, photo.height) for photo in now] == [(500, 400), (300, 400), (298, 298)]
    # What is left alone stays as it is cut, and what is turned is turned from there.
    page = await mira.get(form)
    await mira.send(page, form, button=("do", "save"), **{f"turn-{zero}": "90", f"alt-{two}": "square"})
    await settle(server.program)
    again = await media(server, at)
    assert [(photo.width, photo.height) for photo in again] == [(500, 400), (400, 300), (298, 298)]
    assert again[2].renditions == now[2].renditions
    # "edited" leads everybody to what was there before.
    page = await guest.get(at)
    assert any(link.endswith(f"{at}/history") for link in page.links())
    page = await guest.get(f"{at}/history")
    check_markup(page)
    assert "first" in page.words
    assert page.words.count("This photo was removed.") == 1
    assert "Forget earlier versions" not in page.words
    page = await mira.get(f"{at}/history/forget")
    check_markup(page)
    await mira.send(page, f"{at}/history/forget")
    assert "first" not in (await guest.get(f"{at}/history")).words


async def test_a_refused_edit_keeps_its_new_photos_and_choices(browse, server):
    mira = await browse("mira")
    at = await a_gallery(mira, server)
    form = f"{at}/edit"
    page = await mira.get(form)
    other = await mira.get(form)
    await mira.send(other, form, button=("do", "save"), caption="elsewhere")
    page = await mira.send(page, form, files=[("new.jpg", a_jpeg()), ("no.jpg", b"no")], button=("do", "add"))
    assert page.status == 422
    assert "One file was not taken." in page.words
    new = photos(page, form)[-1]
    page = await mira.send(page, form, button=("do", "save"), caption="mine", **{f"ratio-{new}": "1:1"})
    assert page.status == 412
    assert "This has changed since you opened it." in page.words
    fields = dict(page.form(form).fields)
    assert (fields["caption"], fields[f"ratio-{new}"], photos(page, form)[-1]) == ("mine", "1:1", new)
    assert len(await media(server, at)) == 3


@pytest.mark.parametrize(
    ("crop", "degrees", "expected"),
    [
        (Crop(), 90, Crop(rotate=90)),
        (Crop(0, 0.25, 0.5, 0.5), 90, Crop(0.25, 0, 0.5, 0.5, 90)),
        (Crop(0, 0.25, 0.5, 0.5, 270), 180, Crop(0.5, 0.25, 0.5, 0.5, 90)),
        (Crop(0.1, 0.2, 0.3, 0.4), 0, Crop(0.1, 0.2, 0.3, 0.4)),
    ],
)
def test_a_cut_turns_with_its_picture(crop, degrees, expected):
    assert crop.turned(degrees) == expected
    back = crop.turned(degrees).turned((360 - degrees) % 360)
    assert (back.x, back.width, back.rotate) == pytest.approx((crop.x, crop.width, crop.rotate))


async def test_a_deleted_comment_is_brought_back_by_the_button_beside_its_word(browse, server, sql):
    mira = await browse("mira")
    at = await a_gallery(mira, server)
    page = await mira.send(await mira.get(at), f"{at}/comments", text="hello there")
    comment = (
        page.url.rsplit("#comment-", 1)[-1]
        if "#" in page.url
        else str(await sql.fetchval("SELECT id FROM comments"))
    )
    page = await mira.send(await mira.get(f"/comments/{comment}/delete"), f"/comments/{comment}/delete")
    check_markup(page)
    assert (flash(page), "hello there" in page.words) == ("Comment deleted.", False)
    back = await mira.send(page, f"/comments/{comment}/restore")
    assert (flash(back), "hello there" in back.words) == ("The comment is back.", True)
    late = await mira.send(page, f"/comments/{comment}/restore")
    assert flash(late) == "This comment cannot be brought back any more."
