"""The parts of a deployment: the archive in S3, the model and the endpoint configuration, under one name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from fraud_common.errors import TerminalError
from fraud_scorer.scoring.sagemaker.deploying.archive import ModelArchive
from fraud_scorer.scoring.sagemaker.deploying.images import xgboost_image
from fraud_scorer.scoring.sagemaker.errors import sentences
from fraud_scorer.scoring.sagemaker.variant import variant_name

HASH_ENVIRONMENT = "MODEL_HASH"
MAX_NAME = 63


@dataclass(frozen=True)
class Plan:
    """What to deploy on. Empty means: AWS's own XGBoost container; the account's SageMaker bucket."""

    endpoint: str
    role: str  # the ARN the container runs under: it may read the bucket and write its log
    image: str = ""
    bucket: str = ""
    prefix: str = "fraud-scorer"
    instance_type: str = "ml.m5.large"
    instances: int = 1
    serverless_memory_mb: int | None = None  # instead of instances

    def variant(self, model_name: str, model_hash: str) -> dict[str, object]:
        """The endpoint configuration's one production variant."""
        common: dict[str, object] = {"VariantName": variant_name(model_hash), "ModelName": model_name}
        if self.serverless_memory_mb is not None:
            return common | {"ServerlessConfig": {"MemorySizeInMB": self.serverless_memory_mb, "MaxConcurrency": 5}}
        size = {"InstanceType": self.instance_type, "InitialInstanceCount": self.instances}
        return common | size | {"InitialVariantWeight": 1.0}


class Parts:
    """Makes and removes them with boto3's clients of ``session``; boto3's errors come out as TerminalError."""

    def __init__(self, session: boto3.session.Session, sagemaker: Any) -> None:
        self._session = session
        self._sagemaker = sagemaker

    def make(self, plan: Plan, name: str, archive: ModelArchive) -> str:
        """Upload the archive, create model and configuration ``name``; the archive's address."""
        with told("uploading model.tar.gz"):
            address = self._upload(plan, name, archive.content)
        try:
            self._create(plan, name, archive.model_hash, address)
        except TerminalError:
            with told("deleting model.tar.gz"):
                self._delete_archive(address)
            raise
        return address

    def _create(self, plan: Plan, name: str, model_hash: str, address: str) -> None:
        tags = [{"Key": "fraud-scorer:model-hash", "Value": model_hash}]
        with told("creating the model"):
            image = plan.image or xgboost_image(self._sagemaker.meta.region_name)
            container = {"Image": image, "ModelDataUrl": address, "Environment": {HASH_ENVIRONMENT: model_hash}}
            self._sagemaker.create_model(
                ModelName=name, PrimaryContainer=container, ExecutionRoleArn=plan.role, Tags=tags
            )
        with told("creating the endpoint configuration"):
            variant = plan.variant(name, model_hash)
            self._sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], Tags=tags)

    def _upload(self, plan: Plan, name: str, content: bytes) -> str:
        store, region = self._session.client("s3"), self._sagemaker.meta.region_name
        bucket = plan.bucket
        if not bucket:
            account = self._session.client("sts").get_caller_identity()["Account"]
            bucket = f"sagemaker-{region}-{account}"
            _make_bucket(store, bucket, region)
        key = f"{plan.prefix.strip('/')}/{name}/model.tar.gz".lstrip("/")
        store.put_object(Bucket=bucket, Key=key, Body=content)
        return f"s3://{bucket}/{key}"

    def names(self, endpoint: str) -> Iterator[str]:
        """Configurations whose names our deployments of this endpoint gave them, newest or not."""
        any_time = datetime.fromtimestamp(0, UTC)
        stem = part_name(endpoint, "", any_time).removesuffix(_tail("", any_time))
        ours = re.compile(re.escape(stem) + r"-[0-9a-f]{12}-[0-9]{14}")
        with told("listing the configurations"):
            pages = self._sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=stem)
            found = [entry["EndpointConfigName"] for page in pages for entry in page["EndpointConfigs"]]
        return (name for name in sorted(found) if ours.fullmatch(name))

    def remove(self, name: str) -> None:
        """Delete what one deployment made; what is not there is no fault."""
        with told("deleting a deployment's parts"):
            try:
                container = self._sagemaker.describe_model(ModelName=name)["PrimaryContainer"]
                self._delete_archive(container["ModelDataUrl"])
                self._sagemaker.delete_model(ModelName=name)
            except ClientError as error:
                if not is_missing(error):
                    raise
            try:
                self._sagemaker.delete_endpoint_config(EndpointConfigName=name)
            except ClientError as error:
                if not is_missing(error):
                    raise

    def _delete_archive(self, address: str) -> None:
        bucket, _, key = address.removeprefix("s3://").partition("/")
        self._session.client("s3").delete_object(Bucket=bucket, Key=key)


def part_name(endpoint: str, model_hash: str, at: datetime) -> str:
    """What a deployment's parts are called: at most 63 characters.

    >>> part_name("fraud", "9f86d081884c7d65", datetime(2026, 11, 20, 10, 31))
    'fraud-9f86d081884c-20261120103100'
    """
    tail = _tail(model_hash, at)
    return endpoint[: MAX_NAME - len(tail)].rstrip("-") + tail


def _tail(model_hash: str, at: datetime) -> str:
    return f"-{model_hash[:12]:0<12}-{at:%Y%m%d%H%M%S}"


def _make_bucket(store: Any, bucket: str, region: str) -> None:
    """Make SageMaker's usual bucket if the account has not got it yet."""
    try:
        store.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        store.create_bucket(Bucket=bucket, **where)


def is_missing(error: ClientError) -> bool:
    """Whether AWS says that what was asked for does not exist."""
    message = error.response["Error"].get("Message", "")
    return error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound") and (
        "ould not find" in message or "oes not exist" in message
    )


@contextmanager
def told(doing: str) -> Iterator[None]:
    """boto3's errors as one clear line of ours."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        what, cure = sentences(error, "AWS")
        raise TerminalError(f"{doing}: {what}", cure) from error
