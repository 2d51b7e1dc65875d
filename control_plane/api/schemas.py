"""The shared types as JSON Schema."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

Mode = Literal["validation", "serialization"]
REFERENCE = "#/components/schemas/{model}"


def reference(kind: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=kind.__name__)}


def schemas_of(inputs: Iterable[type[BaseModel]], outputs: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """All these types and those that they are made of, by name."""
    kinds: list[tuple[type[BaseModel], Mode]] = [(kind, "validation") for kind in inputs]
    kinds += [(kind, "serialization") for kind in outputs]
    _, schemas = models_json_schema(kinds, ref_template=REFERENCE, schema_generator=_Documented)
    return dict(sorted(schemas["$defs"].items()))


class _Documented(GenerateJsonSchema):
    """Without titles that only repeat the name; with the docstrings of attributes, read when they are asked for:
    pydantic would parse every source file at each start of every client."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        # An answer has all of its fields.
        return self.mode == "serialization" or super().field_is_required(field, total)

    def normalize_name(self, name: str) -> str:
        # The name of a parametrised generic is its own, such as ProductPage; pydantic would call it Page_Product_.
        return super().normalize_name(re.sub(r"(\w+)\[(\w+)\]", r"\2\1", name))

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        shown = super().model_schema(schema)
        if "description" in shown:
            # What follows the first paragraph is for readers of the code.
            shown["description"] = shown["description"].partition("\n\n")[0]
        kind: type[BaseModel] = schema["cls"]
        for name, text in _attribute_docstrings(kind):
            alias = kind.model_fields[name].serialization_alias or name
            shown["properties"][alias].setdefault("description", text)
        return shown


def _attribute_docstrings(kind: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for base in kind.__mro__:
        if issubclass(base, BaseModel) and base.__module__ != BaseModel.__module__:
            yield from _own_docstrings(base)


def _own_docstrings(kind: type[BaseModel]) -> Iterator[tuple[str, str]]:
    # The class of a parametrised generic was written nowhere.
    if kind.__pydantic_generic_metadata__["origin"]:
        return
    [written] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(written, ast.ClassDef)
    for field, after in zip(written.body, written.body[1:], strict=False):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
