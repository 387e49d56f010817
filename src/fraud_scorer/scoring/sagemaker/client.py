"""The client of a SageMaker endpoint: all scores of a matrix within one budget of seconds, or an error."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import boto3
import numpy as np
import structlog
from botocore.config import Config

from fraud_common.aws_errors import FAILURES
from fraud_common.errors import ArtifactError, EndpointUnavailable
from fraud_scorer.domain.ports import RawScores
from fraud_scorer.scoring.sagemaker.answers import scores_of
from fraud_scorer.scoring.sagemaker.body import bodies
from fraud_scorer.scoring.sagemaker.errors import explained, worth_retrying
from fraud_scorer.scoring.sagemaker.variant import names_a_model, variant_name
from fraud_scorer.settings import Settings
from fraud_scorer.settings.connections import AwsAccess

log = structlog.get_logger()

READ_BYTES = 4096
MAX_ANSWER_BYTES_PER_ROW = 200  # a JSON prediction takes about 35
INFERENCE_ID_CHARACTERS = 64
MAX_VARIANT_CHARACTERS = 63  # of the name of a production variant


@dataclass(frozen=True)
class Limits:
    """How long, how often and how much one call of ``score`` asks. Seconds and bytes."""

    budget_seconds: float = 20.0
    connect_seconds: float = 2.0
    read_seconds: float = 8.0
    max_body_bytes: int = 6_291_456
    attempts: int = 3
    backoff_seconds: float = 0.2
    max_backoff_seconds: float = 2.0

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """As the settings say."""
        return cls(
            budget_seconds=settings.sagemaker_budget_seconds,
            connect_seconds=settings.sagemaker_connect_seconds,
            read_seconds=settings.sagemaker_read_seconds,
            max_body_bytes=settings.sagemaker_max_body_bytes,
        )


def runtime_client(limits: Limits, access: AwsAccess = AwsAccess()) -> Any:  # noqa: B008 - frozen
    """boto3's ``sagemaker-runtime`` client without retries in it.

    What ``access`` leaves empty, boto3's own chain finds. A role is assumed anew by each client; its credentials
    outlive a task.
    """
    config = Config(
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.read_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    # a session of its own: the default one keeps the first credentials it saw, and is not for threads
    session = boto3.session.Session(
        aws_access_key_id=access.access_key_id or None,
        aws_secret_access_key=access.secret_access_key or None,
        aws_session_token=access.session_token or None,
        region_name=access.region_name or None,
        profile_name=access.profile_name or None,
    )
    if access.role_arn:
        session = _as_role(session, access, config)
    return session.client("sagemaker-runtime", config=config, endpoint_url=access.endpoint_url or None)


def _as_role(session: boto3.session.Session, access: AwsAccess, config: Config) -> boto3.session.Session:
    wanted = {"RoleSessionName": "fraud-scorer", **access.role_arguments}
    given = session.client("sts", config=config).assume_role(RoleArn=access.role_arn, **wanted)["Credentials"]
    return boto3.session.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=session.region_name,
    )


@dataclass
class _Progress:
    """One ``score`` under way, shared between the caller and the thread that does the asking."""

    ends_at: float  # on the monotonic clock
    calls: int = 0
    scored: int = 0
    scores: list[np.ndarray] = field(default_factory=list)
    variants: set[str] = field(default_factory=set)  # as the answers name them
    error: Exception | None = None

    @property
    def seconds_left(self) -> float:
        return self.ends_at - time.monotonic()


class SageMakerScorer:
    """Scores through ``invoke_endpoint``, all or nothing.

    The width and the identity of the model are checked on our side: the container answers 200 to rows with too few
    columns, and an endpoint that still serves another model answers without a word of it.

    A variant that `fraud-scorer sagemaker deploy` named carries its model's hash: one of another model is a failure of
    the endpoint, always. Any other name, or none, does not say which model answered. With ``model_check`` "strict"
    that is a failure too; with "record" the scores are taken, the name is recorded, and a warning tells it once.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        model_hash: str,
        width: int,
        limits: Limits | None = None,
        model_check: Literal["strict", "record"] = "strict",
        connect: Callable[[Limits], Any] = runtime_client,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint = endpoint
        self.variant = variant_name(model_hash)
        self.width = width
        self.limits = limits or Limits()
        self.model_check = model_check
        self._warned = False
        self._connect = connect
        self._sleep = sleep
        self._runtime: Any = None

    def score(self, matrix: np.ndarray, *, reference: str) -> RawScores:
        """One raw score a row of ``matrix`` (float32, NaN for missing), within ``limits.budget_seconds``.

        Raises:
            EndpointUnavailable: no usable score for every row within the budget.
            ArtifactError: the matrix does not fit the model, or holds an infinity.
        """
        self._check(matrix)
        progress = _Progress(time.monotonic() + self.limits.budget_seconds)
        # A thread, because a socket's timeout bounds one read, and a slow body has many; and a name's look-up has none.
        worker = threading.Thread(target=self._work, args=(matrix, reference, progress), daemon=True)
        worker.start()
        worker.join(self.limits.budget_seconds)
        if worker.is_alive():
            done = f"{progress.scored} of {len(matrix)} payments scored"
            raise EndpointUnavailable(
                f"the endpoint's answers took longer than {self.limits.budget_seconds:g} s ({done})",
                "Give it more instances, or raise SAGEMAKER_BUDGET_SECONDS",
            )
        if progress.error is not None:
            raise progress.error
        raw = np.concatenate(progress.scores) if progress.scores else np.empty(0)
        variant = ", ".join(sorted(progress.variants))
        if progress.scores and variant != self.variant and not self._warned:
            self._warned = True
            log.warning("The endpoint does not say which model scored.", action="score", batch_id=reference,
                        endpoint=self.endpoint, variant=variant or "unnamed", model_here=self.variant)  # fmt: skip
        return RawScores(raw=raw, scored_by="sagemaker", variant=variant, calls=progress.calls)

    def _check(self, matrix: np.ndarray) -> None:
        if matrix.ndim != 2 or matrix.shape[1] != self.width:
            shape = matrix.shape[1] if matrix.ndim == 2 else "no"
            raise ArtifactError(f"the model takes {self.width} inputs a payment and was handed {shape}", "Train anew")
        if np.isinf(matrix).any():
            raise ArtifactError("a model input is infinite", "Train anew: preprocess.joblib must not let it through")

    def _work(self, matrix: np.ndarray, reference: str, progress: _Progress) -> None:
        try:
            client = self._client()
            for rows, body in bodies(matrix, self.limits.max_body_bytes):
                progress.scores.append(self._score_chunk(client, rows, body, reference, progress))
                progress.scored += rows
        except Exception as error:  # raised again by ``score``, in the caller's thread
            progress.error = error

    def _client(self) -> Any:
        if self._runtime is None:
            try:
                self._runtime = self._connect(self.limits)
            except FAILURES as error:
                raise explained(error) from error
            except ValueError:  # its text quotes the address, which may hold a password
                raise EndpointUnavailable(
                    "the endpoint's address is none", "Mend AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: http://host:port"
                ) from None
        return self._runtime

    def _score_chunk(self, client: Any, rows: int, body: bytes, reference: str, progress: _Progress) -> np.ndarray:
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return self._ask(client, rows, body, reference, progress)
            except FAILURES as error:
                pause = self._pause(attempt)
                if attempt == self.limits.attempts or not worth_retrying(error) or pause >= progress.seconds_left:
                    raise explained(error) from error
                log.info("The endpoint is asked again.", action="score", batch_id=reference, attempt=attempt,
                         reason=str(explained(error)))  # fmt: skip
                self._sleep(pause)
        raise AssertionError("unreachable: attempts is at least 1")

    def _pause(self, attempt: int) -> float:
        """Full jitter: anything between nothing and the doubled step, so that runs do not come back in step."""
        ceiling = min(self.limits.max_backoff_seconds, self.limits.backoff_seconds * 2 ** (attempt - 1))
        return random.uniform(0, ceiling)  # noqa: S311 (no secret hangs on it)

    def _ask(self, client: Any, rows: int, body: bytes, reference: str, progress: _Progress) -> np.ndarray:
        progress.calls += 1
        answer = client.invoke_endpoint(
            EndpointName=self.endpoint,
            ContentType="text/csv",
            Accept="application/json",
            InferenceId=_inference_id(reference),
            Body=body,
        )
        content = self._read(answer["Body"], rows, progress)
        invoked = answer.get("InvokedProductionVariant", "")[:MAX_VARIANT_CHARACTERS]
        self._check_variant(invoked)
        progress.variants.update({invoked} - {""})
        return scores_of(content, answer.get("ContentType", ""), rows)

    def _check_variant(self, invoked: str) -> None:
        if invoked == self.variant:
            return
        if names_a_model(invoked) or self.model_check == "strict":
            raise EndpointUnavailable(
                f"the endpoint answered with another model ({invoked or 'unnamed'}; here lies {self.variant})",
                "Deploy this one: `fraud-scorer sagemaker deploy`"
                + ("" if names_a_model(invoked) else "; or take the endpoint's scores: SAGEMAKER_MODEL_CHECK=record"),
            )

    def _read(self, stream: Any, rows: int, progress: _Progress) -> bytes:
        limit, parts, size = 4096 + rows * MAX_ANSWER_BYTES_PER_ROW, [], 0
        while part := stream.read(READ_BYTES):
            parts.append(part)
            size += len(part)
            if size > limit or progress.seconds_left < 0:
                stream.close()
                raise EndpointUnavailable(f"the endpoint's answer for {rows} payments is too long or too slow")
        return b"".join(parts)


def _inference_id(reference: str) -> str:
    """``reference`` as SageMaker takes it: 1 to 64 printable ASCII characters, the first no blank."""
    text = "".join(sign if 33 <= ord(sign) < 127 else "_" for sign in reference)[:INFERENCE_ID_CHARACTERS]
    return text or "unnamed"
