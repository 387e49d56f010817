"""boto3's errors, common to all services of AWS, in one sentence each, with their cure."""

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

FAILURES = (BotoCoreError, ClientError, HTTPError, OSError)  # errors that a call of AWS may raise
THROTTLING = frozenset({"ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException",
                        "RequestLimitExceeded", "SlowDown"})  # fmt: skip
EXPIRED = frozenset({"ExpiredTokenException", "ExpiredToken", "RequestExpired"})
REFUSED = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
                     "IncompleteSignatureException", "MissingAuthenticationTokenException"})  # fmt: skip
FORBIDDEN = frozenset({"AccessDeniedException", "AccessDenied"})
MISSING_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound,
                       SSOError, TokenRetrievalError)  # fmt: skip
SHOWN_CHARACTERS = 120
CREDENTIALS_CURE = "Give boto3 some: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the machine's role"


def describe_aws_error(error: Exception, who: str, throttled: frozenset[str] = THROTTLING) -> tuple[str, str]:
    """Describe boto3's ``error`` about ``who`` in one sentence, and give its cure (empty where there is none).

    ``throttled``: the service's words for "too many requests".
    """
    if isinstance(error, ClientError):
        return _of_an_answer(error, who, throttled)
    return _of_no_answer(error, who)


def _of_an_answer(error: ClientError, who: str, throttled: frozenset[str]) -> tuple[str, str]:
    code, message = code_of(error), message_of(error)
    if code in EXPIRED:
        return "the AWS credentials have expired", "Renew them (aws sso login, or a new session token)"
    if code in REFUSED:
        return f"AWS does not know these credentials ({code})", CREDENTIALS_CURE
    if code in FORBIDDEN:
        return f"AWS forbids this: {message}", ""
    if code in throttled:
        return f"{who} is throttled ({code}): {message}", ""
    return f"{who} answered {status_of(error)} ({code}): {message}", ""


def _of_no_answer(error: Exception, who: str) -> tuple[str, str]:
    if isinstance(error, MISSING_CREDENTIALS):
        return f"no usable AWS credentials: {as_log_line(str(error))}", CREDENTIALS_CURE
    if isinstance(error, NoRegionError):
        return "no AWS region is set", "Set AWS_DEFAULT_REGION, or a region in the AWS profile"
    if isinstance(error, ConnectTimeoutError):
        return f"{who} took no connection in time", ""
    if isinstance(error, EndpointConnectionError):
        return f"{who} cannot be reached: the connection was refused or its name is unknown", ""
    if isinstance(error, ReadTimeoutError):
        return f"{who} did not answer in time", ""
    if isinstance(error, ParamValidationError):
        return f"{who} would not take this: {as_log_line(str(error))}", ""
    kind = type(error).__name__
    if isinstance(error, BotoCoreError):
        return f"the connection to {who} failed ({kind}): {as_log_line(str(error))}", ""
    return f"the answer of {who} cannot be read ({kind}): {as_log_line(str(error))}", ""


def code_of(error: ClientError) -> str:
    """AWS's word for it, empty if there is none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """HTTP's number for it, 0 if there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def message_of(error: ClientError) -> str:
    """AWS's message, cut and cleaned for one line of a log."""
    return as_log_line(str(error.response.get("Error", {}).get("Message", "")))


def as_log_line(text: str | bytes) -> str:
    """``text`` fit for one line of a log: control characters and breaks as blanks, cut after 120 characters."""
    if isinstance(text, bytes):
        text = text[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace")
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + "…"
