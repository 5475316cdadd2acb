"""`python -m adapters.pillow.codecs` tells on standard output which formats this installation reads and writes, as JSON."""

import io
import json
import sys

from PIL import Image

from adapters.pillow.codec import FORMATS


def working() -> dict[str, bool]:
    """Each format that Heliograph takes, and whether a small picture survives being written and read."""
    return {name: _works(theirs) for theirs, name in FORMATS.items()}


def _works(format_name: str) -> bool:
    made = io.BytesIO()
    try:
        Image.new("RGB", (32, 32), "teal").save(made, format_name)
        with Image.open(io.BytesIO(made.getvalue()), formats=[format_name]) as picture:
            picture.load()
            return picture.size == (32, 32)
    except Exception:  # noqa: BLE001 - whatever a broken codec raises, the answer is no
        return False


if __name__ == "__main__":
    sys.stdout.write(json.dumps(working()) + "\n")
