"""Codes, PINs and track data never get as far as landing, and everything else lands byte for byte."""

import json

import pytest

from fraud_scorer.ingest.sensitive_data import SensitiveFields, is_sensitive, without_sensitive

CODE, TRACK1 = "7391", "%B4539578763621486^BYRON/ADA^27122010000000739100000?"
TRACK2 = ";4539578763621486=27122010000073910000?"
NAMES = (
    "cvv", "CVV2", "cvc", "cvc2", "cid", "csc", "cav2", "CardCVV", "card_cvc", "cvvCode", "securityCode", "cardCode",
    "card_security_code", "card-verification-value", "cardVerificationNumber", "pin", "PIN", "pinBlock", "pin_block",
    "PINBlock", "encryptedPin", "track1", "track_2", "track2Data", "trackData", "magstripe", "magneticStripeData",
    "mag_stripe_data", "swipeData", "track2_equivalent_data", "C.V.V", "cv_v2", "sec_code",
    "code_verification", "cryptogram",
)  # fmt: skip
HARMLESS = (
    "cvc_check", "cvv_result", "cvvResultCode", "pin_entry_mode", "shipping", "shopping", "tracking_number", "track_id",
    "city", "spin", "pinned", "zip_code", "incident", "stripe_id", "mcc_code", "pinterest", "postal_code", "cvv_match",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_field_is_known_by_its_name(name):
    """In records, nested, as a column, in JSON inside a string, under another encoding, in lists and objects."""
    record = {"id": "a", name: CODE, "amt": 1.5}
    bodies = [
        json.dumps([record]), json.dumps({"data": [{"card": record}]}), json.dumps([{"id": "a", name: {"v": [CODE]}}]),
        json.dumps({"columns": ["id", name], "data": [["a", CODE], ["b", CODE]]}), json.dumps(json.dumps([record])),
        json.dumps([{"payload": json.dumps(record)}]), json.dumps([record])[:-9],
        json.dumps({"data": [["a", CODE]], "columns": ["id", name]}), f"[{{'{name}': '{CODE}'}}]",
    ]  # fmt: skip
    for body in bodies:
        for encoding in ("utf-8", "utf-16"):
            done = without_sensitive(body.encode(encoding))
            assert CODE not in done.body.decode(encoding), body
            assert done.count >= 1
            assert not done.fault


@pytest.mark.parametrize(
    "pair",
    [{"name": "cvv", "value": CODE}, {"key": "CVV2", "val": int(CODE)}, {"Field": "pin", "Value": CODE}, ["cvv", CODE]],
)
def test_a_field_is_known_by_a_name_that_is_a_value(pair):
    """As metadata are sent; another pair beside it stays, and so do names in a list."""
    record = {"id": "a", "amt": 1.5, "meta": [pair, {"name": "order", "value": "4711"}, ["order", "4712"]]}
    for body in (json.dumps([record]), json.dumps(json.dumps([record])), json.dumps([record])[:-2]):
        done = without_sensitive(body.encode()).body.decode()
        assert CODE not in done
        assert "4711" in done
        assert "4712" in done
    names = json.dumps({"columns": ["id", "cvv", "amt"], "data": []}).encode()
    assert without_sensitive(names).body is names


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_only_tells_of_one_stays(name):
    """Results of a check, and names with the same letters, are kept."""
    assert not is_sensitive(name)
    body = json.dumps([{name: "pass", "amt": 1}]).encode()
    assert without_sensitive(body).body is body


@pytest.mark.parametrize(
    "value", [TRACK1, TRACK2, TRACK2.strip(";?"), TRACK2.replace("=", "D").strip(";?"), f"read {TRACK1}{TRACK2} ok",
              "CVV: 7391", "cvv is 7391", "pin=7391", "<cvv2>7391</cvv2>"],
)  # fmt: skip
def test_track_data_and_named_codes_are_known_in_any_text(value):
    """Whatever the field is called; also in an answer that is no JSON."""
    for body in (json.dumps([{"memo": value, "id": "a"}]), f"error: {value}", json.dumps(value)):
        done = without_sensitive(body.encode())
        assert b"7391" not in done.body
        assert done.count


def test_an_escaped_name_is_read():
    """JSON may write any letter by its number."""
    body = rb'[{"\u0063v\u0076": "7391", "memo": "\u003b4539578763621486\u003d27122010000073910000"}]'
    assert b"7391" not in without_sensitive(body).body


def test_what_the_map_declares_is_removed():
    """A path ends at the value or at what holds it; in a split frame it names the column."""
    known = SensitiveFields(remove=("card.secret", "memo"))
    body = b'[{"card": {"secret": {"a": 7391}, "id": 1.10}, "secret": 5, "memo": "7391"}]'

    assert without_sensitive(body, known).body == (
        b'[{"card": {"secret": {"a": "[removed]"}, "id": 1.10}, "secret": 5, "memo": "[removed]"}]'
    )
    split = b'{"columns": ["memo", "card"], "data": [["7391", {"secret": 7391}]]}'
    assert b"7391" not in without_sensitive(split, known).body


def test_a_mapped_postal_code_is_no_pin():
    """An Indian PIN code that the map reads as zip stays; a PIN that it reads does not."""
    known = SensitiveFields(mapped=frozenset({"pincode", "pin"}))
    body = b'[{"pincode": "560001", "pin": "7391"}]'
    assert without_sensitive(body, known).body == b'[{"pincode": "560001", "pin": "[removed]"}]'


@pytest.mark.parametrize(
    "body",
    [b'{"cvv":"' + b'\\"' * 300_000, b'[{"cvv":1}' + b"\\" * 300_000,
     b"", b"\xff\xfe", b"\x00\xd8cvv",
     b"[" * 200_000 + b'"cvv":1', b'{"cvv":', b'"cvv', b'{"cvv": "7\\', b"]]]}},cvv",
     b'{"cvv": null, "amt": 1}', b'[{"cvv": "", "cvc": true}]', b'\xff[{"cvc":"x\xff"}]'],
)  # fmt: skip
def test_nothing_raises(body):
    """What is no JSON, nested too deeply, cut or empty lands all the same."""
    assert without_sensitive(body).count <= 1


def test_other_bytes_stay_as_they_came():
    """Numbers, spaces, bytes that are no UTF-8 and double names around a removed value are the same."""
    body = b'[ {"amt": 1.10e2, "cc": 4532015112830366999, "m": "caf\xe9", "cvv" : 123 ,"cvv":"9"} ]'
    assert without_sensitive(body).body == (
        b'[ {"amt": 1.10e2, "cc": 4532015112830366999, "m": "caf\xe9", "cvv" : "[removed]" ,"cvv":"[removed]"} ]'
    )
