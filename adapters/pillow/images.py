"""`domain.ports.Images` by Pillow in disposable processes. No decoder is imported here."""

import asyncio
import errno
import os
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from adapters.pillow.sandbox import Limits, Sandbox
from domain.files import (
    FORMATS,
    MAX_FRAMES,
    MAX_PIXELS,
    MAX_SIDE,
    Camera,
    Crop,
    ImageFacts,
    ImageRefused,
    Rendition,
    RenditionPlan,
    RenditionSet,
)
from domain.kernel import Unavailable, msg

# What the picture process may say, with the public code and words of each. It never sends words that people see.
REASONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "empty": ("empty", msg("This file is empty."), {}),
    "unsupported_type": (
        "unsupported_type",
        msg("This is none of the kinds of pictures that are taken here: {formats}."),
        {"formats": ", ".join(FORMATS)},
    ),
    "damaged": ("damaged", ImageRefused.message, {}),
    "too_many_pixels": (
        "too_many_pixels",
        msg("This picture has more than {limit_mp} megapixels, which is the limit."),
        {"limit_mp": MAX_PIXELS // 1_000_000},
    ),
    "too_long_side": (
        "too_long_side",
        msg("This picture is longer than {limit_px} pixels on one side, which is the limit."),
        {"limit_px": MAX_SIDE},
    ),
    "too_many_frames": (
        "too_many_frames",
        msg("This moving picture has more than {limit} frames, or too large ones."),
        {"limit": MAX_FRAMES},
    ),
    "memory": ("too_expensive", msg("This picture takes too much memory to open."), {}),
    "time": ("too_expensive", msg("This picture takes too long to open."), {}),
}
FULL = {errno.ENOSPC, errno.EDQUOT}
TYPES = {"webp": "image/webp", "avif": "image/avif", "jpeg": "image/jpeg"}
BASE64 = re.compile(r"[A-Za-z0-9+/]{16,2000}={0,2}")


T = TypeVar("T")


class SandboxedImages:
    """Pictures through a process of their own, with at most `workers` decoders at once (one per core by default).

    Starts at the first call unless `start` was called; `close` ends every process. Belongs to one event loop.
    """

    def __init__(
        self, workers: int | None = None, *, waiting: int = 64, limits: Limits | None = None
    ) -> None:
        self._sandbox = Sandbox(workers or os.cpu_count() or 1, waiting, limits or Limits())

    @property
    def pid(self) -> int | None:
        """The picture process, which forks one child per picture; None before it was started."""
        return self._sandbox.pid

    async def start(self) -> None:
        """Load the decoders now. Raises Unavailable when that fails."""
        await self._sandbox.start()

    async def close(self) -> None:
        """End the picture process. Calls in flight and later ones raise Unavailable. May be repeated."""
        await self._sandbox.close()

    async def inspect(self, source: Path) -> ImageFacts:
        """See `domain.ports.Images`."""
        answer = await self._ask("inspect", source=str(source))
        return _trusted(_facts, answer)

    async def clean(self, source: Path, into: Path) -> bool:
        """See `domain.ports.Images`."""
        answer = await self._ask("clean", source=str(source), into=str(into))
        return answer.get("cleaned") is True

    async def render(self, source: Path, plan: RenditionPlan, crop: Crop | None, into: Path) -> RenditionSet:
        """See `domain.ports.Images`.

        A picture narrower than the largest planned width also gets its own width, unless a planned one comes within a
        tenth of it: so every plan shows the picture as sharp as it is. Squares come in the planned widths only.
        """
        answer = await self._ask(
            "render",
            source=str(source),
            plan={"webp": plan.webp, "avif": plan.avif, "jpeg": plan.jpeg},
            square=plan.square,
            crop=asdict(crop) if crop else None,
            folder=str(into),
        )
        return await asyncio.to_thread(_trusted, _rendition_set, answer, into)

    async def _ask(self, work: str, **arguments: Any) -> dict[str, Any]:
        answer = await self._sandbox.call(work, **arguments)
        detail = str(answer.get("detail", ""))
        if "refused" in answer:
            raise _refusal(str(answer["refused"]), detail)
        if "unavailable" in answer:
            full = answer.get("errno") in FULL
            raise Unavailable(detail, code="insufficient_storage" if full else "unavailable")
        result = answer.get("ok")
        if not isinstance(result, dict):
            raise _refusal("damaged", "the answer has no shape")
        return result


def _refusal(reason: str, detail: str) -> ImageRefused:
    code, message, params = REASONS.get(reason, REASONS["damaged"])
    refusal = ImageRefused(message, code=code, **params)
    if detail:
        refusal.add_note(detail)
    return refusal


def _trusted(build: Callable[..., T], answer: dict[str, Any], *more: Any) -> T:
    """What `build` makes of an answer. The child has read hostile bytes, so an odd answer is a damaged picture."""
    try:
        return build(answer, *more)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise _refusal("damaged", repr(error)) from error


def _facts(answer: dict[str, Any]) -> ImageFacts:
    if answer["format"] not in FORMATS:
        raise ValueError("format")
    return ImageFacts(
        format=answer["format"],
        width=_side(answer["width"]),
        height=_side(answer["height"]),
        frames=_whole(answer["frames"], MAX_FRAMES),
        lqip=_lqip(answer["lqip"]),
        camera=_camera(answer["camera"]),
        had_place=answer["had_place"] is True,
    )


def _camera(answer: dict[str, Any] | None) -> Camera | None:
    if answer is None:
        return None
    camera = Camera(**answer)
    for name, allowed in get_type_hints(Camera).items():
        value = getattr(camera, name)
        if type(value) not in get_args(allowed) or (isinstance(value, str) and len(value) > 80):
            raise ValueError(name)
    return camera


def _rendition_set(answer: dict[str, Any], into: Path) -> RenditionSet:
    made = tuple(
        Rendition(width=_side(width), height=_side(height), type=TYPES[kind], bytes=0)
        for width, height, kind in answer["renditions"]
    )
    return RenditionSet(
        width=_side(answer["width"]),
        height=_side(answer["height"]),
        lqip=_lqip(answer["lqip"]),
        renditions=tuple(
            Rendition(width=r.width, height=r.height, type=r.type, bytes=(into / r.name).stat().st_size)
            for r in made
        ),
    )


def _side(value: Any) -> int:
    return _whole(value, MAX_SIDE)


def _whole(value: Any, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"not a number from 1 to {most}")
    return value


def _lqip(value: Any) -> str:
    if not isinstance(value, str) or not BASE64.fullmatch(value):
        raise ValueError("lqip")
    return value
