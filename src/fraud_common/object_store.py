"""A prefix of an S3 bucket (or of a store that speaks S3): few calls, each in bounded time, errors with their cure.

Credentials, region and address are found by boto3's own chain: ``AWS_ENDPOINT_URL_S3`` names another store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError, ParamValidationError
from urllib3.exceptions import HTTPError

from fraud_common.aws_errors import (
    CREDENTIALS_CURE,
    EXPIRED,
    FAILURES,
    FORBIDDEN,
    MISSING_CREDENTIALS,
    REFUSED,
    code_of,
    describe_aws_error,
)
from fraud_common.errors import FraudScorerError, SettingsError, TransientError

CONNECT_SECONDS, READ_SECONDS = 2.0, 5.0  # one call's limits; a failed one is left to the next run
AT_ONCE = 16  # calls that may be under way together
KEYS_A_CALL = 1000  # S3's limit for one delete
MISSING = frozenset({"NoSuchKey", "404"})
THERE_ALREADY = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
OTHER_REGION = frozenset({"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"})
UNKNOWN_KEYS = REFUSED | {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"}
RIGHTS = "Allow s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix"


def s3_client(connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS) -> Any:
    """boto3's S3 client, without retries in it."""
    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=AT_ONCE,
    )
    # a session of its own: the default one keeps the first credentials it saw, and is not for threads
    return boto3.session.Session().client("s3", config=config)


class Bucket:
    """Everything below ``address`` (``s3://bucket/prefix``); keys are given without the prefix.

    Every method raises SettingsError where someone has to act (no such bucket, no rights, no credentials), and
    TransientError where the store is away, slow or busy.
    """

    def __init__(self, address: str, connect: Callable[[], Any] = s3_client) -> None:
        self._bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._connect = connect
        self.address = f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    @cached_property
    def _client(self) -> Any:
        return self._connect()

    def get(self, key: str) -> bytes | None:
        """The object's content, None if there is no such object."""
        with self._told():
            try:
                content: bytes = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
        return content

    def put(self, key: str, content: bytes) -> None:
        """Write or replace the object: it is there as a whole, and durable, when this returns."""
        with self._told():
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content)

    def put_once(self, key: str, content: bytes) -> bool:
        """Write the object if there is none; of several writers at once, one is given True."""
        with self._told():
            try:
                self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=content, IfNoneMatch="*")
            except ClientError as error:
                if code_of(error) in THERE_ALREADY:
                    return False
                raise
        return True

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with ``prefix``, sorted; without the empty objects that consoles make of folders."""
        with self._told():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            found = [one["Key"].removeprefix(self._prefix) for page in pages for one in page.get("Contents", ())]
        return [key for key in found if not key.endswith("/")]

    def folders(self, prefix: str) -> list[str]:
        """The names between ``prefix`` and the next slash, sorted."""
        with self._told():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix, Delimiter="/"
            )
            found = [one["Prefix"].removeprefix(self._prefix + prefix) for page in pages
                     for one in page.get("CommonPrefixes", ())]  # fmt: skip
        return [name.rstrip("/") for name in found]

    def delete(self, keys: Sequence[str]) -> None:
        """Delete these; one that is not there is as good as deleted."""
        for start in range(0, len(keys), KEYS_A_CALL):
            names = [{"Key": self._prefix + key} for key in keys[start : start + KEYS_A_CALL]]
            with self._told():
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": names, "Quiet": True})
                for fault in answer.get("Errors", ()):
                    raise ClientError({"Error": fault, "ResponseMetadata": {"HTTPStatusCode": 200}}, "DeleteObjects")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (*FAILURES, HTTPError, ValueError) as error:  # ValueError: an address that is none
            raise self._explained(error) from None

    def _explained(self, error: Exception) -> FraudScorerError:
        what, cure = describe_aws_error(error, self.address)
        code = code_of(error) if isinstance(error, ClientError) else ""
        if code == "NoSuchBucket":
            return SettingsError(f"there is no bucket {self._bucket}", "Make it, or mend FRAUD_LANDING")
        if code in FORBIDDEN:
            return SettingsError(f"AWS forbids this on {self.address}", RIGHTS)
        if code in OTHER_REGION:
            return SettingsError(f"{self.address} is in another region", "Set AWS_DEFAULT_REGION to the bucket's")
        if code in UNKNOWN_KEYS:
            return SettingsError(f"{self.address} does not know these credentials ({code})", CREDENTIALS_CURE)
        if code in EXPIRED or isinstance(error, (*MISSING_CREDENTIALS, NoRegionError, ParamValidationError)):
            return SettingsError(what, cure or "Mend FRAUD_LANDING")
        if isinstance(error, ValueError):
            return SettingsError(what, "Mend AWS_ENDPOINT_URL_S3")
        return TransientError(what, "The next run tries again; `fraud-scorer check` tells how it is")
