"""Files that only their owner can read: mails, logs, payments with the numbers of their cards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from fraud_stack.server_user import data_folder, server_user

UMASK = 0o077
# PostgreSQL's own: its server keeps them, as root under another user
NOT_OURS = ("fraud-db", "airflow-db", "postgres-programs-")


@contextmanager
def private_files() -> Iterator[None]:
    """While this lasts, files of this process and of those it starts are 0600, folders 0700."""
    before = os.umask(UMASK)
    try:
        yield
    finally:
        os.umask(before)


def open_private(path: Path, mode: Literal["ab", "wb"]) -> BinaryIO:
    """Open to write; a new file is its owner's alone, whatever the umask."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))


def make_private(data_dir: Path) -> None:
    """Take from everybody else what an earlier release wrote into ``data_dir`` for all to read.

    Started by root with PostgreSQL's files inside, the folder itself stays passable (0711), not listable.
    """
    shared = server_user() is not None and data_folder(data_dir) == data_dir.absolute()
    data_dir.chmod(0o711 if shared else 0o700)
    for entry in data_dir.iterdir():
        if not entry.name.startswith(NOT_OURS):
            _close(entry)


def _close(path: Path) -> None:
    """Take the rights of others away; symbolic links are left alone, for their targets may be anybody's."""
    found = path.lstat()
    if path.is_symlink() or found.st_uid != os.geteuid():
        return
    if found.st_mode & UMASK:
        path.chmod(found.st_mode & 0o700)
    if path.is_dir():
        for entry in path.iterdir():
            _close(entry)
