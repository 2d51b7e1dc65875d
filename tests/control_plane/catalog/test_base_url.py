"""What is refused as a base URL at once. What a name stands for is judged when it is dialled: tests/workers."""

from __future__ import annotations

from typing import Any

import pytest

from control_plane.api.errors import ApiError
from control_plane.catalog.base_url import check_base_url


def words(text: str) -> list[str]:
    return text.split()


CLOSED = words("""
    http://127.0.0.1 http://127.0.0.1:8080/v1 http://127.1 http://127.0.1 http://0x7f000001 http://0x7f.1 http://2130706433
    http://0177.0.0.1 http://017700000001 http://0 http://0.0.0.0 http://10.0.0.1 http://192.168.1.1 http://172.16.0.1
    http://100.64.0.1 http://169.254.169.254 http://0xa9fea9fe http://2852039166 http://0251.0376.0251.0376
    http://169.254.43518 http://100.100.100.200 http://168.63.129.16 http://192.0.0.192 http://224.0.0.1
    http://255.255.255.255 http://[::1] http://[::] http://[::127.0.0.1] http://[::ffff:127.0.0.1] http://[::ffff:7f00:1]
    http://[fe80::1] http://[fd00:ec2::254] http://[fc00::1] http://[ff02::1] http://[64:ff9b::7f00:1]
    http://[64:ff9b::169.254.169.254] http://[64:ff9b:1::a9fe:a9fe] http://[2002:7f00:1::] http://[2001:0:7f00:1::]
""")
MALFORMED = words("""
    ftp://api.example gopher://api.example file:///etc/passwd api.example http://:80 https://user:pw@api.example
    https://user@api.example https://@api.example http://api.example?key=1 http://api.example#x http://api.example:99999
    http://api.example:0 http://①②⑦.0.0.1 http://127。0。0。1 http://%31%32%37.0.0.1 http://api.example\\@127.0.0.1
    http://[fe80::1%25eth0] http://[::1 http://api..example http://127.0.0.1. http://api.example%00.evil.example
    http://[v1.x]
""")
FINE = words("""
    https://api.example/v1 http://localhost:8080 https://API.example:8443/a/b/ http://1.1.1.1 http://[2606:4700:4700::1111]
    https://my_host-1.internal
""")


def refusal(url: str) -> str:
    with pytest.raises(ApiError) as raised:
        check_base_url(url)
    assert (raised.value.status, raised.value.code, raised.value.param) == (422, "invalid_argument", "base_url")
    return raised.value.message


@pytest.mark.parametrize("url", CLOSED)
def test_no_spelling_of_an_address_that_is_not_public_is_taken(url: str) -> None:
    assert "DUCTAPE_EGRESS_ALLOW" in refusal(url)


@pytest.mark.parametrize("url", MALFORMED)
def test_what_readers_of_urls_could_disagree_about_is_refused(url: str) -> None:
    assert url not in refusal(url)


@pytest.mark.parametrize("url", FINE)
def test_names_and_public_addresses_are_taken(url: str) -> None:
    check_base_url(url)


def test_the_operator_opens_one_address_and_port(settings: Any) -> None:
    settings.EGRESS_ALLOW = "127.0.0.1:8080"
    check_base_url("http://127.0.0.1:8080/v1")
    check_base_url("http://127.1:8080/v1")
    refusal("http://127.0.0.1:8081/v1")


@pytest.mark.parametrize("url", ["http://169.254.169.254", "http://0xa9fea9fe"])
def test_creating_and_changing_a_model_both_look(gpt: dict[str, Any], seal: Any, alice: Any, url: str) -> None:
    env = {**seal("some-key-0123456789-aaaa", base_url=url), "base_url": url}
    body = {"tag": "x", "name": "X", "provider": "custom", "model": "m", "envs": [{"slug": "dev", "base_url": url}]}

    assert alice.post("products/shop/models", body).json()["error"]["param"] == "base_url"
    assert alice.patch("products/shop/models/gpt", {"envs": [env]}).json()["error"]["param"] == "base_url"
