"""Where settings choose the real things: the only module that knows both the steps and the outside.

Heavy parts (model, database, AWS) are made when first used: a command pays only for what it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from fraud_scorer.errors import SettingsError
from fraud_scorer.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fraud_scorer.adapters.artifacts import Artifacts
    from fraud_scorer.adapters.breaker import PostgresBreaker
    from fraud_scorer.adapters.cipher import Cipher
    from fraud_scorer.adapters.landing import DiskLanding
    from fraud_scorer.adapters.payments_api import HttpPaymentsApi
    from fraud_scorer.adapters.postgres.days import PostgresDays
    from fraud_scorer.adapters.postgres.labels import PostgresLabels
    from fraud_scorer.adapters.postgres.outbox import PostgresOutbox
    from fraud_scorer.adapters.postgres.quarantine import PostgresQuarantine
    from fraud_scorer.adapters.postgres.store import PostgresStore
    from fraud_scorer.adapters.sagemaker import SageMakerScorer
    from fraud_scorer.adapters.smtp import SmtpMailer
    from fraud_scorer.adapters.stage import Stage
    from fraud_scorer.messages.compose import Policy
    from fraud_scorer.operations.migrate import Migrated
    from fraud_scorer.operations.watch import Watchdog
    from fraud_scorer.operations.watch_state import StateFile
    from fraud_scorer.payments.tokens import CardTokens
    from fraud_scorer.pipeline import Pipeline
    from fraud_scorer.ports import Mailer, Scorer
    from fraud_scorer.steps.extract import Clock, Limits
    from fraud_scorer.steps.transform import Recipe


def pipeline(settings: Settings, clock: Clock | None = None) -> Pipeline:
    """The five steps on what the settings name; ``clock`` replaces the machine's (the soak plays hours in minutes)."""
    from fraud_scorer.pipeline import Pipeline

    return Pipeline(Parts(settings, clock))


def migrate(settings: Settings) -> Migrated:
    """Bring ``fraud_db`` to the newest schema."""
    from fraud_scorer.operations.migrate import migrate as bring_up

    return bring_up(
        settings.fraud_db_url.get_secret_value(),
        time_zone=settings.fraud_time_zone,
        label_delay_days=settings.fraud_label_delay_days,
        currency=settings.fraud_currency,
        dashboard_password=settings.fraud_dashboard_db_password.get_secret_value(),
    )


