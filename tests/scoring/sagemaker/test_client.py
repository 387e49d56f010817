"""The client of the endpoint: what it sends, what it understands, when it asks again."""

import pickle

import boto3
import numpy as np
import pytest
from structlog.testing import capture_logs

from fraud_common.errors import ArtifactError, EndpointUnavailable
from fraud_scorer.scoring.sagemaker.client import Limits, SageMakerScorer
from fraud_scorer.scoring.sagemaker.variant import variant_name

MODEL_HASH = "ab" * 32
VARIANT = variant_name(MODEL_HASH)


def test_it_sends_what_the_container_reads(scorer, endpoint, reply, matrix) -> None:
    """CSV without a header, JSON asked for, the run as inference id."""
    endpoint.play(reply.scores(0.1, 0.9))
    scorer.score(matrix, reference="2026-11-20T10:31Z")
    request = endpoint.requests[0]
    assert request.line.startswith("POST /endpoints/fraud-test/invocations ")
    assert request.body == b"0.100000001,,3\n4,5,6"
    assert request.headers["content-type"] == "text/csv"
    assert request.headers["accept"] == "application/json"
    assert request.headers["x-amzn-sagemaker-inference-id"] == "2026-11-20T10:31Z"


@pytest.mark.parametrize("form", ["json", "lines", "line"])
def test_three_forms_of_answer_are_understood(scorer, endpoint, reply, matrix, form) -> None:
    """JSON, a score a line, all scores on one line: the same scores, and who gave them."""
    endpoint.play(reply.scores(0.012345678, 1.0, form=form))
    result = scorer.score(matrix, reference="run")
    assert result.raw.tolist() == [0.012345678, 1.0]
    assert (result.scored_by, result.variant, result.calls) == ("sagemaker", VARIANT, 1)


def test_a_long_matrix_goes_in_chunks_and_comes_back_in_order(endpoint, reply) -> None:
    """Bodies stay below the limit; the scores stand in the order of the rows."""
    endpoint.play(reply.scores(0.1, 0.2), reply.scores(0.3, 0.4), reply.scores(0.5))
    scorer = SageMakerScorer("fraud-test", model_hash=MODEL_HASH, width=2, limits=Limits(max_body_bytes=7))
    result = scorer.score(np.ones((5, 2), dtype="float32"), reference="run")
    assert result.raw.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert result.calls == 3


def test_one_bad_chunk_spoils_the_whole(endpoint, reply) -> None:
    """Scores of the first chunk are not handed out when the second fails."""
    endpoint.play(reply.scores(0.1, 0.2), reply.http(200, b""))
    scorer = SageMakerScorer("fraud-test", model_hash=MODEL_HASH, width=2, limits=Limits(max_body_bytes=7))
    with pytest.raises(EndpointUnavailable, match="an empty body for 2 payments"):
        scorer.score(np.ones((5, 2), dtype="float32"), reference="run")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "ThrottlingException"), (429, "ModelNotReadyException"), (500, "InternalFailure"),
     (503, "ServiceUnavailable"), (530, "InternalDependencyException")],
)  # fmt: skip
def test_what_heals_by_itself_is_asked_again(scorer, endpoint, reply, matrix, status, kind) -> None:
    """Throttling and 5xx are asked again after a pause, and logged."""
    endpoint.play(reply.error(status, kind), reply.scores(0.1, 0.2))
    with capture_logs() as events:
        assert scorer.score(matrix, reference="run").calls == 2
    assert [event["attempt"] for event in events] == [1]
    assert kind in events[0]["reason"]


def test_a_model_error_of_the_containers_side_is_asked_again(scorer, endpoint, reply, matrix) -> None:
    """424 with an original status of 503: the container was busy."""
    busy = reply.error(424, "ModelError", "Received server error", OriginalStatusCode=503, OriginalMessage="busy")
    endpoint.play(busy, reply.scores(0.1, 0.2))
    assert scorer.score(matrix, reference="run").calls == 2


def test_pauses_between_attempts_have_full_jitter(endpoint, reply, matrix) -> None:
    """Each pause lies between nothing and a doubling step, so that runs do not come back in step."""
    pauses: list[float] = []
    limits = Limits(attempts=4, backoff_seconds=0.2, max_backoff_seconds=0.5, read_seconds=1)
    scorer = SageMakerScorer("fraud-test", model_hash=MODEL_HASH, width=3, limits=limits, sleep=pauses.append)
    endpoint.play(reply.error(503, "ServiceUnavailable"))
    with pytest.raises(EndpointUnavailable):
        scorer.score(matrix, reference="run")
    assert len(endpoint.requests) == 4
    assert all(0 <= pause <= ceiling for pause, ceiling in zip(pauses, (0.2, 0.4, 0.5), strict=True))


