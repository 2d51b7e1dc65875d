from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic
import yaml

from ductape.errors import ValidationError
from ductape.resources.keyed_envs import KeyedEnv
from ductape.types.agents import AgentDefine
from ductape.types.base import Input
from ductape.types.entities import EnvironmentInput, ModelCreate
from ductape.types.names import Description, Name, Tag

Entry = dict[str, Any]


class DeclaredProduct(Input):
    tag: Tag
    name: Name
    description: Description = ""
    envs: list[EnvironmentInput] = []


class DeclaredModel(ModelCreate):
    envs: list[KeyedEnv]  # type: ignore[assignment]  # with keys as references, `${NAME}`


class Document(Input):
    """What a file says. Everything is as the SDK's methods take it."""

    product: DeclaredProduct
    models: list[DeclaredModel] = []
    agents: list[AgentDefine] = []


def parse(text: str) -> Document:
    """Raises: ValidationError: it is not YAML, or not such a document; says where, never what."""
    try:
        return Document.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        param = ".".join(map(str, first["loc"]))
        raise ValidationError(f"{param or 'the file'}: {first['msg']}", param=param or None) from None
    raise ValidationError(f"the file is not YAML{where}")


def load(path: Path) -> Document:
    """Raises: ValidationError: it cannot be read, or says what cannot be."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValidationError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not text'}") from None
    return parse(text)


def dump(document: Mapping[str, Any]) -> str:
    """As YAML, in the order that people read: product, models, agents."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=120)


def said(model: Input) -> Entry:
    """One part of a document as plain data: what it says and nothing else."""
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)