class Parts:
    """The adapters that the settings choose, each made when first asked for."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        from fraud_scorer.adapters.clock import SystemClock

        self.settings = settings
        self.clock: Clock = clock or SystemClock()

    # --- what comes in -----------------------------------------------------------------------------------------
    @cached_property
    def api(self) -> HttpPaymentsApi:
        """The payments API."""
        from fraud_scorer.adapters.payments_api import HttpPaymentsApi, parse_headers

        return HttpPaymentsApi(
            self.settings.payments_api_url,
            headers=parse_headers(self.settings.payments_api_headers.get_secret_value()),
            max_bytes=self.settings.payments_api_max_bytes,
            now=self.clock.now,
        )

    @cached_property
    def limits(self) -> Limits:
        """How often and how long the API is asked."""
        from fraud_scorer.steps.extract import Limits

        return Limits(
            calls=self.settings.payments_api_calls_per_run,
            call_seconds=self.settings.payments_api_timeout_seconds,
            budget_seconds=self.settings.payments_api_budget_seconds,
            look_back=timedelta(minutes=self.settings.payments_api_look_back_minutes),
        )

    @cached_property
    def cipher(self) -> Cipher:
        """What encrypts landed bytes and quarantined records."""
        from fraud_scorer.adapters.cipher import Cipher

        return Cipher.from_setting(self.settings.fraud_landing_keys.get_secret_value())

    @cached_property
    def landing(self) -> DiskLanding:
        """The raw answers."""
        from fraud_scorer.adapters.landing import DiskLanding

        return DiskLanding(self.settings.fraud_data_dir / "landing", self.cipher)

    @cached_property
    def stage(self) -> Stage:
        """The work between two tasks."""
        from fraud_scorer.adapters.stage import Stage

        return Stage(self.settings.fraud_data_dir / "stage")

    @cached_property
    def tokens(self) -> CardTokens:
        """What turns card numbers into tokens."""
        from fraud_scorer.payments.tokens import CardTokens

        return CardTokens.from_setting(self.settings.fraud_card_keys.get_secret_value())

    @cached_property
    def recipe(self) -> Recipe:
        """What the settings say about transforming."""
        from fraud_scorer.features import LOOK_BACK_DAYS
        from fraud_scorer.payments.fields import FieldMap, read_field_map
        from fraud_scorer.payments.validate import Rules
        from fraud_scorer.steps.transform import Recipe

        path = self.settings.payments_api_fields
        return Recipe(
            fields=read_field_map(path) if path else FieldMap(),
            rules=Rules(time_zone=self.settings.payments_api_time_zone, currency=self.settings.fraud_currency),
            time_zone=self.settings.fraud_time_zone,
            look_back=timedelta(days=LOOK_BACK_DAYS),
        )

    # --- what decides ------------------------------------------------------------------------------------------
    @cached_property
    def model(self) -> Artifacts:
        """The model in force."""
        from fraud_scorer.adapters.artifacts import load_artifacts

        return load_artifacts(self.settings.fraud_artifacts)

    @property
    def threshold(self) -> float:
        """A payment is flagged from this probability on."""
        chosen = self.settings.fraud_threshold
        return self.model.recommended_threshold if chosen is None else chosen

    @cached_property
    def scorer(self) -> Scorer:
        """SageMaker, the local model, or the one with the other behind it."""
        from fraud_scorer.adapters.local_model import LocalScorer
        from fraud_scorer.adapters.sagemaker import FallbackScorer

        settings = self.settings
        local = LocalScorer(self.model.booster_path, width=len(self.model.features))
        if settings.scorer == "sagemaker" and not settings.sagemaker_endpoint:
            raise SettingsError("SCORER=sagemaker names no endpoint", "Set SAGEMAKER_ENDPOINT, or SCORER=local")
        if settings.scorer == "local" or not settings.sagemaker_endpoint:
            return local
        return FallbackScorer(self.endpoint, local, self.breaker, settings.scorer)

    @cached_property
    def endpoint(self) -> SageMakerScorer:
        """The SageMaker endpoint, without a net."""
        from fraud_scorer.adapters.sagemaker import Limits, SageMakerScorer

        return SageMakerScorer(
            self.settings.sagemaker_endpoint,
            model_hash=self.model.model_hash,
            width=len(self.model.features),
            limits=Limits.of(self.settings),
        )

    @cached_property
    def breaker(self) -> PostgresBreaker:
        """The endpoint's circuit breaker."""
        from fraud_scorer.adapters.breaker import PostgresBreaker

        return PostgresBreaker(
            self.engine,
            self.settings.sagemaker_endpoint,
            failures=self.settings.sagemaker_breaker_failures,
            pause_seconds=self.settings.sagemaker_breaker_pause_seconds,
        )

    # --- what is kept, and who is told -------------------------------------------------------------------------
    @cached_property
    def engine(self) -> Engine:
        """``fraud_db``."""
        from fraud_scorer.adapters.postgres.engine import create_store_engine

        return create_store_engine(self.settings.fraud_db_url.get_secret_value())

    @cached_property
    def store(self) -> PostgresStore:
        """Payments and ledger."""
        from fraud_scorer.adapters.postgres.store import PostgresStore

        return PostgresStore(self.engine)

    @cached_property
    def quarantine(self) -> PostgresQuarantine:
        """Records that could not become payments."""
        from fraud_scorer.adapters.postgres.quarantine import PostgresQuarantine

        return PostgresQuarantine(self.engine)

    @cached_property
    def labels(self) -> PostgresLabels:
        """What others say of payments."""
        from fraud_scorer.adapters.postgres.labels import PostgresLabels

        return PostgresLabels(self.engine)

    @cached_property
    def days(self) -> PostgresDays:
        """What is known of whole days."""
        from fraud_scorer.adapters.postgres.days import PostgresDays

        return PostgresDays(self.engine)

    @cached_property
    def outbox(self) -> PostgresOutbox:
        """Messages that wait."""
        from fraud_scorer.adapters.postgres.outbox import PostgresOutbox

        return PostgresOutbox(self.engine)

    @cached_property
    def policy(self) -> Policy:
        """Who is told of what."""
        from fraud_scorer.messages.compose import Policy
        from fraud_scorer.messages.render import domain_of
        from fraud_scorer.messages.rules import read_rules

        settings = self.settings
        slack = bool(settings.alert_slack_webhook.get_secret_value())
        return Policy(
            rules=read_rules(settings.alert_rules, recipients=settings.recipients, slack=slack),
            operator=settings.alert_operator,
            dashboard_url=settings.dashboard_url,
            time_zone=settings.fraud_time_zone,
            domain=domain_of(settings.alert_from),
            max_age=timedelta(hours=settings.alert_max_age_hours),
            slack=slack,
        )

    def smtp(self) -> SmtpMailer:
        """The mail server; connects at the first message, closed as a context."""
        from fraud_scorer.adapters.smtp import SmtpMailer
        from fraud_scorer.messages.render import render_email

        settings = self.settings
        return SmtpMailer(
            settings.smtp_host,
            settings.smtp_port,
            render=partial(render_email, sender=settings.alert_from),
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.smtp_password.get_secret_value(),
            timeout_seconds=settings.smtp_timeout_seconds,
        )

    @cached_property
    def watch_state(self) -> StateFile:
        """What the watchdog remembers."""
        from fraud_scorer.operations.watch_state import StateFile

        return StateFile(self.settings.fraud_data_dir)

    def watchdog(self, *, interval: timedelta) -> Watchdog:
        """Looks at the ledger and tells the operator; ``fraud_db`` may be down."""
        from fraud_scorer.adapters.postgres.watching import PostgresWatching
        from fraud_scorer.messages.render import domain_of
        from fraud_scorer.operations.watch import Operator, Watchdog

        settings = self.settings
        return Watchdog(
            PostgresWatching(settings.fraud_db_url.get_secret_value()),
            self.mailers,
            self.watch_state,
            Operator(settings.alert_operator, domain_of(settings.alert_from), settings.dashboard_url),
            silent_after=timedelta(minutes=settings.watch_no_payments_minutes),
            interval=interval,
        )

    @contextmanager
    def mailers(self) -> Iterator[dict[str, Mailer]]:
        """The channels that are set, by name; their connections are closed at the end."""
        from fraud_scorer.adapters.slack import SlackMailer
        from fraud_scorer.messages.render import render_slack

        with ExitStack() as stack:
            channels: dict[str, Mailer] = {"email": stack.enter_context(self.smtp())}
            if webhook := self.settings.alert_slack_webhook.get_secret_value():
                slack = SlackMailer(webhook, render=render_slack, timeout_seconds=self.settings.smtp_timeout_seconds)
                stack.callback(slack.close)
                channels["slack"] = slack
            yield channels
