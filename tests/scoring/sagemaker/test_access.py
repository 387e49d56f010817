"""The client of the endpoint, reached as an AWS connection says: with its key, in its role, at its address."""

from functools import partial

import pytest

from fraud_common.errors import EndpointUnavailable
from fraud_scorer.scoring.sagemaker.client import Limits, SageMakerScorer, runtime_client
from fraud_scorer.settings.connections import AwsAccess

MODEL_HASH = "ab" * 32


def test_asks_as_the_connection_says(endpoint, reply, matrix, aws_environment) -> None:
    """Key, region and address of an AWS connection go before the environment's."""
    aws_environment.delenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME")
    endpoint.play(reply.scores(0.1, 0.2))
    access = AwsAccess("sa-east-1", "AKIAGIVEN", "secret", endpoint_url=endpoint.url)
    scorer = SageMakerScorer(
        "fraud-test", model_hash=MODEL_HASH, width=3, connect=partial(runtime_client, access=access)
    )
    assert list(scorer.score(matrix, reference="check").raw) == [0.1, 0.2]
    assert "Credential=AKIAGIVEN/" in endpoint.requests[0].headers["authorization"]
    assert "/sa-east-1/sagemaker/" in endpoint.requests[0].headers["authorization"]


ROLE = b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>the-roles-token</SessionToken>
<Expiration>2036-11-20T10:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def as_role(endpoint) -> SageMakerScorer:
    """A client that takes on a role, in a hurry; the role's service is the same server."""
    access = AwsAccess(role_arn="arn:aws:iam::1:role/score", role_arguments={"ExternalId": "x7"})
    limits = Limits(budget_seconds=3, connect_seconds=1, read_seconds=0.5)
    return SageMakerScorer(
        "fraud-test", model_hash=MODEL_HASH, width=3, limits=limits, connect=partial(runtime_client, access=access)
    )


def test_takes_on_the_role_of_the_connection(endpoint, reply, matrix, aws_environment) -> None:
    """The role is asked for with its external id, and its key signs the call."""
    aws_environment.setenv("AWS_ENDPOINT_URL_STS", endpoint.url)
    endpoint.play(reply.http(200, ROLE, "text/xml"), reply.scores(0.1, 0.2))
    assert list(as_role(endpoint).score(matrix, reference="check").raw) == [0.1, 0.2]
    assert b"RoleSessionName=fraud-scorer" in endpoint.requests[0].body
    assert b"ExternalId=x7" in endpoint.requests[0].body
    assert "Credential=ASIAROLE/" in endpoint.requests[1].headers["authorization"]
    assert endpoint.requests[1].headers["x-amz-security-token"] == "the-roles-token"


@pytest.mark.parametrize("silent", [True, False])
def test_a_role_that_is_not_to_be_had_is_a_failure_of_the_endpoint(
    silent, endpoint, reply, matrix, aws_environment
) -> None:
    """Refused or never answered, it comes to an end within the budget, and the local model may score."""
    aws_environment.setenv("AWS_ENDPOINT_URL_STS", endpoint.url)
    error = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
    endpoint.play(reply.silence if silent else reply.http(403, error, "text/xml"))
    with pytest.raises(EndpointUnavailable, match="did not answer" if silent else "not you"):
        as_role(endpoint).score(matrix, reference="check")
