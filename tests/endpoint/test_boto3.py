"""The real client against the local endpoint: boto3, signed requests, dummy credentials."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from fraud_common.errors import EndpointUnavailable
from fraud_scorer.scoring.sagemaker.client import Limits, SageMakerScorer


@pytest.fixture
def model_hash(artifacts: Path) -> str:
    """The hash of the manifest that is served."""
    return hashlib.sha256((artifacts / "manifest.json").read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def aws_environment(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 pointed at the server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "dummy")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "dummy")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")


def test_scores_are_the_local_models(model_hash, booster, inputs) -> None:
    """Endpoint and local scores of one batch are equal, not only within 1e-6."""
    result = SageMakerScorer("fraud", model_hash=model_hash, width=6).score(inputs, reference="run")
    assert np.array_equal(result.raw, booster.inplace_predict(inputs, validate_features=False).astype("float64"))


def test_chunks_make_no_difference(model_hash, booster, inputs) -> None:
    """Many calls, the same scores."""
    scorer = SageMakerScorer("fraud", model_hash=model_hash, width=6, limits=Limits(max_body_bytes=500))
    result = scorer.score(inputs, reference="run")
    assert result.calls > 5
    assert np.array_equal(result.raw, booster.inplace_predict(inputs, validate_features=False).astype("float64"))


def test_another_model_behind_the_endpoint_is_refused(inputs) -> None:
    """The endpoint serves a model whose manifest is not ours."""
    with pytest.raises(EndpointUnavailable, match=r"another model \(model-\w+; here lies model-0000"):
        SageMakerScorer("fraud", model_hash="0" * 64, width=6).score(inputs, reference="run")


def test_a_body_above_the_limit_says_413(model_hash, inputs) -> None:
    """Someone raised SAGEMAKER_MAX_BODY_BYTES above what SageMaker takes."""
    scorer = SageMakerScorer("fraud", model_hash=model_hash, width=6, limits=Limits(max_body_bytes=10**8))
    with pytest.raises(EndpointUnavailable, match="413"):
        scorer.score(np.tile(inputs, (4000, 1)), reference="run")


def test_a_hundred_thousand_payments_take_few_calls(model_hash, booster, inputs) -> None:
    """As few as SageMaker's limit on bodies allows, and the scores stay in order."""
    many = np.tile(inputs, (2000, 1))
    many[:, 0] = np.linspace(-3, 3, len(many), dtype="float32")
    result = SageMakerScorer("fraud", model_hash=model_hash, width=6).score(many, reference="run")
    assert result.calls == 2
    assert np.array_equal(result.raw, booster.inplace_predict(many, validate_features=False).astype("float64"))
