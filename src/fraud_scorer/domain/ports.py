"""The ports of the steps, as protocols. Adapters implement them, ``wiring`` chooses, tests fake them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from fraud_scorer.domain.batches import Batch

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

KEYED = "hmac-"  # how the mark of a landed body begins; of earlier versions it is a plain hash, and does not


# --- extract ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Answer:
    """One answer of the payments API, as received."""

    body: bytes
    http_status: int
    content_type: str
    received_at: datetime
    truncated: bool = False  # the connection ended before the announced length


class PaymentsApi(Protocol):
    """A source of payments."""

    windowed: bool  # the URL holds {start} and {end}: any minute can be asked for, at any time

    def ask(self, batch: Batch, *, deadline: datetime) -> Answer:
        """One answer for the batch's minute. Raises ApiUnavailable (with ``retry_after`` where the server said)."""


@dataclass(frozen=True)
class Part:
    """One landed answer of a batch, as known without decrypting it."""

    number: int
    path: str
    sha256: str  # KEYED and HMAC-SHA256 of the body as landed; of earlier versions a plain hash
    byte_count: int
    http_status: int
    content_type: str
    received_at: datetime
    truncated: bool
    removed: int = 0  # codes, PINs and track data that were taken out before it landed


@dataclass(frozen=True)
class Completion:
    """The marker that closes a batch.

    ``status`` is ``landed``, ``missed`` (nothing landed, and too late to ask) or ``purged`` (landed, and kept no more).
    """

    batch: Batch
    landing_seq: int
    status: str
    parts: tuple[Part, ...]
    closed_at: datetime
    notes: tuple[str, ...] = ()  # calls that gave no answer, and why


class Landing(Protocol):
    """Raw bytes on disk: encrypted, hashed, fsynced; never changed once written."""

    def completion(self, batch: Batch) -> Completion | None: ...
    def open_batches(self) -> list[Batch]:
        """Batches with parts and no completion marker, oldest first."""

    def parts(self, batch: Batch) -> list[Part]: ...
    def land(self, batch: Batch, answer: Answer) -> Part:
        """On disk and fsynced when this returns."""

    def close(self, batch: Batch, *, now: datetime, status: str = "landed", notes: Sequence[str] = ()) -> Completion:
        """Write the marker and give the batch its landing sequence number: higher than any before. Idempotent."""

    def completions(self, after_seq: int = 0) -> list[Completion]:
        """Every marker above ``after_seq``, in order of landing sequence."""

    def first_sequence(self) -> int | None:
        """About the lowest landing sequence that is known here, None if nothing ever landed."""

    def read(self, batch: Batch, part: Part) -> bytes:
        """The body as received. Raises LandingError if it is missing, altered or under an unknown key."""


# --- score ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class RawScores:
    """One raw score (0-1, float64) a row, all from one scorer."""

    raw: np.ndarray  # shape (n,)
    scored_by: str  # local, sagemaker, local-fallback
    fallback_reason: str = ""
    variant: str = ""  # the endpoint's InvokedProductionVariant; several joined by ", "; empty: it named none
    calls: int = 0


class Scorer(Protocol):
    """Turns a matrix of model inputs into raw scores, all or nothing."""

    def score(self, matrix: np.ndarray, *, reference: str) -> RawScores:
        """``matrix``: float32, shape (n, width), NaN for missing; ``reference``: the run, for the endpoint's log."""


class Model(Protocol):
    """The artefacts of one trained model (``manifest.json`` and the files that it names)."""

    model_hash: str
    features: tuple[str, ...]
    recommended_threshold: float

    def matrix(self, features: pd.DataFrame) -> np.ndarray:
        """``preprocess.joblib`` applied: float32, one row a payment, in the manifest's order."""

    def calibrate(self, raw: np.ndarray) -> np.ndarray: ...
    def reasons(
        self, features: pd.DataFrame, matrix: np.ndarray, currencies: Sequence[str]
    ) -> list[list[dict[str, object]]]:
        """The three strongest reasons of each row, strongest first; amounts in the row's currency."""


