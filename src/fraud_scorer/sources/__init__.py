"""Where payments come from: each source answers ``ports.PaymentsApi``; the scheme of PAYMENTS_API_URL chooses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from fraud_common.errors import SettingsError
from fraud_scorer.domain.ports import PaymentsApi
from fraud_scorer.settings import Settings

Now = Callable[[], datetime]


def source_of(settings: Settings, now: Now) -> PaymentsApi:
    """The source that the settings name; ``now`` is the clock that its deadlines are read on.

    Raises:
        SettingsError: no source reads such an address, or the source refuses a setting.
    """
    scheme, separator, _ = settings.payments_api_url.partition("://")
    if separator and scheme.isalpha() and scheme.lower() not in SOURCES:
        known = ", ".join(f"{name}://" for name in SOURCES)
        raise SettingsError(f"no source reads {scheme}://, which PAYMENTS_API_URL begins with", f"Known are {known}")
    return SOURCES.get(scheme.lower(), _http)(settings, now)  # which tells what is no address at all


def _http(settings: Settings, now: Now) -> PaymentsApi:
    from fraud_scorer.sources.payments_api import HttpPaymentsApi, parse_headers

    return HttpPaymentsApi(
        settings.payments_api_url,
        headers=parse_headers(settings.payments_api_headers.get_secret_value()),
        max_bytes=settings.payments_api_max_bytes,
        lag=timedelta(minutes=settings.payments_api_lag_minutes),
        now=now,
    )


SOURCES: dict[str, Callable[[Settings, Now], PaymentsApi]] = {"http": _http, "https": _http}
