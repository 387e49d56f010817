"""`make env`: writes `.env` from `.env.example`, and fills the empty ones of the secrets that docker-compose.yml wants.

What stands in `.env` is kept. Secrets that `make run` has made already are taken over, so that both read what either
landed. Runs on any Python 3 without installing anything: ``python3 -I src/fraud_stack/fill_env.py``.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _hex() -> str:
    return secrets.token_hex(32)


SECRETS: Mapping[str, Callable[[], str]] = {
    "FRAUD_CARD_KEYS": lambda: f"env1:{_hex()}",
    "FRAUD_LANDING_KEYS": _fernet_key,
    "FRAUD_DASHBOARD_DB_PASSWORD": _hex,
    "FRAUD_DASHBOARD_SIGNING_KEY": _hex,
    "FRAUD_AUDITOR_DB_PASSWORD": _hex,
    "AIRFLOW__CORE__FERNET_KEY": _fernet_key,
    "AIRFLOW__API__SECRET_KEY": _hex,
    "AIRFLOW__API_AUTH__JWT_SECRET": _hex,
    "DOCKER_FRAUD_DB_PASSWORD": _hex,
    "DOCKER_FRAUD_OWNER_PASSWORD": _hex,
    "DOCKER_FRAUD_WRITER_PASSWORD": _hex,
    "DOCKER_FRAUD_ALERTER_PASSWORD": _hex,
    "DOCKER_AIRFLOW_DB_PASSWORD": _hex,
    "DOCKER_AIRFLOW_METADATA_PASSWORD": _hex,
    "DOCKER_AIRFLOW_PASSWORD": lambda: secrets.token_hex(8),
}


def fill(folder: Path) -> list[str]:
    """Write ``folder/.env``, readable by its owner only; the names of the secrets that were filled in."""
    env = folder / ".env"
    text = (env if env.exists() else folder / ".env.example").read_text(encoding="utf-8")
    filled = [name for name in SECRETS if not _value(text, name)]
    for name in filled:
        text = _with(text, name, _value(_made_already(folder), name) or SECRETS[name]())
    fresh = env.with_name(".env.new")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, env)  # noqa: PTH105 - the same on every Python 3
    return filled


def _made_already(folder: Path) -> str:
    file = folder / ".data" / "local.env"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _value(text: str, name: str) -> str:
    found = re.search(rf"^{name}=['\"]?([^'\"\n]*)", text, re.MULTILINE)
    return found.group(1).strip() if found else ""


def _with(text: str, name: str, value: str) -> str:
    line = f"{name}={value}"
    changed, times = re.subn(rf"^{name}=.*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    return changed if times else f"{text.rstrip()}\n{line}\n"


if __name__ == "__main__":
    names = fill(Path.cwd())
    sys.stdout.write(f".env: filled {', '.join(names)}\n" if names else ".env: every secret is there already\n")
