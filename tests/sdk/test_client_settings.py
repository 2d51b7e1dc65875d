from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from ductape import ConfigurationError, Ductape, settings
from tests.sdk.loopback import Server, ok
from tests.sdk.samples import ACCESS_KEY, AGENT
from tests.sdk.waiting import Connect

VARIABLES = ["ACCESS_KEY", "BASE_URL", "RUNNER_URL", "PRODUCT", "ENV"]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"DUCTAPE_{name}", raising=False)


def test_the_environment_is_enough(server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(VARIABLES, ["dts_from-env", server.url + "/", server.url, "shop", "dev"], strict=True):
        monkeypatch.setenv(f"DUCTAPE_{name}", value)
    server.on("GET", "/api/v1/products/shop/agents/helper", ok(AGENT))
    with connect() as client:
        assert client.agents.fetch(tag="helper").model == "gpt"
    assert server.received[0].headers["Authorization"] == "Bearer dts_from-env"


def test_the_call_beats_the_constructor_which_beats_the_environment(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUCTAPE_PRODUCT", "from-environment")
    for product in ("from-constructor", "from-call"):
        server.on("GET", f"/api/v1/products/{product}/agents/helper", ok(AGENT))
    with connect(access_key=ACCESS_KEY, base_url=server.url, product="from-constructor") as client:
        client.agents.fetch(tag="helper")
        client.agents.fetch(tag="helper", product="from-call")
    assert [request.path.split("/")[4] for request in server.received] == ["from-constructor", "from-call"]


def test_the_constructor_touches_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    client = Ductape(access_key=ACCESS_KEY, base_url="https://nowhere.invalid")
    assert client.products is client.product
    assert client.models is client.model
    client.close()


def test_the_representation_hides_the_key() -> None:
    client = Ductape(access_key=ACCESS_KEY, product="shop")
    assert repr(client) == "Ductape(base_url='http://127.0.0.1:8700', product='shop', env=None)"
    assert ACCESS_KEY not in repr(vars(client))


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_access_key_is_refused_at_once(key: str | None) -> None:
    with pytest.raises(ConfigurationError, match=r"pass access_key= to Ductape\(\.\.\.\), or set DUCTAPE_ACCESS_KEY"):
        Ductape(access_key=key)


@pytest.mark.parametrize("key", [ACCESS_KEY + "\n", "dts key", "dts_ключ"])
def test_an_impossible_access_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Ductape(access_key=key)
    assert "dts" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["ftp://host", "host:8700", "https://", "https://u:hunter2@host", "https://h?x=1", "http://[::1", "http://h:x"],
)
@pytest.mark.parametrize("option", ["base_url", "runner_url"])
def test_an_unusable_url_is_refused_without_being_shown(option: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{option} must look like") as refused:
        Ductape(access_key=ACCESS_KEY, **{option: url})  # type: ignore[arg-type]
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda client: client.agents.fetch(tag="helper"), "product"),
        (lambda client: client.agents.run(tag="helper", product="shop", input="Hello"), "env"),
    ],
)
def test_a_missing_default_names_all_the_ways_to_give_it(call: Callable[[Ductape], object], name: str) -> None:
    client = Ductape(access_key=ACCESS_KEY)
    with pytest.raises(ConfigurationError) as refused:
        call(client)
    assert f"pass {name}= to the call or to Ductape(...), or set DUCTAPE_{name.upper()}" in str(refused.value)
    assert refused.value.param == name


def test_a_server_behind_tls_cannot_send_the_key_to_a_runner_without() -> None:
    assert settings.runner_url("https://control.example", None) == "https://control.example"
    assert settings.runner_url("https://control.example", "https://run.example/") == "https://run.example"
    assert settings.runner_url("http://127.0.0.1:8700", "http://127.0.0.1:8701") == "http://127.0.0.1:8701"
    with pytest.raises(ConfigurationError, match="a runner without TLS; pass runner_url="):
        settings.runner_url("https://control.example", "http://run.example")
