"""The payments API's contract, variant by variant, from the bytes of an answer to payments and quarantine."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from cryptography.fernet import Fernet

from fraud_scorer.domain.batches import Batch
from fraud_scorer.domain.frames import HISTORY_COLUMNS
from fraud_scorer.features import FEATURE_NAMES, compute_features
from fraud_scorer.ingest.batch_reader import RawPart
from fraud_scorer.ingest.card_tokens import CardTokens
from fraud_scorer.ingest.deliveries import KNOWN_COLUMNS, empty_frame
from fraud_scorer.ingest.field_map import parse_field_map
from fraud_scorer.ingest.validate import ValidationRules
from fraud_scorer.landing.cipher import Cipher
from fraud_scorer.steps.transform import BatchInput, TransformConfig, transform

EVENT = datetime(2026, 11, 20, 10, 31, 5, tzinfo=UTC)
RECEIVED_AT = datetime(2026, 11, 20, 10, 32, 1, tzinfo=UTC)
MILLIS = 1_795_170_665_000
TOKENS = CardTokens.from_setting("k1:" + "old-key9" * 4)
PUBLIC_COLUMNS = [
    "cc_num", "merchant", "category", "amt", "first", "last", "gender", "street", "city", "state", "zip", "lat", "long",
    "city_pop", "job", "dob", "trans_num", "merch_lat", "merch_long", "is_fraud", "current_time",
]  # fmt: skip


class EmptyStore:
    """A database in which nothing is known yet."""

    def known(self, trans_nums):
        return empty_frame(KNOWN_COLUMNS)

    def history(self, *_):
        return empty_frame(HISTORY_COLUMNS)

    def merchant_profiles(self, days, before_seq):
        return pd.DataFrame(columns=["profile_day", "merchant", "payments_7d", "payments_30d", "labelled_7d",
                                     "labelled_30d", "frauds_7d", "frauds_30d"])  # fmt: skip


class PlainModel:
    features = FEATURE_NAMES

    def matrix(self, features):
        return features.select_dtypes("number").to_numpy(np.float32)


def payment(**changes):
    """One payment in the public schema; `...` leaves a field out."""
    values = [
        4532015112830366777, "fraud_Kihn-Fritsch", "shopping_net", 45.06, "Ada", "Byron", "F", "1 Mill Lane", "Pelkie",
        "MI", 2134, 46.7949, -88.6251, 1270, "Engineer", "1976-07-22", "12345678e90123456789012345678901", 46.98,
        -88.88, 0, MILLIS,
    ]  # fmt: skip
    given = dict(zip(PUBLIC_COLUMNS, values, strict=True)) | changes
    return {name: value for name, value in given.items() if value is not ...}


def split(*payments, columns=None):
    """The form of pandas' `orient="split"`, decoded."""
    columns = columns or list(payments[0])
    return {"columns": columns, "index": [301199 + n for n in range(len(payments))],
            "data": [[one[name] for name in columns] for one in payments]}  # fmt: skip


def public(*payments):
    """The body as the public server writes it: JSON in a JSON string."""
    return json.dumps(json.dumps(split(*payments))).encode()


def receive(body, **config):
    """One answer through transform."""
    part = RawPart(1, RECEIVED_AT, lambda: body)
    cipher = Cipher.from_setting(Fernet.generate_key().decode())
    return transform(
        [BatchInput(Batch.of_id("2026-11-20T10:31Z"), 1, [part])], store=EmptyStore(), tokens=TOKENS,
        model=PlainModel(),
        compute_features=compute_features, encrypt=cipher.encrypt, config=TransformConfig(**config),
    )  # fmt: skip


def the_payment(result):
    """The only payment, if nothing was refused."""
    assert result.quarantine["reason"].tolist() == []
    assert len(result.payments) == 1
    return result.payments.iloc[0]


