from __future__ import annotations

import io
import logging
import pickle
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ductape import (
    APIError,
    ConfigurationError,
    ConflictError,
    Ductape,
    DuctapeConnectionError,
    DuctapeError,
    DuctapeTimeoutError,
    NotFoundError,
    RateLimitError,
    ServerError,
    ValidationError,
    retries,
)
from tests.sdk.loopback import Answer, Server, error, hang_up, ok, plain
from tests.sdk.samples import ACCESS_KEY, PRODUCT, RUN
from tests.sdk.waiting import Connect

SHOP = "/api/v1/products/shop"


@pytest.mark.parametrize(
    "fault", [error(408, "slow"), error(429, "rate_limited"), error(500, "broken"), error(503, "starting"), hang_up]
)
def test_a_passing_fault_is_retried(server: Server, client: Ductape, fault: Answer) -> None:
    server.on("GET", SHOP, fault, fault, ok(PRODUCT))
    assert client.product.fetch(tag="shop").name == "Shop"
    assert len(server.received) == 3


def test_after_the_last_retry_the_error_is_raised(server: Server, client: Ductape) -> None:
    server.on("GET", SHOP, error(503, "starting"))
    with pytest.raises(ServerError, match="starting, request req_1"):
        client.product.fetch(tag="shop")
    assert len(server.received) == 3


@pytest.mark.parametrize(
    "fault", [error(400, "bad"), error(404, "not_found"), error(409, "taken"), error(500, "no", retryable=False)]
)
def test_a_lasting_fault_is_not_retried(server: Server, client: Ductape, fault: Answer) -> None:
    server.on("GET", SHOP, fault)
    with pytest.raises(APIError):
        client.product.fetch(tag="shop")
    assert len(server.received) == 1


@pytest.mark.parametrize("fault", [error(503, "starting"), hang_up])
def test_what_may_have_been_done_is_not_done_twice(server: Server, client: Ductape, fault: Answer) -> None:
    server.on("PATCH", SHOP, fault, ok(PRODUCT))
    with pytest.raises((ServerError, DuctapeConnectionError)):
        client.product.update(tag="shop", name="Shop")
    assert len(server.received) == 1


@pytest.mark.parametrize("fault", [error(503, "starting"), hang_up])
def test_a_creation_is_sent_again_under_the_same_key(server: Server, client: Ductape, fault: Answer) -> None:
    server.on("POST", "/api/v1/products", fault, ok(PRODUCT))
    assert client.product.create(name="Shop").tag == "shop"
    client.product.create(name="Shop")
    first, again, other = (request.headers["Idempotency-Key"] for request in server.received)
    assert first == again != other


def test_what_never_reached_the_server_is_sent_again(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.2)
    client = connect(access_key=ACCESS_KEY, base_url=f"http://127.0.0.1:{free}")
    server.on("POST", "/api/v1/products", ok(PRODUCT))
    late = threading.Timer(0.1, _forward_one, args=(free, port))
    late.start()
    assert client.product.create(name="Shop").tag == "shop"
    client.close()
    late.join()


def _forward_one(at: int, to: int) -> None:
    with socket.create_server(("127.0.0.1", at)) as listener:
        near, _ = listener.accept()
        with near, socket.create_connection(("127.0.0.1", to)) as far:
            near.settimeout(0.2)
            try:
                while data := near.recv(65536):
                    far.sendall(data)
            except TimeoutError:
                pass
            near.sendall(far.recv(65536))


def test_no_server_is_a_connection_error_that_says_so(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        connect(access_key=ACCESS_KEY, base_url=f"http://127.0.0.1:{port}", max_retries=0) as client,
        pytest.raises(DuctapeConnectionError, match="is the server up"),
    ):
        client.product.fetch(tag="shop")


def test_retry_after_is_obeyed_in_seconds(server: Server, client: Ductape) -> None:
    server.on("GET", SHOP, error(429, "slow_down", headers={"Retry_After": "0.3"}), ok(PRODUCT))
    start = time.monotonic()
    client.product.fetch(tag="shop")
    assert 0.3 <= time.monotonic() - start < 1


