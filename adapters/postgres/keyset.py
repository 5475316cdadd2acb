"""Walking a list by its key."""

from uuid import UUID

from application.paging import Slice

LAST = UUID(int=2**128 - 1)


def walk(part: Slice, column: str) -> tuple[str, str, UUID]:
    """The condition (with the parameter's number left open), the order, and the key to go on from."""
    if part.after is not None:
        return f"{column} > ${{0}}", "ASC", part.after.id
    return f"{column} < ${{0}}", "DESC", part.before.id if part.before else LAST
