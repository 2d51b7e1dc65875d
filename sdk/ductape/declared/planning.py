"""What has to happen so that the server says what the file says: a pure comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ductape.declared.document import Document, Entry, said
from ductape.errors import ValidationError

Kind = Literal["product", "env", "model", "agent"]
_AGENT: Entry = {
    "description": "",
    "model_config": {},
    "system_prompt": "",
    "tools": [],
    "termination": {},
    "memory": {},
    "human_in_loop": {},
    "message": "",
}
_AGENT_ENV: Entry = {"active": True, "model": None, "model_config": {}, "limits": {}, "locks": []}
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One call to make."""

    verb: Literal["create", "update"]
    kind: Kind
    tag: str
    wanted: Entry = field(repr=False)
    """May hold keys in clear: never shown."""
    differs: list[str]
    """Names of what differs, for people."""


def plan(document: Document, current: Mapping[str, Any] | None, variables: Mapping[str, str]) -> list[Step]:
    """Compare a file with an export of the server. What the file does not name stays as it is.

    Args:
        current: the export; None when there is no such product.
        variables: where `${NAME}` of an api_key is looked up.

    Raises:
        ValidationError: a key is needed and its variable is not set.
    """
    there = current or {}
    return [
        *_product_steps(said(document.product), there.get("product")),
        *_model_steps(document, _by_tag(there.get("models", [])), variables),
        *_agent_steps(document, _by_tag(there.get("agents", []))),
    ]


def _by_tag(entries: Sequence[Entry]) -> dict[str, Entry]:
    return {entry["tag"]: entry for entry in entries}


def _product_steps(wanted: Entry, there: Entry | None) -> Iterator[Step]:
    envs = wanted.pop("envs", [])
    yield from _step("product", wanted["tag"], wanted, there)
    known = {env["slug"]: env for env in there["envs"]} if there else {}
    for env in envs:
        yield from _step("env", env["slug"], env, known.get(env["slug"]))


def _model_steps(document: Document, there: Mapping[str, Entry], variables: Mapping[str, str]) -> Iterator[Step]:
    for model in document.models:
        wanted, known = said(model), there.get(model.tag)
        if model.fallback:
            # The server says its conditions even where the file leaves them out.
            wanted["fallback"] = model.fallback.model_dump(mode="json")
        envs_known = {env["slug"]: env for env in known["envs"]} if known else {}
        keys = {env.slug: env.api_key.get_secret_value() for env in model.envs if env.api_key}
        wanted["envs"] = [_keyed(model.tag, env, keys, envs_known, variables) for env in wanted["envs"]]
        yield from _model_step(model.tag, wanted, known)


def _agent_steps(document: Document, there: Mapping[str, Entry]) -> Iterator[Step]:
    for agent in document.agents:
        yield from _agent_step(agent.tag, said(agent), there.get(agent.tag))


def _step(kind: Kind, tag: str, wanted: Entry, there: Entry | None) -> list[Step]:
    if there is None:
        return [Step("create", kind, tag, wanted, sorted(wanted))]
    differs = sorted(name for name in wanted if wanted[name] != there.get(name))
    return [Step("update", kind, tag, wanted, differs)] if differs else []


def _model_step(tag: str, wanted: Entry, there: Entry | None) -> list[Step]:
    if there is None:
        return _step("model", tag, wanted, None)
    envs_there = {env["slug"]: env for env in there["envs"]}
    envs = [env for env in wanted["envs"] if _env_differs(env, envs_there.get(env["slug"]))]
    differs = [name for name in wanted if name != "envs" and wanted[name] != there.get(name)]
    differs += [f"envs.{env['slug']}" for env in envs]
    changes = {**{name: wanted[name] for name in differs if name in wanted}, "tag": tag}
    return [Step("update", "model", tag, {**changes, "envs": envs}, sorted(differs))] if differs else []


def _agent_step(tag: str, wanted: Entry, there: Entry | None) -> list[Step]:
    if there is None:
        return _step("agent", tag, wanted, None)
    # A definition replaces an agent as a whole, so what it leaves out is the default.
    whole, known = _whole_agent(wanted), _whole_agent(there)
    differs = sorted(name for name in whole if whole[name] != known[name])
    return [Step("update", "agent", tag, wanted, differs)] if differs else []


def _whole_agent(entry: Entry) -> Entry:
    envs = {env["slug"]: {**_AGENT_ENV, **env} for env in entry.get("envs", [])}
    return {**_AGENT, "name": entry["tag"], **entry, "envs": envs}


def _env_differs(wanted: Entry, there: Entry | None) -> bool:
    return there is None or any(wanted[name] != there.get(name) for name in wanted)


def _keyed(
    model: str, env: Entry, keys: Mapping[str, str], there: Mapping[str, Entry], variables: Mapping[str, str]
) -> Entry:
    """The environment with its key in clear if one has to be sent, and without if the stored one stays."""
    env = {name: value for name, value in env.items() if name != "api_key"}
    given = keys.get(env["slug"])
    if given is None or "api_key" in there.get(env["slug"], {}):
        return env
    match = _REFERENCE.fullmatch(given)
    if match is None:
        raise ValidationError(
            f"the api_key of {model!r} in {env['slug']!r} is not a reference: write ${{NAME}} and set the variable",
            param="api_key",
        )
    if not variables.get(match[1]):
        raise ValidationError(f"set {match[1]}: {model!r} has no key in {env['slug']!r} yet", param="api_key")
    return {**env, "api_key": variables[match[1]]}
