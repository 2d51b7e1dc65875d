from __future__ import annotations


class StackError(Exception):
    """Why the stack cannot start or stay up, and what to do about it: one line, fit to be shown as it is."""
