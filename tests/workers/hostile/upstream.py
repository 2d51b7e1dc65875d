"""A hostile upstream: raw sockets on loopback, so that it can break what an HTTP library would not let it break."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.workers.hostile.shapes import Shape, shape

KEY = "hostile-canary-key-0123456789"
STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)
REDIRECTS = (301, 302, 303, 307, 308)
STEP_SECONDS = 0.02
"""Between two bytes of what trickles."""


@dataclass
class Peer:
    """Whoever calls, and what they would get from an honest server."""

    writer: asyncio.StreamWriter
    provider: str
    streamed: bool
    elsewhere: str
    """An address beyond this server, for redirects."""

    @property
    def shape(self) -> Shape:
        return shape(self.provider)

    async def head(self, status: int = 200, *headers: str, kind: str | None = None) -> None:
        kind = kind or ("text/event-stream" if self.streamed else "application/json")
        lines = [f"HTTP/1.1 {status} Hm", f"Content-Type: {kind}", "Transfer-Encoding: chunked", *headers]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, *pieces: bytes) -> None:
        await self.head()
        for piece in pieces:
            await self.chunk(piece)
        await self.end()

    def whole(self, said: Shape | None = None) -> list[bytes]:
        said = said or self.shape
        return said.stream if self.streamed else [said.plain]

    def half(self) -> list[bytes]:
        return self.shape.begins if self.streamed else [self.shape.plain[:-9]]


Mode = Callable[[Peer], Awaitable[None]]


@dataclass
class Upstream:
    """What was asked of it, and what it does."""

    provider: str
    mode: Mode
    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    """Heads of requests."""
    elsewhere: list[bytes] = field(default_factory=list)
    """What arrived where nobody should have been led."""
    _other_port: int = 0

    @property
    def ports(self) -> tuple[int, int]:
        return self.port, self._other_port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            body = await reader.readexactly(int(length.partition(b":")[2]))
            streamed = json.loads(body).get("stream") is True or b":streamGenerateContent" in head
            url = f"http://127.0.0.1:{self._other_port}/v1/{KEY}"
            await self.mode(Peer(writer, self.provider, streamed, url))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def record(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.elsewhere.append(await reader.read(65536))
        writer.close()


@asynccontextmanager
async def upstream(provider: str, mode: Mode) -> AsyncIterator[Upstream]:
    hostile = Upstream(provider, mode)
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(hostile.serve(reader, writer))
        tasks.add(task)
        writers.append(writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    other = await asyncio.start_server(hostile.record, "127.0.0.1", 0)
    hostile.port = server.sockets[0].getsockname()[1]
    hostile._other_port = other.sockets[0].getsockname()[1]
    try:
        yield hostile
    finally:
        for each in (server, other):
            each.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            # What nobody read would keep it open.
            writer.transport.abort()
        await asyncio.sleep(0)


def status(code: int) -> Mode:
    async def mode(peer: Peer) -> None:
        await peer.head(code, "Retry-After: 0", f"X-Echo: {KEY}", kind="application/json")
        await peer.chunk(json.dumps({"error": {"message": f"bad key {KEY}", "type": KEY, "code": KEY}}).encode())
        await peer.end()

    return mode


def redirect(code: int) -> Mode:
    async def mode(peer: Peer) -> None:
        await peer.send(f"HTTP/1.1 {code} Go\r\nLocation: {peer.elsewhere}\r\nContent-Length: 0\r\n\r\n".encode())

    return mode


async def _forever(peer: Peer, data: bytes, seconds: float = 0) -> None:
    while True:
        await peer.chunk(data)
        await asyncio.sleep(seconds)


async def honest(peer: Peer) -> None:
    await peer.answer(*peer.whole())


async def split_everywhere(peer: Peer) -> None:
    """Also within the bytes of one letter."""
    await peer.answer(*(bytes([byte]) for byte in b"".join(peer.whole())))


async def with_byte_order_mark(peer: Peer) -> None:
    """Which a stream of events may begin with; JSON may not."""
    mark = b"\xef\xbb\xbf" if peer.streamed else b""
    first, *rest = peer.whole()
    await peer.answer(mark + first, *rest)


async def with_carriage_returns(peer: Peer) -> None:
    await peer.answer(*(piece.replace(b"\n", b"\r\n") for piece in peer.whole()))


async def finished_twice(peer: Peer) -> None:
    await peer.answer(*peer.whole(), *(peer.shape.ends if peer.streamed else []))


async def hang_before_the_head(peer: Peer) -> None:
    await asyncio.sleep(60)


async def hang_after_the_head(peer: Peer) -> None:
    await peer.head()
    await asyncio.sleep(60)


async def hang_in_the_answer(peer: Peer) -> None:
    await peer.head()
    for piece in peer.half():
        await peer.chunk(piece)
    await asyncio.sleep(60)


async def trickled_head(peer: Peer) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" * 99:
        await peer.send(bytes([byte]))
        await asyncio.sleep(STEP_SECONDS)


async def trickled_body(peer: Peer) -> None:
    await peer.head()
    for byte in b"".join(peer.half()) * 99:
        await peer.chunk(bytes([byte]))
        await asyncio.sleep(STEP_SECONDS)


async def pings_only(peer: Peer) -> None:
    await peer.head()
    await _forever(peer, b": ping\n\n" if peer.streamed else b" ", STEP_SECONDS)


async def pings_then_end(peer: Peer) -> None:
    await peer.answer(*[b": ping\n\n" if peer.streamed else b" "] * 3)


async def ended_early(peer: Peer) -> None:
    await peer.answer(*peer.half())


async def cut(peer: Peer) -> None:
    await peer.head()
    for piece in peer.half():
        await peer.chunk(piece)
    peer.writer.transport.abort()


async def cut_by_length(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99999\r\n\r\n")
    await peer.send(b"".join(peer.half()))


async def cut_in_the_head(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-")


async def nothing(peer: Peer) -> None:
    await peer.answer()


async def no_http(peer: Peer) -> None:
    await peer.send(b"220 mail.example ESMTP\r\n")


async def html(peer: Peer) -> None:
    await peer.head(kind="text/html")
    await peer.chunk(b"<html>Sign in to your hotel's wireless network</html>")
    await peer.end()


async def bad_json(peer: Peer) -> None:
    await peer.answer(*peer.half(), b"data: {oops\n\n")


async def other_json(peer: Peer) -> None:
    values = ["[]", "7", '"text"', "null", '{"choices": {}}', '{"choices": [7]}', '{"candidates": "x", "type": 7}']
    await peer.answer(*(f"data: {value}\n\n".encode() if peer.streamed else value.encode() for value in values))


async def broken_letters(peer: Peer) -> None:
    await peer.answer(*peer.half(), b'data: {"\xff\xfe": 1}\n\n')


async def error_in_the_stream(peer: Peer) -> None:
    error = peer.shape.broken.replace(b"%KEY%", KEY.encode())
    await peer.answer(*(peer.half() if peer.streamed else []), error)


async def compressed(peer: Peer) -> None:
    """Though nobody asked for it."""
    await peer.head(200, "Content-Encoding: gzip")
    await peer.chunk(gzip.compress(b"".join(peer.whole())))
    await peer.end()


async def many_headers(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: x\r\n" % number for number in range(10_000)) + b"\r\n")
    await asyncio.sleep(60)


async def huge_header(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 1_000_000 + b"\r\n\r\n")
    await asyncio.sleep(60)


async def endless_head(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while True:
        await peer.send(b"x" * 65536)


async def endless_line(peer: Peer) -> None:
    await peer.head()
    await peer.chunk(b'data: "')
    await _forever(peer, b"x" * 65536)


async def endless_body(peer: Peer) -> None:
    await peer.head()
    piece = peer.shape.begins[-2] + b": " + b"x" * 4000 + b"\n\n"
    await _forever(peer, piece * 16 if peer.streamed else b" " * 65536)


async def gzip_bomb(peer: Peer) -> None:
    """300 MB in 300 KB."""
    await peer.head(200, "Content-Encoding: gzip")
    squeeze = zlib.compressobj(wbits=31)
    first, again = (squeeze.compress(b"0" * 1_000_000) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    await peer.chunk(first + again * 299)
    await peer.end()
