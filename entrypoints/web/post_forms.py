"""The words around the photos in the forms of posts and drafts, read once for all of them."""

from collections.abc import Sequence

from application.posting import PlaceDraft
from application.views import DraftPlace, PlaceRef
from domain.posts import AUDIENCES, Audience
from entrypoints.web.visits import Values, Visit


def typed_values(visit: Visit, *more: str) -> Values:
    """What was typed and ticked, with the texts of these fields too, as the form shows it again."""
    texts = {name: visit.text(name) for name in ("caption", "place", "audience", *more)}
    return Values(texts, comments=visit.ticked("comments"), show_camera=visit.ticked("show_camera"))


def chosen_audience(values: Values) -> Audience | None:
    """The audience, if it is one."""
    return next((each for each in AUDIENCES if each == values["audience"]), None)


def typed_place(values: Values, now: PlaceRef | DraftPlace | None = None) -> PlaceDraft | None:
    """The place that is named; None for none, and for that which is there `now`.

    A place that stays the same keeps its position, which the form does not show.
    """
    name = values["place"].strip()
    return PlaceDraft(name) if name and (now is None or now.name != name) else None


def begun_with(visit: Visit) -> Sequence[int] | None:
    """The version that the form began with, where it says one."""
    version = visit.text("version")
    return [int(version)] if version.isdecimal() and len(version) < 10 else None
