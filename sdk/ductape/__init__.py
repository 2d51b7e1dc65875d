"""The Python client of Ductape, the control plane for LLM models and agents.

from ductape import Ductape

client = Ductape(access_key="dts_...", product="my-product", env="dev")
print(client.agents.run(tag="helper", input="Hello").output)
"""

from __future__ import annotations

from ductape.async_client import AsyncDuctape
from ductape.client import Ductape
from ductape.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    DuctapeConnectionError,
    DuctapeError,
    DuctapeTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionFailedError,
    RateLimitError,
    ServerError,
    ValidationError,
)

__all__ = [
    "APIError",
    "AsyncDuctape",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConflictError",
    "Ductape",
    "DuctapeConnectionError",
    "DuctapeError",
    "DuctapeTimeoutError",
    "NotFoundError",
    "PermissionDeniedError",
    "PreconditionFailedError",
    "RateLimitError",
    "ServerError",
    "ValidationError",
]
