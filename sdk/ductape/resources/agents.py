from __future__ import annotations

import builtins
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from ductape.call import Call
from ductape.resources import runs
from ductape.resources.base import UNSET, Deleted, Resource, Unset, all_pages, body, given, path
from ductape.resources.overrides import ModelConfigLike
from ductape.types.entities import Agent, AgentDefine, AgentEnvInput
from ductape.types.runs import Run, RunCreate, RunEvent


class Agents(Resource):
    def define(
        self,
        *,
        tag: str,
        model: str,
        product: str | None = None,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        model_config: ModelConfigLike | Unset = UNSET,
        system_prompt: str | Unset = UNSET,
        tools: Sequence[Any] | Unset = UNSET,
        envs: Sequence[AgentEnvInput | Mapping[str, Any]] | Unset = UNSET,
    ) -> Agent:
        """Create the agent, or replace it as a whole if the tag exists.

        Args:
            model: tag of a model of the same product. It may not exist yet; the answer's `warnings` then say so.
            model_config: settings that beat the model's own.
            envs: per environment: slug, active, model_config (which beats the agent's).
        """
        fields = given(
            tag=tag,
            model=model,
            name=name,
            description=description,
            model_config=model_config,
            system_prompt=system_prompt,
            tools=tools,
            envs=envs,
        )
        url = self._path(product, tag)
        return self._transport.send(Call("PUT", url, Agent.model_validate, body=body(AgentDefine, fields)))

    def fetch(self, *, tag: str, product: str | None = None) -> Agent:
        return self._transport.send(Call("GET", self._path(product, tag), Agent.model_validate))

    def fetch_all(self, *, product: str | None = None) -> builtins.list[Agent]:
        return self._transport.run(all_pages(self._path(product), Agent))

    def delete(self, *, tag: str, product: str | None = None) -> Deleted:
        return self._transport.send(Call("DELETE", self._path(product, tag), Deleted.model_validate))

    list = fetch_all

    def run(
        self,
        *,
        tag: str,
        input: str | Mapping[str, Any],
        product: str | None = None,
        env: str | None = None,
        model_config: ModelConfigLike | Unset = UNSET,
    ) -> Run:
        """Run the agent and wait for its end.

        A run that failed is returned too, with `status` "failed" and `error`: look at `status`.

        Args:
            input: text, or an object that reaches the model as JSON.
            model_config: settings for this run alone; they beat all others.

        Raises:
            APIError: the run was refused: unknown agent, inactive environment, settings out of range, ...
        """
        return self._transport.send(runs.create(self._run_fields(tag, input, product, env, model_config)))

    def stream(
        self,
        *,
        tag: str,
        input: str | Mapping[str, Any],
        product: str | None = None,
        env: str | None = None,
        model_config: ModelConfigLike | Unset = UNSET,
    ) -> Generator[RunEvent, None, None]:
        """Like `run`, event by event: RunStarted, MessageDelta..., RunEnded. Nothing is sent before the first `next`.

        Closing the generator closes the connection, which stops the run.

        Raises:
            DuctapeConnectionError: the connection broke before the run ended.
        """
        return self._transport.stream(runs.stream(self._run_fields(tag, input, product, env, model_config)))

    def _run_fields(
        self,
        tag: str,
        input: str | Mapping[str, Any],
        product: str | None,
        env: str | None,
        model_config: ModelConfigLike | Unset,
    ) -> RunCreate:
        return runs.parse(
            agent=tag,
            input=input,
            product=self._settings.product_or(product),
            env=self._settings.env_or(env),
            model_config=model_config,
        )

    def _path(self, product: str | None, *tag: str) -> str:
        return path("products", self._settings.product_or(product), "agents", *tag)
