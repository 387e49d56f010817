"""Makes the alert policy and the channels: mail server and chat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from fraud_common.errors import SettingsError
from fraud_scorer.settings import Settings

if TYPE_CHECKING:
    from fraud_scorer.alerting.channels.smtp import SmtpMailer
    from fraud_scorer.alerting.compose import AlertPolicy
    from fraud_scorer.domain.ports import Mailer


class Alerting:
    """The alert policy and the channels."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def policy(self) -> AlertPolicy:
        """Who is told of what."""
        from fraud_scorer.alerting.channels import chats_set
        from fraud_scorer.alerting.compose import AlertPolicy
        from fraud_scorer.alerting.render import domain_of
        from fraud_scorer.wiring.alert_routing import rules_in_force

        settings = self.settings
        return AlertPolicy(
            rules=rules_in_force(settings),
            operator=settings.alert_operator,
            dashboard_url=settings.dashboard_url,
            time_zone=settings.fraud_time_zone,
            domain=domain_of(settings.alert_from),
            max_age=timedelta(hours=settings.alert_max_age_hours),
            chats=chats_set(settings),
        )

    def smtp(self) -> SmtpMailer:
        """The mail server; connects at the first message, closed as a context."""
        from fraud_scorer.alerting.channels.smtp import SmtpMailer
        from fraud_scorer.alerting.render import render_email

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

    def rules_fault(self) -> str:
        """Why the alert rules cannot be used, and what to do; empty if they can."""
        from fraud_scorer.wiring.alert_routing import rules_as_written

        try:
            rules_as_written(self.settings)
        except SettingsError as error:
            return str(error)
        return ""

    @contextmanager
    def mailers(self) -> Iterator[dict[str, Mailer]]:
        """The channels that are set, by name; their connections are closed at the end."""
        from fraud_scorer.alerting.channels import CHATS, chats_set
        from fraud_scorer.alerting.channels.webhook import WebhookMailer

        settings = self.settings
        with ExitStack() as stack:
            channels: dict[str, Mailer] = {"email": stack.enter_context(self.smtp())}
            for chat in (CHATS[name] for name in chats_set(settings)):
                mailer = WebhookMailer(
                    chat.address(settings),
                    render=chat.body,
                    setting=chat.setting.upper(),
                    timeout_seconds=settings.smtp_timeout_seconds,
                )
                stack.callback(mailer.close)
                channels[chat.name] = mailer
            yield channels
