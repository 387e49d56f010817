"""boto3's errors as ours: one clear line each, with the status the model's own container gave."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)
from urllib3.exceptions import HTTPError

from fraud_scorer.adapters.sagemaker.answers import shown
from fraud_scorer.errors import EndpointUnavailable

FAILURES = (BotoCoreError, ClientError, HTTPError, OSError)  # what asking AWS may raise
THROTTLING = frozenset({"ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException",
                        "RequestLimitExceeded", "ModelNotReadyException", "SlowDown"})  # fmt: skip
EXPIRED = frozenset({"ExpiredTokenException", "ExpiredToken", "RequestExpired"})
REFUSED = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
                     "IncompleteSignatureException", "MissingAuthenticationTokenException"})  # fmt: skip
FORBIDDEN = frozenset({"AccessDeniedException", "AccessDenied"})
MISSING_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound,
                       SSOError, TokenRetrievalError)  # fmt: skip
CREDENTIALS_CURE = "Give boto3 some: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the machine's role"


def worth_retrying(error: Exception) -> bool:
    """Whether asking again may help: throttling and 5xx, ours or the model container's."""
    if not isinstance(error, ClientError):
        return False
    code, status = _code(error), _status(error)
    if code == "ModelError":
        status = _original_status(error)
    return code in THROTTLING or status >= 500 or status == 429


def explained(error: Exception) -> EndpointUnavailable:
    """``error`` of boto3 as an EndpointUnavailable whose first sentence can stand in the run ledger."""
    return EndpointUnavailable(*sentences(error, "the endpoint"))


def sentences(error: Exception, who: str) -> tuple[str, str]:
    """What ``error`` of boto3 says of ``who``, and its cure (empty where there is none)."""
    return _of_an_answer(error, who) if isinstance(error, ClientError) else _of_no_answer(error, who)


def _of_an_answer(error: ClientError, who: str) -> tuple[str, str]:
    code, message = _code(error), shown(str(error.response.get("Error", {}).get("Message", "")))
    if code == "ModelError":
        original = shown(str(error.response.get("OriginalMessage", ""))) or message
        return f"the model behind the endpoint answered {_original_status(error)}: {original}", "See its log"
    if code in EXPIRED:
        return "the AWS credentials have expired", "Renew them (aws sso login, or a new session token)"
    if code in REFUSED:
        return f"AWS does not know these credentials ({code})", CREDENTIALS_CURE
    if code in FORBIDDEN:
        return f"AWS forbids this: {message}", "Allow what `model/sagemaker/README.md` lists"
    if code in THROTTLING:
        return f"{who} is throttled ({code}): {message}", "Give it more instances if this goes on"
    cure = "See `fraud-scorer sagemaker status`" if code == "ValidationError" else ""
    return f"{who} answered {_status(error)} ({code}): {message}", cure


def _of_no_answer(error: Exception, who: str) -> tuple[str, str]:
    if isinstance(error, MISSING_CREDENTIALS):
        return f"no usable AWS credentials: {shown(str(error))}", CREDENTIALS_CURE
    if isinstance(error, NoRegionError):
        return "no AWS region is set", "Set AWS_DEFAULT_REGION, or a region in the AWS profile"
    if isinstance(error, ConnectTimeoutError):
        return f"{who} took no connection in time", ""
    if isinstance(error, EndpointConnectionError):
        return f"{who} cannot be reached: the connection was refused or its name is unknown", ""
    if isinstance(error, ReadTimeoutError):
        return f"{who} did not answer in time", ""
    if isinstance(error, ParamValidationError):
        return f"{who} would not take this: {shown(str(error))}", ""
    kind = type(error).__name__
    if isinstance(error, BotoCoreError):
        return f"the connection to {who} failed ({kind}): {shown(str(error))}", ""
    return f"the answer of {who} cannot be read ({kind}): {shown(str(error))}", ""


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _original_status(error: ClientError) -> int:
    try:
        return int(error.response.get("OriginalStatusCode") or 0)
    except (TypeError, ValueError):
        return 0