def test_the_public_body_is_understood_to_the_last_digit():
    """Double-encoded split JSON: exact card, untouched id, zeros of the zip, event time, cents, label."""
    stored = the_payment(receive(public(payment())))

    assert stored["trans_num"] == "12345678e90123456789012345678901"
    assert stored["card_token"] == TOKENS.tokens(["4532015112830366777"])[0]
    assert stored["card_last4"] == "6777"
    assert stored["zip"] == "02134"
    assert stored["event_time"] == EVENT
    assert (stored["amount_cents"], stored["currency"]) == (4506, "USD")
    assert not stored["payload_is_fraud"]


def test_what_pandas_itself_writes_is_understood():
    """The server's own call: `frame.to_json(orient="split")`, handed to a JSON response."""
    frame = pd.DataFrame([payment(cc_num=4532015112830366), payment(trans_num="b", city=None)], index=[5, 9])
    text = StringIO()
    frame.to_json(text, orient="split")

    result = receive(json.dumps(text.getvalue()).encode())

    assert result.payments["event_time"].tolist() == [EVENT, EVENT]
    assert result.payments["city"].isna().tolist() == [False, True]


def test_a_decoded_body_and_columns_in_another_order_are_the_same():
    """Once encoded, twice encoded, shuffled: the same payment, the same body hash."""
    backwards = split(payment(), columns=PUBLIC_COLUMNS[::-1])
    bodies = [public(payment()), json.dumps(split(payment())).encode(), json.dumps(backwards).encode(),
              json.dumps([payment()]).encode()]  # fmt: skip

    frames = [receive(body).payments for body in bodies]

    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])


@pytest.mark.parametrize(
    "times",
    [
        {"current_time": MILLIS},
        {"current_time": "2026-11-20T10:31:05Z"},
        {"current_time": "2026-11-20 10:31:05"},
        {"current_time": ..., "trans_date_trans_time": "2026-11-20 10:31:05"},
        {"current_time": ..., "unix_time": MILLIS // 1000},
        {"current_time": MILLIS, "trans_date_trans_time": "2019-11-20 10:31:05", "unix_time": 1_574_245_865},
    ],
)
def test_every_form_of_the_event_time_is_the_same_moment(times):
    """Milliseconds, ISO text, the set's own column, seconds; UTC where nothing is said."""
    assert the_payment(receive(public(payment(**times))))["event_time"] == EVENT


def test_a_naive_server_clock_has_the_zone_of_the_settings():
    """New York's 05:31 is 10:31 UTC."""
    body = public(payment(current_time="2026-11-20 05:31:05"))

    assert the_payment(receive(body, rules=ValidationRules(time_zone="America/New_York")))["event_time"] == EVENT


def test_the_label_in_the_payload_is_no_feature():
    """With and without it the model sees the same."""
    matrices = [receive(public(payment(is_fraud=label))).matrix for label in (0, 1, None, ...)]

    assert all(np.array_equal(matrix, matrices[0], equal_nan=True) for matrix in matrices)
    assert the_payment(receive(public(payment(is_fraud=1))))["payload_is_fraud"]
    assert not any("fraud" in name and "payload" in name for name in FEATURE_NAMES)


def test_five_fields_are_enough():
    """Id, time, card, merchant, amount; all else is null, not zero."""
    few = {name: payment()[name] for name in ("trans_num", "current_time", "cc_num", "merchant", "amt")}
    stored = the_payment(receive(json.dumps([few]).encode()))

    optional = ["category", "city", "state", "zip", "home_lat", "home_long", "merch_lat", "merch_long", "city_pop",
                "gender", "age_years", "payload_is_fraud"]  # fmt: skip
    assert stored[optional].isna().all()


@pytest.mark.parametrize("name", ["trans_num", "current_time", "cc_num", "merchant", "amt"])
def test_each_of_the_five_is_required(name):
    """Null or absent, the record is quarantined as missing its value."""
    for nothing in (None, ...):
        result = receive(json.dumps([payment(**{name: nothing})]).encode())
        assert [reason.rpartition("_")[2] for reason in result.quarantine["reason"]] == ["missing"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"merchant": "Sho\0p"}, "merchant_nul_character"),
        ({"trans_num": "\udfff"}, "trans_num_lone_surrogate"),
        ({"amt": float("nan")}, "amount_not_finite"),
        ({"amt": 1e308}, "amount_out_of_range"),
        ({"cc_num": 4.532015112830366777e18}, "card_digits_lost"),
        (
            {"current_time": int((RECEIVED_AT + timedelta(minutes=5, milliseconds=1)).timestamp() * 1000)},
            "event_time_in_future",
        ),
        ({"merchant": "m" * 201}, "merchant_too_long"),
    ],
)
def test_what_would_poison_the_database_or_the_model_is_quarantined(changes, reason):
    """Each with its reason; the payment beside it is stored."""
    result = receive(public(payment(**changes), payment(trans_num="good")))

    assert result.quarantine[["row_index", "reason"]].to_numpy().tolist() == [[0, reason]]
    assert result.payments["trans_num"].tolist() == ["good"]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"city": "\ud800"}, "city"),
        ({"state": "N\0"}, "state"),
        ({"lat": float("inf")}, "home_lat"),
        ({"merch_lat": 91}, "merch_lat"),
        ({"long": -181}, "home_long"),
        ({"dob": "yesterday"}, "age_years"),
    ],
)
def test_an_optional_value_that_cannot_be_used_is_dropped_and_its_payment_kept(changes, column):
    """The value is null, not 0; nothing is quarantined, and the ledger is told how many values were dropped."""
    result = receive(public(payment(**changes), payment(trans_num="good")))

    assert result.quarantine.empty
    assert result.payments[column].isna().tolist() == [True, False]
    assert sum(json.loads(result.batches["dropped"][0]).values()) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (json.dumps({"columns": PUBLIC_COLUMNS, "data": [[1, 2]]}).encode(), "not as long as its 21 columns"),
        (json.dumps({"columns": ["amt", "amt"], "data": [[1, 2]]}).encode(), "columns twice: amt"),
        (public(payment())[:-40], "not JSON"),
        (b"<html>502</html>", "HTML"),
        (b"", "empty"),
    ],
)
def test_faults_of_the_whole_answer_fail_the_batch_with_their_sentence(body, says):
    """Nothing is guessed; the answer is one quarantined record."""
    result = receive(body)

    assert says in result.batches["error"][0]
    assert result.quarantine["reason"].tolist() == ["answer_unreadable"]
    assert result.payments.empty


