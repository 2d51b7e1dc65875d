from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from pydantic import SecretStr

from workers.models.checking import check_key
from workers.models.egress import Egress, parse_allowed
from workers.models.errors import ModelError
from workers.models.wires import wire_for

KEY = "sk-canary-0123456789"
Check = Callable[[str], Awaitable[None]]


@dataclass
class Upstream:
    """Answers with the status that a test says for a path."""

    port: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        status = self.statuses.get(request.path, 200)
        if status != 200:
            return web.json_response({"error": f"no: {KEY}"}, status=status, headers={"Location": "/v1/elsewhere"})
        choice = {"index": 0, "delta": {"content": "H"}, "finish_reason": "length"}
        chunk = f"data: {json.dumps({'choices': [choice]})}\n\ndata: [DONE]\n\n"
        return web.Response(text=chunk, content_type="text/event-stream")


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", upstream.answer)
    runner = web.AppRunner(application, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    upstream.port = runner.addresses[0][1]
    yield upstream
    await runner.cleanup()


@pytest.fixture
async def check(upstream: Upstream) -> AsyncIterator[Check]:
    egress = Egress(parse_allowed(f"127.0.0.1:{upstream.port}"))
    base_url, key = f"http://127.0.0.1:{upstream.port}/v1", SecretStr(KEY)

    async def ask(provider: str) -> None:
        model = wire_for(provider, model_name="m", base_url=base_url, api_key=key, egress=egress)
        await check_key(
            model, provider=provider, base_url=base_url, api_key=key, egress=egress, call_id="c", seconds=10
        )

    yield ask
    await egress.close()


@pytest.mark.parametrize(
    ("provider", "asked"),
    [
        ("openai", "GET /v1/models"),
        ("xai", "GET /v1/models"),
        ("openrouter", "GET /v1/key"),
        ("custom", "POST /v1/chat/completions"),
    ],
)
async def test_it_is_asked_as_cheaply_as_can_be(upstream: Upstream, check: Check, provider: str, asked: str) -> None:
    await check(provider)
    assert upstream.asked == [asked]


async def test_a_list_that_does_not_know_the_key_is_enough(upstream: Upstream, check: Check) -> None:
    upstream.statuses["/v1/models"] = 401
    with pytest.raises(ModelError) as refused:
        await check("openai")

    assert refused.value.code == "authentication_failed"
    assert "canary" not in str(refused.value)
    assert upstream.asked == ["GET /v1/models"]


@pytest.mark.parametrize("status", [302, 403, 404, 405, 429, 500])
async def test_a_list_that_does_not_tell_leaves_it_to_one_token(upstream: Upstream, check: Check, status: int) -> None:
    upstream.statuses["/v1/models"] = status
    await check("openai")
    assert upstream.asked == ["GET /v1/models", "POST /v1/chat/completions"]


@pytest.mark.parametrize(
    ("status", "code"), [(401, "authentication_failed"), (429, "rate_limit"), (404, "invalid_model")]
)
async def test_what_the_model_says_is_said(upstream: Upstream, check: Check, status: int, code: str) -> None:
    upstream.statuses["/v1/chat/completions"] = status
    with pytest.raises(ModelError) as refused:
        await check("custom")
    assert refused.value.code == code


async def test_a_provider_that_is_not_there_has_not_said(upstream: Upstream) -> None:
    egress = Egress(parse_allowed("127.0.0.1:1"))
    url, key = "http://127.0.0.1:1/v1", SecretStr(KEY)
    model = wire_for("openai", model_name="m", base_url=url, api_key=key, egress=egress)
    with pytest.raises(ModelError) as unsaid:
        await check_key(model, provider="openai", base_url=url, api_key=key, egress=egress, call_id="c", seconds=5)
    await egress.close()
    assert (unsaid.value.code, unsaid.value.retryable) == ("network_error", True)
