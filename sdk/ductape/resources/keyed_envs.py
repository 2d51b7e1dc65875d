"""The `envs` of a model as callers give them: with the provider key in plain, which never leaves this process."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import SecretStr

from ductape import sealing
from ductape.errors import APIError, ValidationError
from ductape.resources.base import validated
from ductape.types.base import Input
from ductape.types.entities import ModelEnvInput, SealingKey


class KeyedEnv(ModelEnvInput):
    """One environment of a model, as the client takes it."""

    api_key: SecretStr | None = None
    """The provider's key in plain. It is sealed before it is sent. Left out: none on create, unchanged on update."""

    def base_url_or(self, stored: str | None) -> str | None:
        """The base URL after an update: what this says, or else what is stored."""
        return self.base_url if "base_url" in self.model_fields_set else stored


@dataclass(frozen=True, slots=True)
class Seal:
    """A key still to be sealed, and where it may go."""

    env: KeyedEnv
    tag: str
    provider: str
    base_url: str | None

    def fields(self, key: SealingKey) -> dict[str, str]:
        """Raises: APIError: the server's sealing key is malformed."""
        secret = self.env.api_key
        assert secret is not None
        # The plaintext has no name here: a variable would show in a traceback that prints variables.
        with contextlib.suppress(ValueError):
            sealed = sealing.seal(
                key,
                secret.get_secret_value(),
                tag=self.tag,
                env=self.env.slug,
                provider=self.provider,
                base_url=self.base_url,
            )
            return {"sealed_api_key": sealed, "key_hint": sealing.hint(secret.get_secret_value())}
        raise APIError("the product's sealing key is malformed; the provider key was not sent", "invalid_response")


EnvLike: TypeAlias = KeyedEnv | ModelEnvInput | Mapping[str, Any]


def parse(envs: Sequence[EnvLike]) -> list[KeyedEnv]:
    """Raises: ValidationError: an environment is malformed or there twice, or its key cannot be one."""
    parsed = validated(_KeyedEnvs, {"envs": [_plain(env) for env in envs]}).envs
    if len({env.slug for env in parsed}) < len(parsed):
        raise ValidationError("envs names an environment twice", param="envs")
    for position, env in enumerate(parsed):
        fault = _key_fault(env)
        if fault is not None:
            message = f"the api_key of env {env.slug!r} {fault}"
            raise ValidationError(message, "invalid_api_key", param=f"envs.{position}.api_key")
    return parsed


def without_keys(envs: Sequence[KeyedEnv]) -> list[dict[str, Any]]:
    return [env.model_dump(exclude={"api_key"}, exclude_unset=True) for env in envs]


def with_seals(envs: Sequence[dict[str, Any]], seals: Sequence[Seal], key: SealingKey) -> list[dict[str, Any]]:
    """The environments as they are sent: each plaintext key replaced by its seal and its hint."""
    sealed = {seal.env.slug: seal.fields(key) for seal in seals}
    return [{**env, **sealed.get(env["slug"], {})} for env in envs]


class _KeyedEnvs(Input):
    envs: list[KeyedEnv]


def _plain(env: EnvLike) -> object:
    return env.model_dump(exclude_unset=True) if isinstance(env, ModelEnvInput) else env


def _key_fault(env: KeyedEnv) -> str | None:
    if "api_key" not in env.model_fields_set:
        return None
    key = env.api_key.get_secret_value() if env.api_key else ""
    if not key:
        return "is empty; is the variable that should hold it set? To give no key, leave api_key out"
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        return "has white space or characters that no key has; is there a line break at its end?"
    if "***" in key:
        return "looks like a mask and not like a key; to keep the stored key, leave api_key out"
    if len(key) > sealing.MAX_SECRET_BYTES:
        return f"is longer than {sealing.MAX_SECRET_BYTES} characters"
    return None
