"""The endpoint first, the local model where it fails; never half a run from one and half from the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import structlog

from fraud_common.errors import EndpointUnavailable, StoreUnavailable
from fraud_scorer.domain.circuit_breaker import Breaker, BreakerState
from fraud_scorer.domain.ports import RawScores, Scorer

log = structlog.get_logger()


class FallbackScorer:
    """``auto``: the endpoint, or all by the local model, which says why. ``sagemaker``: the endpoint or nothing.

    Both write the circuit breaker; only ``auto`` heeds it, because ``sagemaker`` has nothing else to score with.
    """

    def __init__(
        self, primary: Scorer, local: Scorer, breaker: Breaker, mode: Literal["auto", "sagemaker"] = "auto"
    ) -> None:
        self.primary = primary
        self.local = local
        self.breaker = breaker
        self.mode = mode

    def score(self, matrix: np.ndarray, *, reference: str) -> RawScores:
        """One raw score a row, all from one scorer; ``scored_by`` and ``fallback_reason`` say which and why.

        Raises:
            EndpointUnavailable: mode ``sagemaker``, and the endpoint gave no usable scores.
        """
        if len(matrix) == 0:
            return RawScores(raw=np.empty(0), scored_by="sagemaker")
        state = self._claim()
        if self.mode == "auto" and state is not None and not state.may_ask:
            return self._fall_back(matrix, reference, state.sentence)
        try:
            scores = self.primary.score(matrix, reference=reference)
        except EndpointUnavailable as error:
            self._note(error.what)
            if self.mode == "sagemaker":
                raise
            return self._fall_back(matrix, reference, error.what)
        if state is not None and state.failed_runs:
            self._note(None)
        return scores

    def _fall_back(self, matrix: np.ndarray, reference: str, reason: str) -> RawScores:
        log.warning("The local model scores: the endpoint gave nothing.", action="score", batch_id=reference,
                    rows=len(matrix), reason=reason)  # fmt: skip
        scores = self.local.score(matrix, reference=reference)
        return replace(scores, scored_by="local-fallback", fallback_reason=reason)

    def _claim(self) -> BreakerState | None:
        """The breaker's state; None where the store cannot be asked, which must not stop the scoring."""
        try:
            return self.breaker.claim()
        except StoreUnavailable as error:
            log.warning("The circuit breaker cannot be read.", action="score", reason=error.what)
            return None

    def _note(self, failure: str | None) -> None:
        try:
            if failure is None:
                self.breaker.succeeded()
            else:
                self.breaker.failed(failure)
        except StoreUnavailable as error:
            log.warning("The circuit breaker cannot be written.", action="score", reason=error.what)
