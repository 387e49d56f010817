"""The mailbox of `make run`: mail-devel's SMTP server and web page, with its mails kept in a folder.

mail-devel keeps mails in memory only; a mail that was accepted must still be there after a restart.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from email import message_from_bytes
from email.message import Message
from itertools import count
from pathlib import Path
from typing import Any

LONGEST = 2000  # mails; older ones are dropped
_numbers = count()


class KeptMails:
    """One file a mail, named so that names sort by arrival."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, message: Message) -> None:
        """On disk when this returns."""
        path = self.folder / f"{time.time_ns():020}-{next(_numbers):04}.eml"
        with path.with_suffix(".new").open("wb") as file:
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
    """``python -m fraud_scorer.operations.stack.mailbox FOLDER [mail-devel's options]``."""
    from mail_devel import utils
    from mail_devel.service import Service

    folder, *options = argv
    arguments = Service.parse(options)
    utils.configure_logging("WARNING")
    asyncio.run(serve(arguments, KeptMails(Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1:])
