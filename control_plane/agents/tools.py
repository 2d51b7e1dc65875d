from __future__ import annotations

from collections.abc import Iterable

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from control_plane.api.errors import ApiError
from ductape.types.tools import Tool


def check_tools(tools: Iterable[Tool]) -> None:
    """Raises: ApiError: 422 the parameters of a tool are no JSON Schema, so no call could be checked against them."""
    for position, tool in enumerate(tools):
        try:
            Draft202012Validator.check_schema(tool.parameters)
        except SchemaError as error:
            param = ".".join(map(str, ["tools", position, "parameters", *error.absolute_path]))
            message = f"{param}: not JSON Schema (2020-12): mend what stands there"
            raise ApiError(422, "invalid_argument", message, param=param) from None
