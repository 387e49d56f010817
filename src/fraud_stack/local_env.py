"""`<data>/local.env`: secrets made once and kept, addresses written anew at each start.

The settings read `.data/local.env` by themselves, so every command of the checkout finds the running stack.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from dotenv import dotenv_values

from fraud_scorer.settings import KEY_LISTS, OTHER_LOGINS, joined_keys
from fraud_stack.options import ENDPOINT_NAME, StackOptions

HEAD = """\
# Written by `make run`. The secrets were made on the first start and are kept: without FRAUD_LANDING_KEYS the landed
# bytes cannot be read any more. What stands in .env or in the environment goes first.
"""


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


SECRETS: Mapping[str, Callable[[], str]] = {
    "FRAUD_CARD_KEYS": lambda: f"local1:{secrets.token_hex(32)}",
    "FRAUD_LANDING_KEYS": _fernet_key,
    "FRAUD_DASHBOARD_DB_PASSWORD": lambda: secrets.token_urlsafe(24),
    "FRAUD_DASHBOARD_SIGNING_KEY": lambda: secrets.token_hex(32),
    "FRAUD_AUDITOR_DB_PASSWORD": lambda: secrets.token_urlsafe(24),
    "STACK_FRAUD_OWNER_PASSWORD": lambda: secrets.token_urlsafe(24),
    "STACK_FRAUD_WRITER_PASSWORD": lambda: secrets.token_urlsafe(24),
    "STACK_FRAUD_ALERTER_PASSWORD": lambda: secrets.token_urlsafe(24),
    "STACK_AIRFLOW_METADATA_PASSWORD": lambda: secrets.token_urlsafe(24),
    "STACK_FRAUD_DB_PASSWORD": lambda: secrets.token_urlsafe(24),  # of the servers' superusers: used at start alone
    "STACK_AIRFLOW_DB_PASSWORD": lambda: secrets.token_urlsafe(24),
    "STACK_AIRFLOW_PASSWORD": lambda: secrets.token_urlsafe(9),
    "STACK_MAILBOX_PASSWORD": lambda: secrets.token_urlsafe(9),
    "AIRFLOW__CORE__FERNET_KEY": _fernet_key,
    "AIRFLOW__API__SECRET_KEY": lambda: secrets.token_hex(32),
    "AIRFLOW__API_AUTH__JWT_SECRET": lambda: secrets.token_hex(32),
}


def write_local_env(options: StackOptions) -> dict[str, str]:
    """Every value of the file, which is readable by its owner only and replaced in one move."""
    path = options.data_dir / "local.env"
    before = {name: value for name, value in dotenv_values(path, interpolate=False).items() if value}
    kept = {name: before.get(name) or make() for name, make in SECRETS.items()}
    values = kept | _addresses(options, kept)
    write_private(path, HEAD + "".join(f"{name}='{value}'\n" for name, value in sorted(values.items())))
    return values


def write_private(path: Path, text: str) -> None:
    """A file that only its owner can read, replaced in one move: never half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.touch(mode=0o600)
    with fresh.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _addresses(options: StackOptions, kept: Mapping[str, str]) -> dict[str, str]:
    port = options.ports
    api = f"http://127.0.0.1:{port['payments']}/current-transactions?start={{start}}&end={{end}}"
    logins = {
        role: f"postgresql+psycopg2://fraud_{role}:{kept[f'STACK_FRAUD_{role.upper()}_PASSWORD']}"
        f"@127.0.0.1:{port['fraud-db']}/fraud_db"
        for role in ("owner", "writer", "alerter")
    }
    return {
        "STACK_PORTS": ",".join(f"{name}={number}" for name, number in port.items()),
        "PAYMENTS_API_URL": api,
        "FRAUD_DB_URL": logins["writer"],
        "FRAUD_DB_OWNER_URL": logins["owner"],
        "FRAUD_DB_ALERTER_URL": logins["alerter"],
        "FRAUD_DATA_DIR": str(options.data_dir),
        "FRAUD_ARTIFACTS": str(options.checkout / "model" / "artifacts"),
        "SCORER": options.scorer,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(port["smtp"]),
        "DASHBOARD_URL": f"http://127.0.0.1:{port['dashboard']}",
        **(_endpoint(port["endpoint"]) if options.endpoint and "endpoint" not in options.without else {}),
    }


def _endpoint(port: int) -> dict[str, str]:
    """The settings by which boto3 speaks to the local twin; the twin checks no credentials, but boto3 wants some."""
    return {
        "SAGEMAKER_ENDPOINT": ENDPOINT_NAME,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def in_force(kept: Mapping[str, str], checkout: Path) -> dict[str, str]:
    """``local.env``'s values with the user's own on top.

    Keys of the user's go first and encrypt; those of ``local.env`` stay behind them, so that what was landed under them
    can still be read. With a database of the user's own, the logins to ours have no meaning.
    """
    chosen = chosen_by_the_user(checkout)
    keys = {
        name.upper(): joined_keys(chosen[name.upper()], kept[name.upper()])
        for name in KEY_LISTS
        if name.upper() in chosen
    }
    others = (
        {name: "" for name in map(str.upper, OTHER_LOGINS) if name not in chosen} if "FRAUD_DB_URL" in chosen else {}
    )
    return {**kept, **others, **chosen, **keys}


def chosen_by_the_user(checkout: Path) -> dict[str, str]:
    """The values in ``.env`` or in the environment: they go before the values that this stack would choose."""
    in_file = {name: value for name, value in dotenv_values(checkout / ".env", interpolate=False).items() if value}
    return in_file | {name: value for name, value in os.environ.items() if value}