def test_retry_after_is_understood_as_a_date_too() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 <= (retries.retry_after({"retry-after": soon}) or 0) <= 30
    assert retries.retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert retries.retry_after({"retry-after": "7"}) == 7


@pytest.mark.parametrize("value", ["", "soon", "-1", "nan", "inf", "1e9", "99999999999"])
def test_a_senseless_retry_after_is_none(value: str) -> None:
    assert retries.retry_after({"retry-after": value}) is None


def test_a_large_body_is_sent_as_it_is(server: Server, client: Ductape) -> None:
    server.on("POST", "/v1/runs", ok(RUN))
    client.agents.run(tag="helper", input="ä" * 1_000_000)
    assert server.received[0].json()["input"] == "ä" * 1_000_000


def test_a_server_that_asks_for_too_much_patience_is_not_retried(server: Server, client: Ductape) -> None:
    server.on("GET", SHOP, error(429, "slow_down", headers={"Retry_After": "3600"}))
    with pytest.raises(RateLimitError):
        client.product.fetch(tag="shop")
    assert len(server.received) == 1


def test_pauses_grow_up_to_a_limit_and_differ() -> None:
    pauses = [[retries.pause(attempt, None) or 0 for _ in range(50)] for attempt in range(8)]
    assert all(0.25 <= pause <= 0.5 for pause in pauses[0])
    assert all(4 <= pause <= 8 for pause in pauses[7])
    assert len(set(pauses[3])) > 40


def test_silence_is_a_timeout(server: Server, connect: Connect) -> None:
    def never(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.5)
        hang_up(handler)

    server.on("GET", SHOP, never)
    with (
        connect(access_key=ACCESS_KEY, base_url=server.url, timeout=0.1, max_retries=0) as client,
        pytest.raises(DuctapeTimeoutError, match="raise timeout="),
    ):
        client.product.fetch(tag="shop")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: Server, client: Ductape, status: int) -> None:
    server.on("GET", SHOP, plain(b"", status, Location=f"{server.url}/elsewhere"))
    with pytest.raises(APIError, match="redirect_refused"):
        client.product.fetch(tag="shop")
    assert [request.path for request in server.received] == [SHOP]


def test_an_error_carries_all_that_the_server_said(server: Server, client: Ductape) -> None:
    server.on("GET", SHOP, error(404, "product_not_found", "no product 'shop'", param="product", retryable=False))
    with pytest.raises(NotFoundError) as raised:
        client.product.fetch(tag="shop")
    error_ = raised.value
    assert (error_.status, error_.code, error_.param) == (404, "product_not_found", "product")
    assert (error_.message, error_.request_id, error_.retryable) == ("no product 'shop'", "req_1", False)


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"[]", b'{"error": "no"}', b'{"error": null}'])
def test_an_error_page_of_something_else_points_at_the_base_url(server: Server, client: Ductape, body: bytes) -> None:
    server.on("GET", SHOP, plain(body, 409, X_Request_ID="req_7"))
    with pytest.raises(ConflictError, match="HTTP 409 without an explanation; is base_url that of a") as raised:
        client.product.fetch(tag="shop")
    assert raised.value.request_id == "req_7"
    assert "gateway" not in str(raised.value)


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"{}", b"null", b"\xff", b'{"tag": 5}'])
def test_an_answer_that_makes_no_sense_is_an_api_error(server: Server, client: Ductape, body: bytes) -> None:
    server.on("GET", SHOP, plain(body))
    with pytest.raises(APIError, match=r"answer to GET /api/v1/products/shop was not understood.*invalid_response"):
        client.product.fetch(tag="shop")


@pytest.mark.parametrize("tag", ["", "..", "a/b", "../models", "a?b", "a b", "ä", "-a", "a\n"])
def test_a_tag_cannot_reach_another_path(server: Server, client: Ductape, tag: str) -> None:
    with pytest.raises(ValidationError, match="is not a tag, slug or id"):
        client.product.fetch(tag=tag)
    assert server.received == []


def test_connections_are_reused(server: Server, client: Ductape) -> None:
    ports = []

    def remember(handler: BaseHTTPRequestHandler) -> None:
        ports.append(handler.client_address[1])
        ok(PRODUCT)(handler)

    server.on("GET", SHOP, remember)
    for _ in range(3):
        client.product.fetch(tag="shop")
    assert len(set(ports)) == 1


