"""The server: the hosting contract (``/ping``, ``/invocations``) and the AWS runtime's path in front of it.

``/invocations`` answers as AWS's XGBoost container does; ``/endpoints/{name}/invocations`` answers as the SageMaker
runtime does when that container stands behind it, so that boto3 can be pointed here by
``AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME``. Signatures are not checked: bind it to this machine only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from fraud_scorer.endpoint.content import NotAcceptable, TooManyRows, UnsupportedBody, decode, encode
from fraud_scorer.endpoint.served_model import ModelFolder, ServedModel

log = structlog.get_logger()

MAX_BODY_BYTES = 6_291_456
AT_ONCE, PATIENCE_SECONDS = 2, 4.0  # bodies in memory; how long one waits for its turn, and for its own bytes
VARIANT_HEADER = "x-Amzn-Invoked-Production-Variant"


@dataclass(frozen=True)
class Answer:
    """The answer of the model's container to one invocation."""

    status: int
    body: str = ""
    content_type: str = "text/plain"
    rows: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """Beside the content's type."""
        return {"Retry-After": "1"} if self.status == 503 else {}


class TooLarge(Exception):
    """A body above the limit."""


def create_app(
    folder: Path, *, endpoint_name: str = "", signed_by: str = "", patience_seconds: float = PATIENCE_SECONDS
) -> FastAPI:
    """The server of the model in ``folder``; with an ``endpoint_name`` it answers to that one alone.

    ``AT_ONCE`` bodies are read and scored at once; others wait unread for ``patience_seconds``, then it says 503. A
    body that takes longer to come loses its place (408).

    Raises:
        ArtifactError: the folder holds no model, or none that one of ``signed_by`` (public keys) signed.
    """
    models = ModelFolder(folder, signed_by)
    room = _Room(patience_seconds)
    app = FastAPI(title="fraud-scorer model endpoint", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/ping")
    def ping() -> Response:
        """Healthy: a model is loaded."""
        return Response()

    @app.get("/execution-parameters")
    def execution_parameters() -> dict[str, object]:
        """The answer to a batch transform job, which asks for the limits before it sends records."""
        return {"MaxConcurrentTransforms": 1, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6}

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        """The hosting container's contract."""
        answer, _ = await room.answer(request, await run_in_threadpool(models.current))
        return Response(answer.body, answer.status, headers=answer.headers, media_type=answer.content_type)

    @app.post("/endpoints/{name}/invocations")
    async def runtime(name: str, request: Request) -> Response:
        """The AWS runtime's contract, the container behind it."""
        model = await run_in_threadpool(models.current)
        wanted = request.headers.get("x-amzn-sagemaker-target-variant", model.variant)
        if endpoint_name not in ("", name):
            return _error(400, "ValidationError", f"Endpoint {name} of this server not found.")
        if wanted != model.variant:
            return _error(400, "ValidationError", f"Variant {wanted} not found: {name} serves {model.variant}.")
        answer, seconds = await room.answer(request, model)
        reference = request.headers.get("x-amzn-sagemaker-inference-id", "")
        log.info("Answered.", action="serve", endpoint=name, reference=reference, status=answer.status,
                 rows=answer.rows, seconds=round(seconds, 3))  # fmt: skip
        if answer.status == 413:
            return _error(413, "RequestEntityTooLargeException", answer.body)
        if answer.status == 503:
            return _error(503, "ServiceUnavailable", answer.body, headers=answer.headers)
        if answer.status >= 400:
            return _model_error(answer)
        headers = {VARIANT_HEADER: model.variant}
        return Response(answer.body, answer.status, headers=headers, media_type=answer.content_type)

    return app


class _Room:
    """For so many bodies in memory at once: fifty of the largest would end the process."""

    def __init__(self, patience_seconds: float) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._patience = patience_seconds

    async def answer(self, request: Request, model: ServedModel) -> tuple[Answer, float]:
        """What the model says to it, and after how many seconds of work."""
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            return Answer(503, f"{AT_ONCE} other bodies are being scored: ask again"), 0.0
        try:
            return await self._answer(request, model)
        finally:
            self._places.release()

    async def _answer(self, request: Request, model: ServedModel) -> tuple[Answer, float]:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._patience):
                body = await _body(request)
        except TooLarge:
            return Answer(413, f"the body is longer than {MAX_BODY_BYTES} bytes"), 0.0
        except TimeoutError:
            return Answer(408, f"the body did not come within {self._patience:g} seconds"), 0.0
        kind, accept = (request.headers.get(name, "") for name in ("content-type", "accept"))
        answer = await run_in_threadpool(invoke, model, body, kind, accept)
        return answer, time.monotonic() - started


def invoke(model: ServedModel, body: bytes, content_type: str, accept: str) -> Answer:
    """One invocation: 204 to an empty body, 413 to too many rows, 415 to an unreadable body, 400 to the wrong width."""
    if not body:
        return Answer(204)
    try:
        matrix = decode(body, content_type, model.columns)
        scores = model.predict(matrix)
        text, media_type = encode(scores, accept)
    except UnsupportedBody as error:
        return Answer(415, str(error))
    except TooManyRows as error:
        return Answer(413, str(error))
    except ValueError as error:
        return Answer(400, f"Unable to evaluate payload provided: {error}")
    except NotAcceptable as error:
        return Answer(406, str(error))
    return Answer(200, text, media_type, len(scores))


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise TooLarge
    return b"".join(parts)


def _model_error(answer: Answer) -> JSONResponse:
    side = "client" if answer.status < 500 else "server"
    return _error(
        424,
        "ModelError",
        f'Received {side} error ({answer.status}) from primary with message "{answer.body}".',
        OriginalStatusCode=answer.status,
        OriginalMessage=answer.body,
        LogStreamArn="",
    )


def _error(
    status: int, kind: str, message: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> JSONResponse:
    return JSONResponse({"Message": message, **more}, status, headers={"x-amzn-ErrorType": kind, **(headers or {})})
