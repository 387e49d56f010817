"""Puts a model on a SageMaker endpoint, in place of the one before; says what is there; takes it away.

Each deployment makes a model and an endpoint configuration under a name of its own,
``<endpoint>-<12 digits of the hash>-<time>``. SageMaker starts the new fleet beside the old one and shifts over when it
is healthy, so a deployment that fails leaves the old model serving.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from fraud_common.errors import FraudScorerError, TerminalError
from fraud_scorer.scoring.sagemaker.deploying.archive import pack
from fraud_scorer.scoring.sagemaker.deploying.parts import Parts, Plan, is_missing, part_name, told
from fraud_scorer.scoring.sagemaker.variant import variant_name

POLL_SECONDS = 10.0
WAIT_MINUTES = 30
UNDER_WAY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


@dataclass(frozen=True)
class EndpointState:
    """What AWS says of an endpoint. ``status`` is empty where there is none."""

    endpoint: str
    status: str = ""
    configuration: str = ""
    variant: str = ""  # model-<hash> of what it serves
    reason: str = ""  # why it failed
    changed_at: datetime | None = None

    def serves(self, model_hash: str) -> bool:
        """Whether the model with this hash is the one that answers."""
        return self.status in ("InService", "Updating") and self.variant == variant_name(model_hash)


class Deployer:
    """boto3's clients and a voice. ``report`` is told each step in a sentence."""

    def __init__(
        self,
        session: boto3.session.Session | None = None,
        *,
        report: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        with told("reading the AWS settings"):
            self._session = session or boto3.session.Session()
            self._sagemaker = self._session.client("sagemaker")
        self._parts = Parts(self._session, self._sagemaker)
        self._report = report
        self._sleep = sleep
        self._clock = clock

    def deploy(
        self, plan: Plan, artifacts: Path, *, verify: Callable[[], None] | None = None, signed_by: str = ""
    ) -> EndpointState:
        """Put the model in ``artifacts`` on ``plan.endpoint`` and wait until it answers.

        ``verify`` is called when it does; if that raises, the endpoint goes back to what it was.

        Raises:
            ArtifactError: the model would not score alike there, or none of ``signed_by`` (public keys) signed it;
                nothing was done.
            TerminalError: AWS refused, or the new model did not come up; the old one serves on, and the new parts
                are taken away.
        """
        archive = pack(artifacts, signed_by)
        before = self.state(plan.endpoint)
        if before.status in UNDER_WAY:
            raise TerminalError(f"endpoint {plan.endpoint} is {before.status}", "Wait until it is InService")
        name = part_name(plan.endpoint, archive.model_hash, self._clock())
        try:
            address = self._parts.make(plan, name, archive)
            self._report(f"model and configuration {name} are made, from {address}")
            self._point(plan.endpoint, name, before)
            state = self._settled(plan.endpoint, name, before)
            if verify is not None:
                self._verified(verify, plan.endpoint, before)
        except FraudScorerError:
            self._clean_up(plan.endpoint, name)
            raise
        self._report(f"endpoint {plan.endpoint} serves {state.variant}")
        return state

    def state(self, endpoint: str) -> EndpointState:
        """What AWS says of the endpoint now.

        Raises:
            TerminalError: AWS cannot be asked, or refuses.
        """
        with told("asking for the endpoint"):
            try:
                found = self._sagemaker.describe_endpoint(EndpointName=endpoint)
            except ClientError as error:
                if is_missing(error):
                    return EndpointState(endpoint)
                raise
        variants = found.get("ProductionVariants") or [{}]
        return EndpointState(
            endpoint,
            status=found["EndpointStatus"],
            configuration=found.get("EndpointConfigName", ""),
            variant=variants[0].get("VariantName", ""),
            reason=found.get("FailureReason", ""),
            changed_at=found.get("LastModifiedTime"),
        )

    def delete(self, endpoint: str) -> list[str]:
        """Take the endpoint away, with every model, configuration and archive that deployments of it made; their names.

        Raises:
            TerminalError: AWS cannot be asked, or refuses.
        """
        removed = []
        if self.state(endpoint).status:
            self._delete_endpoint(endpoint)
            removed.append(endpoint)
        for name in self._parts.names(endpoint):
            self._parts.remove(name)
            removed.append(name)
        return removed

    def _point(self, endpoint: str, configuration: str, before: EndpointState) -> None:
        """Make the endpoint, or turn it to another configuration; a failed one can only be deleted first."""
        if before.status == "Failed":
            self._report(f"endpoint {endpoint} had failed ({before.reason}): it is made anew")
            self._delete_endpoint(endpoint)
        with told("starting the new model"):
            if before.status in ("", "Failed"):
                self._sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=configuration)
            else:
                self._sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=configuration)

    def _settled(self, endpoint: str, configuration: str, before: EndpointState) -> EndpointState:
        """Wait until the endpoint serves ``configuration``.

        Raises:
            TerminalError: it does not, with AWS's reason.
        """
        old = f"; {before.variant} serves on" if before.status == "InService" else ""
        state = self._waited_for(endpoint, lambda state: state.status not in UNDER_WAY)
        if state.status == "InService" and state.configuration == configuration:
            return state
        why = state.reason or f"it is {state.status or 'gone'} after {WAIT_MINUTES} minutes at most"
        raise TerminalError(
            f"endpoint {endpoint} did not take the new model: {why}{old}",
            "See its log in CloudWatch (/aws/sagemaker/Endpoints/), mend it, deploy again",
        )

    def _verified(self, verify: Callable[[], None], endpoint: str, before: EndpointState) -> None:
        try:
            verify()
        except FraudScorerError as error:
            if before.status == "InService":
                self._report(f"the new model does not answer as it should: back to {before.variant}")
                self._point(endpoint, before.configuration, before)
                self._settled(endpoint, before.configuration, EndpointState(endpoint))
                raise TerminalError(f"{error.what}; {before.variant} serves again", error.cure) from error
            self._delete_endpoint(endpoint)
            raise TerminalError(f"{error.what}; endpoint {endpoint} is taken down again", error.cure) from error

    def _clean_up(self, endpoint: str, name: str) -> None:
        """After a failure: remove the new parts, unless the endpoint still holds on to them."""
        try:
            state = self.state(endpoint)
            if state.status not in UNDER_WAY and state.configuration != name:
                self._parts.remove(name)
        except TerminalError as error:
            self._report(f"model and configuration {name} are left behind: {error.what}")

    def _delete_endpoint(self, endpoint: str) -> None:
        """Delete it and wait until it is gone."""
        with told("deleting the endpoint"):
            self._sagemaker.delete_endpoint(EndpointName=endpoint)
        if self._waited_for(endpoint, lambda state: not state.status).status:
            raise TerminalError(
                f"endpoint {endpoint} is not gone after {WAIT_MINUTES} minutes", "Look in the AWS console"
            )

    def _waited_for(self, endpoint: str, over: Callable[[EndpointState], bool]) -> EndpointState:
        """The endpoint's state when ``over`` says so, or after ``WAIT_MINUTES``; each look is reported."""
        for look in range(round(WAIT_MINUTES * 60 / POLL_SECONDS)):
            state = self.state(endpoint)
            if over(state):
                break
            self._report(f"endpoint {endpoint}: {state.status}, {look * POLL_SECONDS:.0f} s")
            self._sleep(POLL_SECONDS)
        return state
