"""Uploads: row ↔ entity. Whatever shows files reads them here."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from domain.files import Camera, Crop, File, ImageFacts, Rendition
from domain.kernel import Message

_PLAIN = (
    "id owner_id name size sha256 kind key created_at state step width height lqip duplicate_of post_id position alt cut"
).split()


def read_file(row: Mapping[str, Any]) -> File:
    """An upload from a row with every column."""
    facts, crop = row["facts"], row["crop"]
    return File(
        **{name: row[name] for name in _PLAIN},
        error=(row["error_code"], _read_reason(row)) if row["error_code"] else None,
        facts=_read_facts(json.loads(facts)) if facts else None,
        renditions=tuple(Rendition(**rendition) for rendition in json.loads(row["renditions"])),
        steps=tuple((name, seconds) for name, seconds in json.loads(row["steps"])),
        crop=read_crop(crop),
        draft_id=row.get("draft_id"),
    )


def _read_reason(row: Mapping[str, Any]) -> Message:
    """What went wrong. A release that knows the sentence alone may have been the last to write it."""
    sentence = row["error_detail"] or ""
    made = Message(*json.loads(row["error_words"])) if row["error_words"] else None
    return made if made is not None and made[:500] == sentence else Message(sentence)


def read_crop(crop: str | None) -> Crop | None:
    """A crop from its column."""
    return Crop(**json.loads(crop)) if crop else None


def _read_facts(facts: dict[str, Any]) -> ImageFacts:
    camera = facts.pop("camera")
    return ImageFacts(**facts, camera=Camera(**camera) if camera else None)


def file_columns(file: File) -> dict[str, Any]:
    """The columns of a row, by name."""
    return {name: getattr(file, name) for name in _PLAIN} | {
        "error_code": file.error[0] if file.error else None,
        "error_detail": file.error[1][:500] if file.error else None,
        "error_words": [file.error[1].text, file.error[1].params] if file.error else None,
        "facts": asdict(file.facts) if file.facts else None,
        "renditions": [asdict(rendition) for rendition in file.renditions],
        "steps": [list(step) for step in file.steps],
        "crop": asdict(file.crop) if file.crop else None,
    }
