"""Alert routing: the recipients of each payment's alert, by the rules of an optional YAML file.

::

    rules:
      - name: big amounts            # every rule that fits counts; all of a rule's conditions must hold
        amount_at_least: 500         # in the currency's own unit
        currency: USD
        categories: [shopping_net, misc_net]
        probability_at_least: 0.9
        recipients: [lead@example.org, slack]
    otherwise: [analyst@example.org] # told of payments that no rule fits; left out: the usual recipients

``slack`` stands for that chat's webhook, as each chat in ``channels.CHATS`` by its name. Nothing flagged goes untold:
a payment that no rule fits goes to ``otherwise``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fraud_common.errors import SettingsError
from fraud_common.money import amount_major
from fraud_scorer.alerting.channels import CHATS


@dataclass(frozen=True, order=True)
class Address:
    """A message's destination: ``email`` and an address, or a chat and its own name, for its address is a secret."""

    channel: str
    recipient: str

    @classmethod
    def of(cls, name: str) -> Address:
        """The address that a recipient's name means."""
        chat = name.strip().lower()
        return cls(chat, chat) if chat in CHATS else cls("email", name.strip())


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(min_length=1)]


class RoutingRule(_Strict):
    """One rule: conditions left out hold always."""

    name: str = ""
    amount_at_least: float | None = Field(None, ge=0)
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    categories: tuple[str, ...] | None = None
    probability_at_least: float | None = Field(None, ge=0, le=1)
    recipients: tuple[Name, ...] = Field(min_length=1)

    def fits(self, amount_cents: int, currency: str, category: str | None, probability: float) -> bool:
        """Whether every condition holds."""
        return (
            (self.amount_at_least is None or amount_major(amount_cents, currency) >= self.amount_at_least)
            and (self.currency is None or currency == self.currency)
            and (self.categories is None or category in self.categories)
            and (self.probability_at_least is None or probability >= self.probability_at_least)
        )


class RoutingRules(_Strict):
    """All rules, and the recipients of payments that no rule fits."""

    rules: tuple[RoutingRule, ...] = ()
    otherwise: tuple[Name, ...] = ()

    def addresses(self, amount_cents: int, currency: str, category: str | None, probability: float) -> list[Address]:
        """The addresses for one payment, each once, in a fixed order."""
        told = {
            Address.of(name)
            for rule in self.rules
            if rule.fits(amount_cents, currency, category, probability)
            for name in rule.recipients
        }
        return sorted(told or {Address.of(name) for name in self.otherwise})


def read_routing_rules(path: Path | None, *, recipients: Sequence[str], chats: Collection[str]) -> RoutingRules:
    """The rules in force; without a file everyone (and each of ``chats``, those that are set) is told of everything.

    Raises:
        SettingsError: the file is missing or is no such YAML, no one would be told, or it names a chat whose webhook
            is not set; the error names the place.
    """
    usual = (*recipients, *chats)
    rules = RoutingRules() if path is None else _parse(path)
    if not rules.otherwise:
        rules = rules.model_copy(update={"otherwise": usual})
    if not rules.otherwise:
        raise SettingsError("no one is told of frauds", "Set ALERT_RECIPIENTS to at least one address")
    named = {name for rule in rules.rules for name in rule.recipients} | set(rules.otherwise)
    for chat in sorted({Address.of(name).channel for name in named} - {"email", *chats}):
        raise SettingsError(f"the alert rules name {chat}, and no webhook is set", f"Set {CHATS[chat].setting.upper()}")
    return rules


def _parse(path: Path) -> RoutingRules:
    try:
        return RoutingRules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise SettingsError(f"the alert rules {path} cannot be read ({error.strerror})", "Mend ALERT_RULES") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"the alert rules {path} are no YAML: {error}", "Mend the file") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"the alert rules {path} are wrong: {faults}", "Mend the file") from None
