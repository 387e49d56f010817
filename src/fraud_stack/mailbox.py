"""The mailbox of `make run`: mail-devel's SMTP server and web page, with its mails kept in a folder.

mail-devel keeps mails in memory only; a mail that was accepted must still be there after a restart. Its page asks
nobody who they are: only pages of its own, under a loopback name, may open it. Its password comes as MAIL_PASSWORD in
the environment, for every user of the machine can read a command line.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.message import Message
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from fraud_stack.private_files import open_private

LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
LONGEST = 2000  # mails; older ones are dropped
_numbers = count()


class KeptMails:
    """One file a mail, named so that names sort by arrival."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, message: Message) -> None:
        """On disk when this returns."""
        path = self.folder / f"{time.time_ns():020}-{next(_numbers):04}.eml"
        with open_private(path.with_suffix(".new"), "wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        path.with_suffix(".new").rename(path)

    def all(self) -> list[Message]:
        """What was kept, oldest first; the oldest beyond `LONGEST` are removed."""
        paths = sorted(self.folder.glob("*.eml"))
        for path in paths[:-LONGEST]:
            path.unlink()
        return [message_from_bytes(path.read_bytes()) for path in paths[-LONGEST:]]


def refusal(headers: Mapping[str, str]) -> str:
    """Why a request to the page is refused: by a name that DNS may point anywhere, or another site's page."""
    host = headers.get("Host", "").lower()
    if re.sub(r":\d+$", "", host) not in LOOPBACK:
        return "The mailbox answers as 127.0.0.1 or localhost only.\n"
    origin = headers.get("Origin")
    return "" if origin is None or urlsplit(origin).netloc.lower() == host else "Another site's page asked for this.\n"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer only what `refusal` lets pass; no other page may frame ours."""
    if why := refusal(request.headers):
        return web.Response(status=403, text=why)
    return await handler(request)


async def forbid_framing(_: web.Request, response: web.StreamResponse) -> None:
    """The headers of each answer."""
    response.headers.update({"X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'"})


def guard_pages() -> None:
    """Put `guard` before the web application that mail-devel makes as it starts."""
    from mail_devel import http

    run_app = http.run_app

    async def run_guarded(api: web.Application, **more: Any) -> web.AppRunner:
        api.middlewares.append(guard)
        api.on_response_prepare.append(forbid_framing)
        running: web.AppRunner = await run_app(api, **more)
        return running

    http.run_app = run_guarded


async def serve(arguments: Namespace, kept: KeptMails) -> None:
    """Serve until told to end."""
    from mail_devel.service import Service

    service = await Service.init(arguments)
    mailboxes = service.mailboxes
    in_memory = mailboxes.append
    for message in kept.all():
        await in_memory(message, flags=frozenset())

    async def append(message: Message, **more: Any) -> None:
        kept.keep(message)
        await in_memory(message, **more)

    mailboxes.append = append
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with service.start():
        await ended.wait()


def main(argv: Sequence[str]) -> None:
    """``python -m fraud_stack.mailbox FOLDER [mail-devel's options]``."""
    from mail_devel import utils
    from mail_devel.service import Service

    folder, *options = argv
    arguments = Service.parse(options)
    utils.configure_logging("WARNING")
    guard_pages()
    asyncio.run(serve(arguments, KeptMails(Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1:])
