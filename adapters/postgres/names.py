"""SQL for names that begin with what was typed: the expressions of the indexes in `migrations/0005_finding.py`."""

USERNAME = 'username COLLATE "C"'


def name_key(column: str) -> str:
    """What a name of a person or a place is compared by."""
    return f'left(lower(normalize({column}, NFKD)), 100) COLLATE "C"'


def tag_key(column: str) -> str:
    """What a tag, which is folded already, is compared by."""
    return f'left(normalize({column}, NFKD), 100) COLLATE "C"'


def begins(key: str, start: str) -> str:
    """A condition: `key` begins with `start`. Nothing sorts behind the last code point."""
    return f"{key} >= {start} AND {key} < {start} || chr(1114111)"
