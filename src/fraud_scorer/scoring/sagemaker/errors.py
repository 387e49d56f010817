"""SageMaker's errors as ours: one clear line each, with the status the model's own container gave."""

from __future__ import annotations

from botocore.exceptions import ClientError

from fraud_common import aws_errors
from fraud_common.aws_errors import FORBIDDEN, THROTTLING, as_log_line, code_of, status_of
from fraud_common.errors import EndpointUnavailable

BUSY = THROTTLING | {"ModelNotReadyException"}
CURES = dict.fromkeys(FORBIDDEN, "Allow what `model/sagemaker/README.md` lists")
CURES |= dict.fromkeys(BUSY, "Give it more instances if this goes on")
CURES |= {"ValidationError": "See `fraud-scorer sagemaker status`"}


def worth_retrying(error: Exception) -> bool:
    """Whether asking again may help: throttling and 5xx, ours or the model container's."""
    if not isinstance(error, ClientError):
        return False
    code, status = code_of(error), status_of(error)
    if code == "ModelError":
        status = _original_status(error)
    return code in BUSY or status >= 500 or status == 429


def explained(error: Exception) -> EndpointUnavailable:
    """``error`` of boto3 as an EndpointUnavailable whose first sentence can stand in the run ledger."""
    return EndpointUnavailable(*sentences(error, "the endpoint"))


def sentences(error: Exception, who: str) -> tuple[str, str]:
    """What ``error`` of boto3 says of ``who``, and its cure (empty where there is none)."""
    if not isinstance(error, ClientError):
        return aws_errors.describe_aws_error(error, who)
    if code_of(error) == "ModelError":
        answer = error.response
        original = as_log_line(str(answer.get("OriginalMessage", ""))) or as_log_line(
            str(answer.get("Error", {}).get("Message", ""))
        )
        return f"the model behind the endpoint answered {_original_status(error)}: {original}", "See its log"
    what, cure = aws_errors.describe_aws_error(error, who, throttled=BUSY)
    return what, CURES.get(code_of(error), cure)


def _original_status(error: ClientError) -> int:
    try:
        return int(error.response.get("OriginalStatusCode") or 0)
    except (TypeError, ValueError):
        return 0
