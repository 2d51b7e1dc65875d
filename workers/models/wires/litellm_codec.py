"""The one module that imports litellm: it knows how Anthropic and Google want a request to look, model by model.

It is given messages, tools and settings that have been checked before; never a key, a URL or a connection. Importing it
takes seconds, so it is imported on first use.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable
from typing import Any

from workers.models.errors import ModelAPIError

# Read by litellm when it is imported: no price list from the network, no .env file into our environment.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import litellm
    from litellm.exceptions import UnsupportedParamsError
    from litellm.llms.anthropic.chat.transformation import AnthropicConfig
    from litellm.llms.gemini.chat.transformation import GoogleAIStudioGeminiConfig
    from litellm.llms.vertex_ai.gemini.transformation import transform_request_body

litellm.suppress_debug_info = True
litellm.telemetry = False
litellm.drop_params = False
litellm.modify_params = False
# Its messages quote what was sent.
for _name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


def anthropic_request(model: str, messages: list[Any], params: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The body of `/messages`, and the value of `anthropic-beta` that it needs, or nothing.

    Args:
        params: in the names of OpenAI's chat completions, `thinking` in Anthropic's.

    Raises:
        ModelError: the model takes no such setting, or the conversation has no such shape.
    """
    headers: dict[str, str] = {}

    def translate() -> dict[str, Any]:
        config = AnthropicConfig()
        optional = config.map_openai_params(params, {}, model, drop_params=False)
        optional.pop("json_mode", None)
        return config.transform_request(model, messages, optional, {}, headers)

    return _translated("anthropic", params, translate), headers.get("anthropic-beta", "")


def google_request(model: str, messages: list[Any], params: dict[str, Any]) -> dict[str, Any]:
    """The body of `generateContent`. Arguments and errors: see `anthropic_request`."""

    def translate() -> dict[str, Any]:
        optional = GoogleAIStudioGeminiConfig().map_openai_params(params, {}, model, drop_params=False)
        return {**transform_request_body(messages, model, optional, "gemini", {}, None)}

    return _translated("google", params, translate)


def _translated(provider: str, params: dict[str, Any], translate: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return translate()
    except UnsupportedParamsError as error:
        refusal = _unsupported(provider, [name for name in params if name in str(error)])
    except Exception:
        # Whatever it stumbles over, it is our caller's conversation, and it quotes that.
        message = f"the conversation has a shape that {provider} does not take; check roles, tool calls and results"
        refusal = ModelAPIError(message, "invalid_request")
    # Raised out here: as its context the original would carry the conversation along.
    raise refusal


def _unsupported(provider: str, names: list[str]) -> ModelAPIError:
    named = " and ".join(names) or "one of the settings"
    message = f"this {provider} model does not take {named} as given; leave it out or choose another model"
    return ModelAPIError(message, "unsupported_setting")
