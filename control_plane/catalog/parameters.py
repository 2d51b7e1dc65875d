"""Provider-specific `parameters`: what a provider does not take is refused where it is said, not when a run fails."""

from __future__ import annotations

from control_plane.api.errors import ApiError
from workers.models.errors import ModelError
from workers.models.wires import allowed_parameters


def check_parameters(provider: str, parameters: object, *, param: str) -> None:
    """Raises: ApiError: 422 `unsupported_parameter`, which names it."""
    try:
        allowed_parameters(provider, parameters)
    except ModelError as refused:
        raise ApiError(422, refused.code, refused.message, param=param) from None
