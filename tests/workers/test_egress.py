from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import nullcontext
from ipaddress import ip_address

import aiohttp
import pytest

from workers.models.egress import Egress, EgressRefused, parse_allowed, refusal


def words(text: str) -> list[str]:
    return text.split()


NOT_PUBLIC = words("""
    0.0.0.0 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.1.2.3 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
    192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255
    :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1
    64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1
    fd12:3456::1 fec0::1 ff02::1 4000::1
""")
NEVER = words("""
    169.254.169.254 169.254.170.2 169.254.170.23 169.254.0.1 100.100.100.200 168.63.129.16 192.0.0.192
    ::ffff:169.254.169.254 ::169.254.169.254 64:ff9b::169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b:1::a9fe:a9fe
    2002:a9fe:a9fe:: 2001:0:a9fe:a9fe:: ::ffff:0:169.254.169.254 fe80::1 fe80::1%eth0 fd00:ec2::254 fd20:ce::254
""")
PUBLIC = words("""
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1
    223.255.255.255 ::ffff:8.8.8.8 2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450::1
""")


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_refused_unless_exactly_that_is_allowed(address: str) -> None:
    assert refusal(address, 8080, frozenset()) == "not a public address"
    allowed = parse_allowed(f"[{address}]:8080")
    assert refusal(address, 8080, allowed) is None
    assert refusal(address, 8081, allowed) == "not a public address"


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_link_local_addresses_are_never_allowed(address: str) -> None:
    anyway = frozenset({(ip_address(address.partition("%")[0]), 80)})
    assert refusal(address, 80, anyway) == "a metadata or link-local address"
    with pytest.raises(ValueError, match="never allowed"):
        parse_allowed(f"[{address.partition('%')[0]}]:80")


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert refusal(address, 443, frozenset()) is None


@pytest.mark.parametrize("text", ["localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "①②⑦.0.0.1", ""])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert refusal(text, 80, frozenset()) == "not an IP address"


def test_an_allowed_address_is_the_same_in_its_mapped_form() -> None:
    assert refusal("::ffff:127.0.0.1", 8080, parse_allowed("127.0.0.1:8080")) is None
    assert refusal("127.0.0.1", 8080, parse_allowed("[::ffff:127.0.0.1]:8080")) is None


def test_the_list_of_allowed_addresses_is_read() -> None:
    assert parse_allowed("") == parse_allowed(" , ") == frozenset()
    allowed = parse_allowed("127.0.0.1:8080, [::1]:9,")
    assert allowed == {(ip_address("127.0.0.1"), 8080), (ip_address("::1"), 9)}


@pytest.mark.parametrize("entry", ["localhost:80", "127.0.0.1", "127.0.0.1:http", "127.0.0.0/8:80", "127.1:80", "*:80"])
def test_a_list_that_says_something_else_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"is not ip:port, such as 127\.0\.0\.1:8080"):
        parse_allowed(entry)


SPELLINGS = words("""
    127.0.0.1 127.1 0x7f000001 2130706433 0177.0.0.1 ①②⑦.0.0.1 localhost [::1] [::ffff:127.0.0.1] [::127.0.0.1] 0.0.0.0
""")


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_loopback_is_dialled(host: str) -> None:
    reached = []
    async with await asyncio.start_server(lambda *_: reached.append(1), "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        egress = Egress()
        with pytest.raises((aiohttp.ClientConnectorError, aiohttp.InvalidURL)) as refused:
            await egress.session().get(f"http://{host}:{port}/")
        await egress.close()
    if not isinstance(refused.value, (aiohttp.InvalidURL, aiohttp.ClientConnectorDNSError)):
        assert isinstance(refused.value, aiohttp.ClientConnectorError)
        assert isinstance(refused.value.os_error, EgressRefused)
    assert reached == []


async def test_a_name_that_changes_its_address_gets_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []

    def listen(address: str, port: int = 0) -> Awaitable[asyncio.Server]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reached.append(address)
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            writer.close()

        return asyncio.start_server(answer, address, port)

    def resolve(name: str, port: int, *_: object, **__: object) -> list[object]:
        assert name == "rebinding.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2", "127.0.0.1"]]
    async with await listen("127.0.0.1") as first:
        port = first.sockets[0].getsockname()[1]
        async with await listen("127.0.0.2", port):
            for refused in (False, True, False):
                egress = Egress(parse_allowed(f"127.0.0.1:{port}"))
                with pytest.raises(aiohttp.ClientConnectorError) if refused else nullcontext():
                    await egress.session().get(f"http://rebinding.example:{port}/")
                await egress.close()
    assert reached == ["127.0.0.1", "127.0.0.1"]


async def test_proxy_settings_do_not_lead_around_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = []
    async with await asyncio.start_server(lambda *_: reached.append(1), "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        egress = Egress(parse_allowed(f"127.0.0.1:{port}"))
        with pytest.raises(aiohttp.ClientConnectorError):
            await egress.session().get("http://10.0.0.1/")
        await egress.close()
    assert reached == []


def test_each_event_loop_has_its_session() -> None:
    egress = Egress()

    async def sessions() -> tuple[int, bool]:
        session = egress.session()
        same = session is egress.session()
        await egress.close()
        assert session.closed
        return id(session), same

    assert asyncio.run(sessions())[1]
    assert asyncio.run(sessions())[1]
