"""The frames that pass from step to step: their columns, dtypes and null rules.

A frame holds one or more batches; ``batch_id`` and ``landing_seq`` say which row belongs to which.
"""

from __future__ import annotations

# The kind of a delivery. amount_cents is below zero where money goes back to the card (a refund, a reversal) and never
# otherwise.
PURCHASE = "purchase"  # money is taken (a sale); also a record without a kind
AUTHORISATION = "authorisation"  # money is reserved; a capture takes it
CAPTURE = "capture"  # takes the authorised amount, or a part of it
REFUND = "refund"  # gives back the amount taken, or a part of it
REVERSAL = "reversal"  # lifts an authorisation, or a part of it
DISPUTE = "dispute"  # the card holder contests the payment (a chargeback)
DECLINE = "decline"  # the payment was refused: no money moved
VERIFICATION = "verification"  # the card was checked, for nothing or a token amount
KINDS = (PURCHASE, AUTHORISATION, CAPTURE, REFUND, REVERSAL, DISPUTE, DECLINE, VERIFICATION)

# Several kinds may come under one payment's id, in any order. The payment itself is its purchase or authorisation;
# while that is not known, its capture stands for it and is scored; while that is not known either, a refund or reversal
# stands for it, unscored. Whatever does not stand for the payment is an event of it.
STANDS_FOR = {PURCHASE: 0, AUTHORISATION: 0, CAPTURE: 1, REFUND: 2, REVERSAL: 2}  # the lowest known stands
NEVER_STANDS = 3  # a dispute, a decline, a verification

# A validated payment or an event of one, card number already tokenised. One row a payment and batch (duplicates inside
# a batch are collapsed: the last delivery wins), and one an event. Null only where said.
PAYMENT_COLUMNS: dict[str, str] = {
    "batch_id": "str",
    "landing_seq": "int64",  # of the batch: later landed is higher
    "trans_num": "str",
    "event_time": "datetime64[us, UTC]",  # for a known trans_num: that of its first landed delivery
    "kind": "str",  # one of KINDS
    "amount_cents": "int64",  # minor units; negative is a refund: stored, not scored
    "currency": "str",
    "card_token": "str",  # HMAC-SHA256, 64 hex digits
    "card_key_id": "str",
    "card_last4": "str",
    "merchant": "str",
    "category": "str",  # nullable, as all that follow
    "city": "str",
    "state": "str",
    "zip": "str",
    "home_lat": "float64",
    "home_long": "float64",
    "merch_lat": "float64",
    "merch_long": "float64",
    "city_pop": "Int64",
    "gender": "str",
    "age_years": "float64",
    "payload_is_fraud": "boolean",
    "body_hash": "object",  # bytes: sha256 of all that a delivery says but its time and its label
    "delivery": "str",  # one of DELIVERIES
    "is_event": "bool",  # stands among the payment's events; true for every EVENT, and for the payment's stand-in
    "occurrence": "datetime64[us, UTC]",  # the delivery's own time; null if the API stamps each answer with its clock
}

# The relation of a delivery to the stored payment.
NEW = "new"  # never stored: scored, inserted
CORRECTION = "correction"  # stored with another body under a lower landing sequence: scored anew, updated
UNCHANGED = "unchanged"  # stored already with this body, or under a higher landing sequence: nothing to do
RESCORE = "rescore"  # stored with this body, and a new decision was asked for
LATE = "late"  # landed before the first stored one; the first load of its batch gives the payment its time and label
ARRIVAL = "arrival"  # the payment itself, after its stand-in: replaces it; the stand-in's decision stays
EVENT = "event"  # an event of the payment: its body, decision and labels stay as they are
DELIVERIES = (NEW, CORRECTION, UNCHANGED, RESCORE, LATE, ARRIVAL, EVENT)

# Earlier payments, as velocity features need them (refunds left out).
HISTORY_COLUMNS: dict[str, str] = {
    "trans_num": "str",
    "event_time": "datetime64[us, UTC]",
    "landing_seq": "int64",  # of the batch that first brought it: visible to later batches only
    "card_token": "str",
    "merchant": "str",
    "category": "str",
    "amount_cents": "int64",
    "currency": "str",  # amounts are compared within one currency only
    "merch_lat": "float64",
    "merch_long": "float64",
}

# The decision about a scored payment.
DECISION_COLUMNS: dict[str, str] = {
    "trans_num": "str",
    "raw_score": "float64",  # 0-1, the booster's
    "fraud_probability": "float64",  # 0-1, calibrated
    "threshold": "float64",
    "flagged": "bool",
    "reasons": "object",  # list of {"code", "text", "value", "usual"} if flagged, else None
    "model_hash": "str",
    "scored_by": "str",  # local, sagemaker, local-fallback
}

# A record that could not become a payment.
QUARANTINE_COLUMNS: dict[str, str] = {
    "batch_id": "str",
    "part": "int64",
    "row_index": "Int64",  # null: the whole answer
    "reason": "str",  # a short code, e.g. amount_not_a_number
    "detail": "str",  # a sentence; never card data
    "record": "object",  # encrypted bytes
}
