"""Every error the library raises on purpose.

::

    FraudScorerError
    ├── TransientError          try the same thing again: the cause heals by itself
    │   ├── ApiUnavailable          payments API: refused, slow, 429, 5xx, cut
    │   ├── StoreUnavailable        PostgreSQL: refused, restarted, dead-locked, black-holed
    │   │   └── StoreTooSlow            PostgreSQL: a statement ran out of time
    │   ├── EndpointUnavailable     SageMaker: down, throttled, slow, answered nonsense
    │   ├── MailUnavailable         SMTP or webhook: 4xx, cut: this message waits, others may still pass
    │   │   └── MailServerDown          no connection, no login, too slow: nothing passes now
    │   └── Fenced                  another run took this batch over, or one that landed before it waits
    └── TerminalError           trying again changes nothing: someone has to act
        ├── SettingsError           a setting is missing, wrong or unknown
        ├── PayloadError            a whole answer of the payments API cannot be read
        ├── LandingError            landed bytes are missing, altered or under an unknown key
        ├── ArtifactError           model files are missing, altered or do not fit each other
        ├── DataFileError           a file handed to train, score-file or history import cannot be used
        └── MailRefused             SMTP: 5xx

Each says what happened and, in ``cure``, what to do about it. All survive pickling (Airflow sends them between
processes), and none ever holds a card number, a key or a password.
"""


class FraudScorerError(Exception):
    """An error with its cure.

    Args:
        what: one sentence, the cause; never card data, never a secret.
        cure: one sentence, what the reader does about it; empty if nothing is to be done.
    """

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(what, cure)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        if not self.cure:
            return self.what
        end = "" if self.what.endswith(("?", "!", ".")) else "."
        return f"{self.what}{end} {self.cure.rstrip(' .')}{'' if self.cure.endswith('?') else '.'}"


class TransientError(FraudScorerError):
    """Heals by itself: a retry is right."""


class ApiUnavailable(TransientError):
    """The payments API did not give an answer in time."""

    retry_after: float | None = None  # seconds to wait, where the server said so


class StoreUnavailable(TransientError):
    """PostgreSQL cannot be reached, or gave the transaction up."""


class StoreTooSlow(StoreUnavailable):
    """A statement took longer than it may: the database is overloaded, or there is too much of it."""


class EndpointUnavailable(TransientError):
    """The SageMaker endpoint gave no usable scores."""


class MailUnavailable(TransientError):
    """The mail server did not accept the message now; it may later."""


class MailServerDown(MailUnavailable):
    """The mail server (or webhook) takes no message at all now: trying the others would only cost their time."""


class Fenced(TransientError):
    """Another run claimed the batch since this one began, or it is not its turn yet: another run loads it."""


class TerminalError(FraudScorerError):
    """Does not heal: someone has to act."""


class SettingsError(TerminalError):
    """A setting is missing, wrong or unknown."""


class PayloadError(TerminalError):
    """A whole answer of the payments API cannot be read as payments."""


class LandingError(TerminalError):
    """Landed bytes are missing, altered, or encrypted under a key that is not in the settings."""


class ArtifactError(TerminalError):
    """Model files are missing, altered, or do not fit each other or this installation."""


class DataFileError(TerminalError):
    """A data file cannot be used; ``what`` names the file and the column or row."""


class MailRefused(TerminalError):
    """The mail server refused the message for good (5xx)."""
