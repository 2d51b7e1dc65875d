"""Which models think, as far as it is known. Only defaults ask this table: who sets a value knows the model."""

from __future__ import annotations

import re

_OPENAI = r"(o\d|gpt-5(?!.*chat)|gpt-oss|codex)"
_CLAUDE = r"claude-(3[-.]7|(opus|sonnet|haiku)-[4-9])"

_THINKING = {
    ("openai", "reasoning_effort"): _OPENAI,
    ("xai", "reasoning_effort"): r"grok-3-mini",
    ("openrouter", "reasoning_effort"): rf"(openai/{_OPENAI}|x-ai/grok-3-mini|anthropic/{_CLAUDE}|google/gemini-2\.5)",
    ("anthropic", "thinking_budget"): _CLAUDE,
    ("google", "thinking_budget"): r"gemini-(2\.5|[3-9])",
}
# These answer 400 to any temperature but 1.
_FIXED_TEMPERATURE = {"openai": _OPENAI, "anthropic": _CLAUDE}


def thinks(provider: str, model_name: str, setting: str) -> bool:
    """Whether a default for `reasoning_effort` or `thinking_budget` may be sent."""
    pattern = _THINKING.get((provider, setting))
    return pattern is not None and re.match(pattern, model_name) is not None


def has_fixed_temperature(provider: str, model_name: str) -> bool:
    """Whether the model takes no temperature while it thinks."""
    pattern = _FIXED_TEMPERATURE.get(provider)
    return pattern is not None and re.match(pattern, model_name) is not None