def test_a_refund_is_stored_and_not_scored():
    """A negative amount is a payment; the model never sees it."""
    result = receive(public(payment(amt=-12.5)))

    assert the_payment(result)["amount_cents"] == -1250
    assert len(result.matrix) == 0


def test_the_currency_is_a_setting_or_a_field():
    """The field wins, and says how many decimals an amount has."""
    body = json.dumps([payment(amt=1250, currency="JPY"), payment(amt=1250, trans_num="b")]).encode()

    payments = receive(body, rules=ValidationRules(currency="EUR")).payments

    assert payments[["amount_cents", "currency"]].to_numpy().tolist() == [[1250, "JPY"], [125_000, "EUR"]]


def test_another_teams_api_plugs_in_by_a_field_map():
    """Nested names, cents and seconds of a payment platform's own form."""
    fields = parse_field_map(
        """
        id: trans_num
        created: unix_time
        amount: amt_minor
        card.fingerprint: cc_num
        merchant.name: merchant
        """
    )
    theirs = {
        "id": "ch_3MmlLr", "created": MILLIS // 1000, "amount": 1999, "currency": "eur",
        "card": {"fingerprint": "Xt5EWLLDS7FJjR1c", "brand": "visa"}, "merchant": {"name": "Shop", "mcc": 5411},
    }  # fmt: skip

    stored = the_payment(receive(json.dumps({"data": [theirs], "has_more": False}).encode(), fields=fields))

    assert stored[["trans_num", "amount_cents", "currency", "merchant"]].tolist() == ["ch_3MmlLr", 1999, "EUR", "Shop"]
    assert (stored["event_time"], stored["card_last4"]) == (EVENT, "")  # the end of a reference is no card's last four