def test_the_runner_is_discovered_once_and_without_the_key(server: Server, connect: Connect) -> None:
    server.on("GET", "/api/v1/", ok({"version": "0.1.0", "runner_url": server.url + "/"}))
    server.on("GET", "/v1/runs/run_1", ok(RUN))
    with connect(access_key=ACCESS_KEY, base_url=server.url) as client:
        client.runs.fetch(run_id="run_1")
        client.runs.fetch(run_id="run_1")
    assert [request.path for request in server.received] == ["/api/v1/", "/v1/runs/run_1", "/v1/runs/run_1"]
    assert "Authorization" not in server.received[0].headers
    assert server.received[1].headers["Authorization"] == f"Bearer {ACCESS_KEY}"


def test_one_server_may_be_both_control_and_runner(server: Server, connect: Connect) -> None:
    server.on("GET", "/api/v1/", ok({"version": "0.1.0", "runner_url": None}))
    server.on("GET", "/v1/runs/run_1", ok(RUN))
    with connect(access_key=ACCESS_KEY, base_url=server.url) as client:
        assert client.runs.fetch(run_id="run_1").output == "Grüße 🌍"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://user:word@127.0.0.1:1", "127.0.0.1:80"])
def test_a_runner_url_that_is_none_gets_no_key(server: Server, connect: Connect, url: str) -> None:
    server.on("GET", "/api/v1/", ok({"version": "0.1.0", "runner_url": url}))
    with (
        connect(access_key=ACCESS_KEY, base_url=server.url) as client,
        pytest.raises(ConfigurationError, match="runner_url must look like"),
    ):
        client.runs.fetch(run_id="run_1")


def test_the_key_is_not_replaced_by_one_of_netrc(
    server: Server, client: Ductape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.on("GET", SHOP, ok(PRODUCT, Set_Cookie="tracking=1; Path=/"))
    client.product.fetch(tag="shop")
    client.product.fetch(tag="shop")
    assert {request.headers["Authorization"] for request in server.received} == {f"Bearer {ACCESS_KEY}"}
    assert "Cookie" not in server.received[1].headers


def test_a_proxy_of_the_environment_is_used(server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.removeprefix("http://"))
    monkeypatch.setenv("no_proxy", "direct.invalid")
    server.on("GET", f"http://far.invalid{SHOP}", ok(PRODUCT))
    with connect(access_key=ACCESS_KEY, base_url="http://far.invalid") as client:
        assert client.product.fetch(tag="shop").tag == "shop"
    with (
        connect(access_key=ACCESS_KEY, base_url="http://direct.invalid", max_retries=0) as client,
        pytest.raises(DuctapeConnectionError, match="is the server up"),
    ):
        client.product.fetch(tag="shop")


def test_anonymous_calls_stay_anonymous_with_a_netrc(
    server: Server, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.on("GET", "/api/v1/", ok({"runner_url": None}))
    server.on("GET", "/v1/runs/run_1", ok(RUN))
    with connect(access_key=ACCESS_KEY, base_url=server.url) as client:
        client.runs.fetch(run_id="run_1")
    assert "Authorization" not in server.received[0].headers


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    "fault",
    [
        error(401, "invalid_token", f"the token {ACCESS_KEY} is not known"),
        error(500, "broken", ACCESS_KEY, param=None),
        plain(ACCESS_KEY.encode(), 502),
        plain(b"", 302, Location=f"http://127.0.0.1:1/{ACCESS_KEY}"),
        hang_up,
    ],
)
def test_the_key_is_in_no_log_and_no_error(server: Server, client: Ductape, log: io.StringIO, fault: Answer) -> None:
    server.on("GET", SHOP, fault)
    with pytest.raises(DuctapeError) as raised:
        client.product.fetch(tag="shop")
    raised.value.__traceback__ = raised.tb.tb_next  # leave out this test's own variables
    shown = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert ACCESS_KEY not in shown + log.getvalue() + repr(raised.value)
    assert ACCESS_KEY.encode() not in pickle.dumps(raised.value)
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None