def test_boto3_itself_never_asks_twice(scorer, endpoint, reply, matrix) -> None:
    """One attempt of ours is one request: the budget is counted here, not in botocore."""
    endpoint.play(reply.error(400, "ValidationError", "Endpoint fraud-test of account 1 not found."))
    with pytest.raises(EndpointUnavailable, match="not found") as caught:
        scorer.score(matrix, reference="run")
    assert len(endpoint.requests) == 1
    assert "sagemaker status" in caught.value.cure


@pytest.mark.parametrize("width", [2, 4])
def test_a_changed_feature_width_asks_nothing(scorer, endpoint, width) -> None:
    """The container answers 200 to too few columns, so the width is checked here, before anything is sent."""
    with pytest.raises(ArtifactError, match=f"takes 3 inputs a payment and was handed {width}"):
        scorer.score(np.ones((2, width), dtype="float32"), reference="run")
    assert endpoint.requests == []


def test_an_infinity_asks_nothing(scorer, endpoint) -> None:
    """XGBoost takes no infinity."""
    with pytest.raises(ArtifactError, match="infinite"):
        scorer.score(np.array([[1, 2, np.inf]], dtype="float32"), reference="run")
    assert endpoint.requests == []


def test_another_models_answer_is_a_failure(scorer, endpoint, reply, matrix) -> None:
    """Good scores of a model whose manifest is not the one here are not taken."""
    endpoint.play(reply.scores(0.1, 0.2, variant="model-of-yesterday"))
    with pytest.raises(EndpointUnavailable, match=r"another model \(model-of-yesterday;"):
        scorer.score(matrix, reference="run")


def test_an_inference_id_is_what_sagemaker_takes(scorer, endpoint, reply, matrix) -> None:
    """At most 64 printable ASCII characters, whatever the run is called."""
    endpoint.play(reply.scores(0.1, 0.2))
    scorer.score(matrix, reference="manual run é " + "x" * 100)
    sent = endpoint.requests[0].headers["x-amzn-sagemaker-inference-id"]
    assert sent == "manual_run___" + "x" * 51


def test_missing_credentials_are_one_clear_line(scorer, endpoint, matrix, aws_environment) -> None:
    """Not a traceback of boto3's: what is missing, and how it is given."""
    aws_environment.delenv("AWS_ACCESS_KEY_ID")
    aws_environment.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(EndpointUnavailable) as caught:
        scorer.score(matrix, reference="run")
    assert str(caught.value).startswith("no usable AWS credentials")
    assert "AWS_PROFILE" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "says"),
    [("ExpiredTokenException", "have expired"), ("UnrecognizedClientException", "does not know these credentials"),
     ("AccessDeniedException", "AWS forbids this")],
)  # fmt: skip
def test_credentials_that_aws_refuses_are_one_clear_line(scorer, endpoint, reply, matrix, kind, says) -> None:
    """Expired, unknown, not allowed: each its own sentence, asked once."""
    endpoint.play(reply.error(403, kind, "The security token included in the request is ..."))
    with pytest.raises(EndpointUnavailable, match=says):
        scorer.score(matrix, reference="run")
    assert len(endpoint.requests) == 1


def test_a_missing_region_is_one_clear_line(scorer, matrix, aws_environment) -> None:
    """boto3 refuses to make a client then; it counts as the endpoint's failure, so `auto` scores on."""
    aws_environment.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(EndpointUnavailable, match="no AWS region"):
        scorer.score(matrix, reference="run")


def test_an_unknown_profile_is_one_clear_line(scorer, matrix, aws_environment) -> None:
    """A misspelt AWS_PROFILE."""
    aws_environment.setenv("AWS_PROFILE", "misspelt")
    with pytest.raises(EndpointUnavailable, match="misspelt"):
        scorer.score(matrix, reference="run")


def test_an_address_that_is_none_is_one_clear_line(scorer, matrix, aws_environment) -> None:
    """No scheme before the host: boto3 refuses with a ValueError of its own."""
    aws_environment.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "localhost:8080")
    with pytest.raises(EndpointUnavailable, match="AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"):
        scorer.score(matrix, reference="run")


def test_the_error_survives_pickling(scorer, endpoint, reply, matrix) -> None:
    """Airflow sends it between processes."""
    endpoint.play(reply.http(200, b""))
    with pytest.raises(EndpointUnavailable) as caught:
        scorer.score(matrix, reference="run")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_no_payments_ask_nothing(scorer, endpoint) -> None:
    """An empty body would be a 204."""
    assert len(scorer.score(np.empty((0, 3), dtype="float32"), reference="run").raw) == 0
    assert endpoint.requests == []


def test_the_default_session_of_boto3_stays_untouched(scorer, endpoint, reply, matrix) -> None:
    """The client's session is its own: threads and renewed credentials would not get on with the shared one."""
    endpoint.play(reply.scores(0.1, 0.2))
    before = boto3.DEFAULT_SESSION
    scorer.score(matrix, reference="run")
    assert boto3.DEFAULT_SESSION is before
