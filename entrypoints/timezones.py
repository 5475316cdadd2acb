"""Which time zones people can choose: the places in the machine's own database, and UTC."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC = "UTC"
# Area and place; what has no area is short for a country or an old habit, and browsers do not know all of it.
_NAME = re.compile(r"(?!posix/|right/)[A-Za-z]+(?:/[A-Za-z0-9_+-]{1,30}){1,2}")


def is_timezone(name: str) -> bool:
    """Whether `name` is the IANA name of a time zone that this machine knows, such as `Europe/Berlin`, or `UTC`."""
    if name == UTC:
        return True
    try:
        return _NAME.fullmatch(name) is not None and ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
