"""What an agent may ask for and this release cannot do yet: said before a run, and not ignored during it."""

from __future__ import annotations

from collections.abc import Callable

from control_plane.agents.models import Agent
from control_plane.api.errors import ApiError


def _remembers(agent: Agent) -> bool:
    long_term = agent.memory.get("long_term") or {}
    return bool(agent.memory.get("short_term") is not None or long_term.get("enabled"))


_UNMET: dict[str, tuple[Callable[[Agent], bool], str]] = {
    "tools": (lambda agent: bool(agent.tools), "calls no tools"),
    "memory": (_remembers, "keeps no memory"),
    "human_in_loop": (lambda agent: bool(agent.human_in_loop.get("enabled")), "asks nobody for approval"),
}
"""Field of the agent -> whether it asks for something there, and what this release does instead."""


def refuse_unmet_needs(agent: Agent) -> None:
    """Raises: ApiError: 409 `agent_needs_tools`, `agent_needs_memory` or `agent_needs_human_in_loop`."""
    for field, (asks, instead) in _UNMET.items():
        if asks(agent):
            message = f"the agent {agent.tag!r} has {field} and this release {instead} yet; define it without to run it"
            raise ApiError(409, f"agent_needs_{field}", message, param="agent")
