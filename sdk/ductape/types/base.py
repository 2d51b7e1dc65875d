from __future__ import annotations

from pydantic import AliasChoices, AliasGenerator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def _either_case(name: str) -> AliasChoices:
    return AliasChoices(name, to_camel(name))


_EITHER_CASE = AliasGenerator(validation_alias=_either_case)


class Input(BaseModel):
    """What a caller sends: snake_case or camelCase, the right types, no unknown names. A typo is an error."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        alias_generator=_EITHER_CASE,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


class Output(BaseModel):
    """What the server answers. Unknown names are ignored, so that an older client reads a newer server."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True, hide_input_in_errors=True)
