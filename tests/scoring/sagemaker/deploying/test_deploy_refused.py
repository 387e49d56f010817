"""Deployments that do not begin, or are taken back: models that would score otherwise, and what AWS refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from fraud_common.errors import ArtifactError, TerminalError
from fraud_scorer.scoring.sagemaker.deploying.deploy import Deployer
from fraud_scorer.scoring.sagemaker.deploying.parts import Plan

Front = Any  # conftest.Front
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
PLAN = Plan("fraud", ROLE)


@pytest.mark.parametrize(
    ("params", "says"),
    [({"base_score": 0.02}, r"base_score=0\.02"), ({"objective": "reg:squarederror"}, "reg:squarederror")],
)
def test_what_would_not_score_alike_is_refused(
    deployer: Deployer,
    aws: Front,
    tmp_path: Path,
    params: dict[str, object],
    says: str,
    write_artifacts: Callable[..., Path],
) -> None:
    """Older XGBoost loses the base score without a word; nothing is uploaded."""
    with pytest.raises(ArtifactError, match=says):
        deployer.deploy(PLAN, write_artifacts(tmp_path / "other", **params))
    assert aws.called == []


def test_an_altered_booster_is_refused(deployer: Deployer, aws: Front, old: Path, new: Path) -> None:
    """The manifest's hash is the model's identity; another file under it would go unnoticed."""
    (old / "model.ubj").write_bytes((new / "model.ubj").read_bytes())
    with pytest.raises(ArtifactError, match=r"model\.ubj is altered"):
        deployer.deploy(PLAN, old)
    assert aws.called == []


def test_an_endpoint_under_way_is_left_alone(deployer: Deployer, aws: Front, old: Path) -> None:
    """Two deployments at a time would fight."""
    deployer.deploy(PLAN, old)
    aws.statuses += ["Updating"]
    with pytest.raises(TerminalError, match="endpoint fraud is Updating"):
        deployer.deploy(PLAN, old)


def test_a_bucket_that_does_not_exist_is_one_clear_line(deployer: Deployer, old: Path) -> None:
    """A misspelt --bucket; nothing is made."""
    with pytest.raises(TerminalError, match=r"uploading model\.tar\.gz: AWS answered 404 \(NoSuchBucket\)"):
        deployer.deploy(Plan("fraud", ROLE, bucket="misspelt"), old)


def test_what_was_begun_is_taken_back(deployer: Deployer, session: boto3.session.Session, old: Path) -> None:
    """AWS refuses the model: the archive does not stay behind."""
    with pytest.raises(TerminalError, match="creating the model: AWS would not take this"):
        deployer.deploy(Plan("fraud", "no-arn"), old)
    s3 = session.client("s3")
    assert s3.list_objects_v2(Bucket="sagemaker-eu-central-1-123456789012")["KeyCount"] == 0


def test_a_missing_region_is_one_clear_line(aws: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is asked."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(TerminalError, match="no AWS region is set"):
        Deployer()


def test_missing_credentials_are_one_clear_line(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch, make_deployer: Callable[[], Deployer]
) -> None:
    """What is missing, and how it is given."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(TerminalError, match="no usable AWS credentials") as caught:
        make_deployer().state("fraud")
    assert "AWS_PROFILE" in caught.value.cure


@pytest.fixture
def make_deployer() -> Callable[[], Deployer]:
    """A deployer of the moment's settings."""
    return Deployer
