from __future__ import annotations

from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CharField, F, Func, GeneratedField, Value

from control_plane.vault.at_rest import FORMAT


class SealedField(models.TextField):  # type: ignore[type-arg]  # generic in the stubs only
    """A stored secret, `drest1...`. Nothing else can be saved, and no form, serializer or dump shows it.

    Every secret column of the project is of this type, so that rotation finds them by walking the model registry.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        if text is not None and FORMAT.fullmatch(text) is None:
            raise ValidationError("only wrapped secrets may be stored in this column", code="not_wrapped")
        return text

    def value_to_string(self, obj: models.Model) -> str:
        return ""


class Identity(Protocol):
    """What a secret is bound to."""

    def parts(self) -> tuple[str, ...]: ...


def at_rest_kid(column: str) -> GeneratedField:
    """The id of the key that wraps a sealed column. The database reads it off the text, so it cannot say otherwise."""
    kid = Func(F(column), Value("."), Value(2), function="split_part", output_field=CharField())
    return GeneratedField(expression=kid, output_field=CharField(max_length=32), db_persist=True)
