"""Deployments against moto's server over real HTTP: boto3, signed requests, S3, STS and SageMaker's own calls."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import boto3
import pytest

from fraud_common.errors import EndpointUnavailable, TerminalError
from fraud_scorer.scoring.sagemaker.deploying.deploy import Deployer, EndpointState
from fraud_scorer.scoring.sagemaker.deploying.parts import Plan
from fraud_scorer.scoring.sagemaker.variant import variant_name

Front = Any  # conftest.Front
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
PLAN = Plan("fraud", ROLE)


def hash_of(folder: Path) -> str:
    """The model's hash."""
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def test_a_first_deployment_makes_everything(
    deployer: Deployer, session: boto3.session.Session, aws: Front, old: Path, reports: list[str]
) -> None:
    """Bucket, archive, model, configuration, endpoint; the variant carries the manifest's hash."""
    aws.statuses += ["Creating", "Creating"]
    state = deployer.deploy(PLAN, old)
    assert (state.status, state.variant) == ("InService", variant_name(hash_of(old)))
    assert state.serves(hash_of(old))
    sagemaker = session.client("sagemaker")
    model = sagemaker.describe_model(ModelName=state.configuration)
    assert model["PrimaryContainer"]["Image"] == (
        "492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-xgboost:3.0-5"
    )
    assert model["PrimaryContainer"]["Environment"] == {"MODEL_HASH": hash_of(old)}
    assert model["PrimaryContainer"]["ModelDataUrl"] == (
        f"s3://sagemaker-eu-central-1-123456789012/fraud-scorer/{state.configuration}/model.tar.gz"
    )
    assert any("Creating, 10 s" in report for report in reports)


def test_the_archive_holds_the_booster_and_nothing_else(
    deployer: Deployer, session: boto3.session.Session, old: Path
) -> None:
    """AWS's container loads every file it finds, and dies of a manifest."""
    name = deployer.deploy(PLAN, old).configuration
    s3 = session.client("s3")
    key = f"fraud-scorer/{name}/model.tar.gz"
    content = s3.get_object(Bucket="sagemaker-eu-central-1-123456789012", Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        assert tar.getnames() == ["model.ubj"]
        booster = tar.extractfile("model.ubj")
        assert booster is not None
        assert booster.read() == (old / "model.ubj").read_bytes()


def test_a_second_deployment_updates_in_place(deployer: Deployer, aws: Front, old: Path, new: Path) -> None:
    """The endpoint keeps its name and takes the new configuration; nothing is deleted before."""
    deployer.deploy(PLAN, old)
    aws.called.clear()
    state = deployer.deploy(PLAN, new)
    assert state.serves(hash_of(new))
    assert "UpdateEndpoint" in aws.called
    assert not {"CreateEndpoint", "DeleteEndpoint"} & set(aws.called)


def test_a_failed_update_says_why_and_leaves_the_old_one(
    deployer: Deployer, session: boto3.session.Session, aws: Front, old: Path, new: Path
) -> None:
    """AWS goes back to the old fleet by itself; the new parts are taken away."""
    first = deployer.deploy(PLAN, old)
    aws.update_fails = "The primary container did not pass the ping health check"
    with pytest.raises(TerminalError, match=f"ping health check; {first.variant} serves on"):
        deployer.deploy(PLAN, new)
    assert deployer.state("fraud").serves(hash_of(old))
    models = session.client("sagemaker").list_models()["Models"]
    assert [model["ModelName"] for model in models] == [first.configuration]


def test_a_failed_first_deployment_says_why_and_the_next_starts_anew(
    deployer: Deployer, aws: Front, old: Path, reports: list[str]
) -> None:
    """A failed endpoint can only be deleted; the next deployment does."""
    aws.create_fails = "No capacity"
    with pytest.raises(TerminalError, match="No capacity"):
        deployer.deploy(PLAN, old)
    assert deployer.state("fraud").status == "Failed"
    aws.statuses += ["Failed"]
    aws.create_fails = ""
    assert deployer.deploy(PLAN, old).status == "InService"
    assert any("is made anew" in report for report in reports)


def test_a_model_that_answers_otherwise_is_turned_back(deployer: Deployer, old: Path, new: Path) -> None:
    """``verify`` asks the new endpoint; what it raises brings the old model back."""
    deployer.deploy(PLAN, old)

    def verify() -> None:
        raise EndpointUnavailable("scores differ by 0.3")

    with pytest.raises(TerminalError, match=r"scores differ by 0\.3; model-\w+ serves again"):
        deployer.deploy(PLAN, new, verify=verify)
    assert deployer.state("fraud").serves(hash_of(old))


def test_a_first_model_that_answers_otherwise_is_taken_down(
    deployer: Deployer, session: boto3.session.Session, old: Path
) -> None:
    """There is nothing to turn back to."""

    def verify() -> None:
        raise EndpointUnavailable("scores differ by 0.3")

    with pytest.raises(TerminalError, match="is taken down again"):
        deployer.deploy(PLAN, old, verify=verify)
    assert deployer.state("fraud") == EndpointState("fraud")
    assert session.client("sagemaker").list_models()["Models"] == []


def test_delete_takes_everything_away_and_nothing_else(
    deployer: Deployer, session: boto3.session.Session, old: Path, new: Path
) -> None:
    """Endpoint, every deployment's model, configuration and archive; another endpoint's parts stay."""
    deployer.deploy(PLAN, old)
    deployer.deploy(PLAN, new)
    other = deployer.deploy(Plan("fraud-eu", ROLE), new)
    removed = deployer.delete("fraud")
    assert removed[0] == "fraud"
    assert len(removed) == 3
    assert deployer.state("fraud").status == ""
    assert [model["ModelName"] for model in session.client("sagemaker").list_models()["Models"]] == [
        other.configuration
    ]
    stored = session.client("s3").list_objects_v2(Bucket="sagemaker-eu-central-1-123456789012")["Contents"]
    assert [entry["Key"].split("/")[1] for entry in stored] == [other.configuration]


def test_deleting_what_is_not_there_deletes_nothing(deployer: Deployer) -> None:
    """A second `delete` is no error."""
    assert deployer.delete("fraud") == []


def test_long_endpoint_names_make_names_that_aws_takes(deployer: Deployer, old: Path) -> None:
    """At most 63 characters, and `delete` still finds them."""
    endpoint = "a" * 60
    name = deployer.deploy(Plan(endpoint, ROLE), old).configuration
    assert len(name) <= 63
    assert deployer.delete(endpoint) == [endpoint, name]


def test_serverless_instead_of_instances(deployer: Deployer, session: boto3.session.Session, old: Path) -> None:
    """For teams whose minutes are mostly empty."""
    name = deployer.deploy(Plan("fraud", ROLE, serverless_memory_mb=2048), old).configuration
    sagemaker = session.client("sagemaker")
    variant = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"][0]
    assert variant["ServerlessConfig"]["MemorySizeInMB"] == 2048
    assert "InstanceType" not in variant
