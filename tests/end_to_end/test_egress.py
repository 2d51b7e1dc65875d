"""Nobody but the runner connects to anybody, and the runner to nobody but the provider."""

from __future__ import annotations

from pathlib import Path

from ductape import Ductape
from tests.end_to_end.audited import seen
from tests.end_to_end.provider import Provider
from workers.models.packaged import PACKAGED_MODEL


def test_all_connections_of_the_stack_lead_to_the_provider(
    client: Ductape, provider: Provider, connections: Path
) -> None:
    client.product.create(name="Watched", envs=[{"slug": "dev"}])
    local = {"tag": "local", "name": "L", "provider": "local", "model": PACKAGED_MODEL, "envs": [{"slug": "dev"}]}
    remote_env = {"slug": "dev", "base_url": provider.base_url, "api_key": "watched-key-0123456789"}
    client.model.create(product="watched", **local)  # type: ignore[arg-type]
    client.model.create(product="watched", tag="remote", name="R", provider="custom", model="ok", envs=[remote_env])
    for tag in ("local", "remote"):
        client.agents.define(product="watched", tag=tag, model=tag)
        done = client.agents.run(product="watched", env="dev", tag=tag, input="Hi", model_config={"max_tokens": 5})
        assert done.status == "completed"

    lines = seen(connections)
    commands = {line.command for line in lines}
    assert all(any(part in command for command in commands) for part in ("wsgi", "asgi", "workers.hosting"))
    out = {(line.command, line.address, line.port) for line in lines if line.address}
    assert {(address, port) for _, address, port in out} == {("127.0.0.1", provider.port)}
    assert all("asgi" in command or "spawn" in command for command, _, _ in out)
