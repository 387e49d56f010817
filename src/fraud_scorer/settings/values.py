"""What a setting's value must be, beyond its type. Each refusal is a sentence that never echoes what may be secret."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from fraud_common.key_strength import MAKE_CARD_KEY, MAKE_LANDING_KEY, weakness
from fraud_common.time_zones import zone_named


def _zone(name: str) -> str:
    zone_named(name)
    return name


def _database_url(url: SecretStr) -> SecretStr:
    from sqlalchemy.engine import make_url  # 0.1 s: only where a database is named
    from sqlalchemy.exc import ArgumentError

    if not url.get_secret_value().startswith("postgresql+psycopg2://"):
        raise ValueError("must start with postgresql+psycopg2://")
    try:
        port = make_url(url.get_secret_value()).port
    except (ArgumentError, ValueError):  # they quote a part of it, which may be the password
        port = 0
    if port is not None and not 0 < port < 65536:
        raise ValueError(
            "is no address: write postgresql+psycopg2://USER:PASSWORD@HOST:PORT/DATABASE, the port as a number, "
            "and : / @ % in a password as %3A %2F %40 %25"
        )
    return url


def _no_or_database_url(url: SecretStr) -> SecretStr:
    return _database_url(url) if url.get_secret_value() else url


def _key_list(cure: str) -> AfterValidator:
    """Refuses a list whose first key, which encrypts, is guessed; the others only read what older ones wrote."""

    def check(keys: SecretStr) -> SecretStr:
        first = keys.get_secret_value().partition(",")[0].strip().rpartition(":")[2]
        if first and (reason := weakness(first)):
            raise ValueError(
                f"its first key is {reason}, soon guessed. {cure}, and put it before the old one, which "
                "stays: it reads what it wrote"
            )
        return keys

    return AfterValidator(check)


def _folder_or_bucket(text: str) -> str:
    if "://" not in text:
        return text
    bucket, _, prefix = text.removeprefix("s3://").partition("/")
    if not text.startswith("s3://") or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise ValueError("must be a folder, or s3://bucket/prefix, the bucket in small letters, digits, . and -")
    if sign := re.search(r"[^\w!.*'()/=+@:,;-]", prefix, re.ASCII):  # what S3 and stores like it take as it is
        raise ValueError(f"the prefix holds {sign.group()!r}: letters, digits and !-_.*'()/=+@:,; may stand in it")
    return text


ZoneName = Annotated[str, AfterValidator(_zone)]
Seconds = Annotated[float, Field(gt=0)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
NoOrDatabaseUrl = Annotated[SecretStr, AfterValidator(_no_or_database_url)]
LandingKeys = Annotated[SecretStr, _key_list(MAKE_LANDING_KEY)]
CardKeys = Annotated[SecretStr, _key_list(MAKE_CARD_KEY)]
FolderOrBucket = Annotated[str, AfterValidator(_folder_or_bucket)]
