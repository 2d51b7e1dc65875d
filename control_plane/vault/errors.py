from __future__ import annotations


class SecretUnreadable(Exception):
    """A stored secret does not open: wrong key, moved row, edited bytes or unknown format. Never holds the text."""

    def __init__(self) -> None:
        super().__init__("a stored secret cannot be opened; run `manage.py keys check`")
