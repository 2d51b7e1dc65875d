"""Tool calls in the text of local models: one file a format, found through the table here."""

from __future__ import annotations

from collections.abc import Mapping

from workers.models.tool_calls import hermes, llama3_json, mistral, pythonic, qwen
from workers.models.tool_calls.format import ToolFormat

FORMATS: Mapping[str, ToolFormat] = {
    "qwen": qwen.FORMAT,
    "hermes": hermes.FORMAT,
    "mistral": mistral.FORMAT,
    "llama3_json": llama3_json.FORMAT,
    "pythonic": pythonic.FORMAT,
}
"""By the name that `LocalSettings.tool_parser` gives. The first whose signs a chat template has is its format."""


def format_of(template: str, tool_parser: str | None) -> ToolFormat | None:
    """The format of a model; none if it is not known."""
    if tool_parser is not None:
        return FORMATS[tool_parser]
    return next((format for format in FORMATS.values() if any(sign in template for sign in format.signs)), None)
