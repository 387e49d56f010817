"""Sends an answer's bytes, whole or with faults of the connection: slow, short, cut, endless."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from starlette.responses import Response

from payments_simulator.api.fault_plan import Fault

_TRANSPORT = "payments_simulator.transport"
_PIECE = 1 << 20
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


class KeepsTransport:
    """Wraps the application so that responses can get at their connection (uvicorn's), to cut it."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass the call on."""
        scope[_TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await self._app(scope, receive, send)


class WireResponse(Response):
    """An answer with its wire faults."""

    def __init__(
        self, body: bytes, status: int, content_type: str, headers: dict[str, str], faults: list[Fault]
    ) -> None:
        super().__init__(body, status, headers, media_type=content_type)
        self._faults = {fault.kind: fault.params for fault in faults}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the answer, damaged by its faults."""
        faults = self._faults
        if "slow_first_byte" in faults:
            await asyncio.sleep(float(faults["slow_first_byte"]["seconds"]))
        if "connection_cut" in faults:
            await self._cut(scope, send, str(faults["connection_cut"]["after"]))
        elif "short_body" in faults:
            await self._start(send, self.raw_headers)
            await self._send_body(send, bytes(self.body)[: int(len(self.body) * faults["short_body"]["share"])], True)
            await _end(scope, reset=False)
        elif "huge_body" in faults:
            await self._stream(send, int(faults["huge_body"]["megabytes"]))
        else:
            await self._start(send, self.raw_headers)
            await self._body_in_pieces(send, faults.get("slow_body"))

    async def _start(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})

    async def _send_body(self, send: Send, body: bytes, more: bool) -> None:
        await send({"type": "http.response.body", "body": body, "more_body": more})

    async def _body_in_pieces(self, send: Send, slow: dict[str, Any] | None) -> None:
        pieces = int(slow["pieces"]) if slow else 1
        for piece in _pieces(bytes(self.body), pieces):
            await self._send_body(send, piece, True)
            await asyncio.sleep(float(slow["seconds"]) / pieces if slow else 0)
        await self._send_body(send, b"", False)

    async def _stream(self, send: Send, megabytes: int) -> None:
        await self._start(send, [pair for pair in self.raw_headers if pair[0] != b"content-length"])
        for _ in range(megabytes):
            await self._send_body(send, b" " * _PIECE, True)
        await self._send_body(send, bytes(self.body), False)

    async def _cut(self, scope: Message, send: Send, after: str) -> None:
        if after != "nothing":
            await self._start(send, self.raw_headers)
            await self._send_body(send, b"" if after == "headers" else bytes(self.body)[: len(self.body) // 2], True)
            await asyncio.sleep(0.05)  # let it reach the socket: a reset throws away what waits
        await _end(scope, reset=True)


def _pieces(body: bytes, count: int) -> Iterator[bytes]:
    size = max(1, -(-len(body) // count))
    for first in range(0, len(body), size):
        yield body[first : first + size]


async def _end(scope: Message, *, reset: bool) -> None:
    """Close the connection (what was sent still arrives) or reset it, and wait until it is gone."""
    transport = scope[_TRANSPORT]
    if transport is None:
        raise RuntimeError("only uvicorn's connections can be cut")
    if reset:
        transport.abort()
    else:
        transport.close()
    await asyncio.sleep(0.02)
