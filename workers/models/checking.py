"""Does a provider accept a key? Asked as cheaply as it can be."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping
from contextlib import aclosing

import aiohttp
from pydantic import SecretStr
from yarl import URL

from ductape.types.messages import ChatMessage
from workers.models.base import ChatCall, ChatModel
from workers.models.egress import Egress
from workers.models.errors import ModelError
from workers.models.meanings import failure
from workers.models.wires import PROVIDERS

LISTINGS: Mapping[str, str] = {"openai": "models", "xai": "models", "openrouter": "key"}
"""What costs nothing and is refused to a bad key, below the base URL. OpenRouter lists its models to everybody."""
_LISTING_SECONDS = 10.0
_GREETING: ChatMessage = {"role": "user", "content": "Hi"}


async def check_key(
    model: ChatModel,
    *,
    provider: str,
    base_url: str | None,
    api_key: SecretStr | None,
    egress: Egress,
    call_id: str,
    seconds: float,
) -> None:
    """Ask the provider for a list; if that does not tell, ask the model for one token.

    Args:
        model: the provider's model, with the same key.
        seconds: for all of it.

    Raises:
        ModelError: it does not, or it did not say.
    """
    deadline = time.time() + seconds
    status = await _listing(provider, base_url, api_key, egress)
    if status == 401:
        raise failure("authentication_failed", provider, status_code=status)
    # Any other refusal of a list may be the list's alone: a key may be allowed to chat and nothing else.
    if status != 200:
        await _one_token(model, call_id, deadline)


async def _listing(provider: str, base_url: str | None, api_key: SecretStr | None, egress: Egress) -> int | None:
    path, url = LISTINGS.get(provider), base_url or PROVIDERS[provider].default_base_url
    if path is None or url is None or api_key is None:
        return None
    # What goes wrong here goes wrong once more with the call, which says what it was.
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError):
        async with egress.session().get(
            URL(url) / path,
            headers={"Authorization": f"Bearer {api_key.get_secret_value()}"},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=_LISTING_SECONDS, ceil_threshold=math.inf),
        ) as response:
            return response.status
    return None


async def _one_token(model: ChatModel, call_id: str, deadline: float) -> None:
    call = ChatCall(call_id=call_id, messages=[_GREETING], settings={"max_tokens": 1}, deadline=deadline)
    async with aclosing(model.stream(call)) as chunks:
        async for _ in chunks:
            return
    raise ModelError("the model's answer ended before it began; try again", "incomplete", True)
