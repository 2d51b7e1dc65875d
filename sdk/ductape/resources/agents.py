from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

from ductape.call import Call, Flow, new_key
from ductape.resources import runs
from ductape.resources.base import UNSET, Deleted, Unset, all_pages, body, given, path
from ductape.resources.history import History
from ductape.resources.overrides import ModelConfigLike
from ductape.sending import TransportT, operation, streamed
from ductape.types.agents import Agent, AgentDefine, AgentEnvInput, HumanInLoop, InlineModel, Memory, Termination
from ductape.types.filters import AgentFilter
from ductape.types.runs import Run, RunCreate, RunEvent
from ductape.types.tools import Tool
from ductape.types.versions import Rollback


class Agents(History[TransportT]):
    @operation
    def define(
        self,
        *,
        tag: str,
        model: str | InlineModel | Mapping[str, Any],
        product: str | None = None,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        model_config: ModelConfigLike | Unset = UNSET,
        system_prompt: str | Unset = UNSET,
        tools: Sequence[Tool | Mapping[str, Any]] | Unset = UNSET,
        envs: Sequence[AgentEnvInput | Mapping[str, Any]] | Unset = UNSET,
        termination: Termination | Mapping[str, Any] | Unset = UNSET,
        memory: Memory | Mapping[str, Any] | Unset = UNSET,
        human_in_loop: HumanInLoop | Mapping[str, Any] | Unset = UNSET,
        message: str | Unset = UNSET,
        if_version: int | None = None,
    ) -> Call[Agent]:
        """Create the agent, or replace it as a whole if the tag exists.

        Args:
            model: tag of a model of the same product. It may not exist yet; the answer's `warnings` then say so. Or an
                inline model: provider, model, settings, and in `key_from` the tag of the model whose key it uses.
            model_config: settings that beat the model's own.
            tools: what it may call: tag, description, parameters, and where it is served.
            envs: per environment: slug, active, model, model_config (which beats the agent's), limits, locks.
            termination: max_iterations, max_tokens, timeout (milliseconds) of a whole run.
            memory: short_term, long_term.
            human_in_loop: enabled, always_require_approval (tags of tools), approval_timeout, approval_webhook.
            if_version: the version that is to be replaced; 0: only if there is no such agent yet.

        Raises:
            PreconditionFailedError: the agent is at another version than `if_version` by now.
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
            termination=termination,
            memory=memory,
            human_in_loop=human_in_loop,
            message=message,
        )
        return Call(
            "PUT",
            self._path(product, tag),
            Agent.model_validate,
            body=body(AgentDefine, fields),
            idempotency_key=new_key(),
            if_version=if_version,
        )

    @operation
    def fetch(self, *, tag: str, product: str | None = None) -> Call[Agent]:
        return Call("GET", self._path(product, tag), Agent.model_validate)

    @operation
    def fetch_all(self, *, product: str | None = None, model: str | Unset = UNSET) -> Flow[builtins.list[Agent]]:
        """All agents, or only those that use the model of this tag."""
        return all_pages(self._path(product), Agent, body(AgentFilter, given(model=model)))

    @operation
    def delete(self, *, tag: str, product: str | None = None) -> Call[Deleted]:
        return Call("DELETE", self._path(product, tag), Deleted.model_validate)

    @operation
    def rollback(self, *, tag: str, to: int, product: str | None = None, message: str | Unset = UNSET) -> Call[Agent]:
        """Bring the settings of a version back, as a new version. Keys never come back.

        Raises:
            ValidationError: a key that is set would be sent where it was not sealed for.
        """
        fields = body(Rollback, given(to=to, message=message))
        url = self._path(product, tag, "rollback")
        return Call("POST", url, Agent.model_validate, body=fields, idempotency_key=new_key())

    list = fetch_all

    @operation
    def run(
        self,
        *,
        tag: str,
        input: str | Mapping[str, Any],
        product: str | None = None,
        env: str | None = None,
        model_config: ModelConfigLike | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> Call[Run]:
        """Run the agent and wait for its end.

        A run that failed is returned too, with `status` "failed" and `error`: look at `status`.

        Args:
            input: text, or an object that reaches the model as JSON.
            model_config: settings for this run alone; they beat all others.
            idempotency_key: calls with the same key are one run, which the later ones are answered with. Each call has
                its own unless given, so that only what this client sends again by itself is recognised.

        Raises:
            APIError: the run was refused: unknown agent, inactive environment, settings out of range, ...
        """
        return runs.create(self._run_fields(tag, input, product, env, model_config), idempotency_key)

    @streamed
    def stream(
        self,
        *,
        tag: str,
        input: str | Mapping[str, Any],
        product: str | None = None,
        env: str | None = None,
        model_config: ModelConfigLike | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> Call[RunEvent]:
        """Like `run`, event by event: RunStarted, MessageDelta..., RunEnded. Nothing is sent before the first `next`.

        Closing the generator closes the connection, which stops the run; `contextlib.closing` and `aclosing` see to it.

        Raises:
            DuctapeConnectionError: the connection broke before the run ended.
        """
        return runs.stream(self._run_fields(tag, input, product, env, model_config), idempotency_key)

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