# --- transform and load -------------------------------------------------------------------------------------------
class Store(Protocol):
    """``fraud_db`` as transform and load see it."""

    def note_landed(self, completions: Sequence[Completion]) -> None:
        """Make ledger and landing index know these batches. Idempotent."""

    def highest_landed_seq(self) -> int: ...
    def unloaded(self, limit: int) -> list[tuple[Batch, int]]:
        """Landed and not yet loaded batches with their landing sequence, lowest first."""

    def ahead(self, batches: Sequence[Batch]) -> list[tuple[Batch, int]]:
        """As ``unloaded``: the waiting batches up to the last of these that was never loaded."""

    def claim(self, batches: Sequence[Batch], token: str) -> None:
        """Let only the holder of ``token`` load these batches from now on."""

    def answered(self, batches: Sequence[Batch], token: str) -> None:
        """Note that the run with these claims ended by itself: neither killed nor out of time."""

    def known(self, trans_nums: Sequence[str]) -> pd.DataFrame:
        """Stored ones among these payments: trans_num, event_time, landing_seq, first_landing_seq, body_hash, kind."""

    def history(self, card_tokens: Sequence[str], since: datetime, until: datetime, before_seq: int) -> pd.DataFrame:
        """HISTORY_COLUMNS of these cards' payments in [since, until) first landed before ``before_seq``."""

    def note_card_tokens(self, earlier: Mapping[str, str]) -> None:
        """Remember that tokens of older keys name the same cards as today's, where payments are stored under them."""

    def merchant_profiles(self, days: Sequence[object], before_seq: int) -> pd.DataFrame:
        """merchant_profiles' columns for these days; days not yet written are computed as of ``before_seq``."""

    def load(self, work: LoadWork, token: str) -> LoadCounts:
        """One batch in one transaction: all or nothing. Raises Fenced if ``token`` lost its claim, or out of turn."""

    def count_refusal(self, batch: Batch) -> int:
        """Count a run that failed by this waiting batch; gives the count, 0 if the batch does not wait."""

    def mark_failed(self, batch: Batch, error: str) -> bool:
        """Mark the batch failed, and pass it; False if it was done by then."""


@dataclass
class LoadWork:
    """Everything load writes for one batch."""

    batch: Batch
    landing_seq: int
    payments: pd.DataFrame  # PAYMENT_COLUMNS, this batch only
    decisions: pd.DataFrame  # DECISION_COLUMNS plus features (list of float), of the scored payments
    quarantine: pd.DataFrame  # QUARANTINE_COLUMNS
    profiles: pd.DataFrame  # merchant profiles first computed by this run
    received: int
    scored_by: str | None
    fallback_reason: str
    threshold: float | None
    model_hash: str | None
    seconds: float
    invoked_variant: str = ""  # of the endpoint, as it says
    error: str = ""  # why nothing of the batch could be read; it is then marked failed
    note: str = ""  # more pages, or an error beside the records, that its answers announced
    bad: int = 0  # records that are no payments, those among them that are kept only with their answer
    dropped: str = ""  # JSON: how many unusable optional values its payments lost, by reason
    follows_lost: bool = False  # the run lost an earlier batch, whose payments this one counted on
    messages: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class LoadCounts:
    """The changes of one load; all zero but ``unchanged`` on a replay."""

    inserted: int
    updated: int
    unchanged: int
    flagged: int
    messages: int
    quarantined: int
    events: int = 0  # refunds, captures, disputes and the like of payments that are stored beside them


# --- alert ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Message:
    """One message to one recipient, frozen when made."""

    message_id: str  # RFC 5322 Message-ID without the angle brackets
    kind: str  # alert, operator, daily
    channel: str  # email, or a chat's name (alerting/channels)
    recipient: str
    content: dict[str, object]  # JSON for the template; no card number, no token
    trans_nums: tuple[str, ...] = ()
    batch_id: str | None = None
    suppressed: str = ""  # why it is recorded and not sent: too_old, snoozed, flood


class Outbox(Protocol):
    """Messages that wait, kept in ``fraud_db``."""

    def lease(self, limit: int, *, seconds: float, channels: Sequence[str]) -> tuple[str, list[Message]]:
        """A lease token and the due messages of these channels it covers, longest due first; theirs until it ends."""

    def sent(self, message_id: str, lease: str) -> bool:
        """Mark as sent if the lease still holds."""

    def retry_later(self, message_id: str, lease: str, error: str) -> None: ...
    def failed(self, message_id: str, lease: str, error: str) -> None: ...


class Mailer(Protocol):
    """A mail server, or a chat webhook."""

    def send(self, message: Message) -> None:
        """Accepted by the server when this returns. Raises MailUnavailable, MailServerDown or MailRefused."""
