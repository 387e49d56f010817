"""The field map: other teams' names, nested or not, become ours."""

import pytest

from fraud_common.errors import SettingsError
from fraud_scorer.ingest.event_times import TIME_FIELDS
from fraud_scorer.ingest.field_map import FieldMap, parse_field_map, read_field_map
from fraud_scorer.ingest.tables import Table


def test_their_names_become_ours():
    """Mapped and unmapped names arrive under ours; what we do not know is left out."""
    table = Table(("id", "merchant", "note"), [["p1", "Shop", "hello"]])

    assert FieldMap({"id": "trans_num"}).apply(table) == {"merchant": ["Shop"], "trans_num": ["p1"]}


def test_a_mapped_name_wins_over_one_that_is_ours_already():
    """The map is the team's word."""
    table = Table(("amt", "gross"), [[1, 2]])

    assert FieldMap({"gross": "amt"}).apply(table) == {"amt": [2]}


def test_dots_lead_into_nested_objects():
    """A nested value is found; where the path breaks off, it is missing."""
    table = Table(("card", "id"), [[{"fingerprint": "f"}, 1], [None, 2], [{"x": 1}, 3]])

    assert FieldMap({"card.fingerprint": "cc_num"}).apply(table) == {"cc_num": ["f", None, None]}


def test_a_column_with_a_dot_in_its_name_is_found_as_it_is():
    """Flattened names are names."""
    table = Table(("card.number",), [["4"]])

    assert FieldMap({"card.number": "cc_num"}).apply(table) == {"cc_num": ["4"]}


def test_mapped_names_that_no_row_has_are_told():
    """A null, or a name below an object that is null everywhere, may be right; a name that is nowhere is a typo."""
    rows = [[{"val": 1, "cur": None}, None, "p1"], [{"val": 2}, None, "p2"]]
    names = ["value.cur", "value.curr", "place.lat", "id", "id.x", "idd", "crd.fp"]
    ours = ["currency", "city", "lat", "trans_num", "zip", "state", "cc_num"]
    fields = FieldMap(dict(zip(names, ours, strict=True)))

    assert list(fields.unseen(Table(("value", "place", "id"), rows))) == ["value.curr", "id.x", "idd", "crd.fp"]
    assert list(fields.unseen(Table((), []))) == names


def test_of_several_names_the_first_that_is_there_counts():
    """Absent, null and empty are not there; the file's order decides."""
    fields = parse_field_map("card.fp: cc_num\nsepa.fp: cc_num\nwallet.payer: cc_num\nid: [trans_num, cc_num]")
    rows = [
        ["p0", {"fp": "C"}, {"fp": "S"}, None], ["p1", {"fp": ""}, {"fp": "S"}, None], ["p2", None, {}, {"payer": "W"}],
        ["p3", None, None, None],
    ]  # fmt: skip
    table = Table(("id", "card", "sepa", "wallet"), rows)

    assert fields.apply(table) == {"cc_num": ["C", "S", "W", "p3"], "trans_num": ["p0", "p1", "p2", "p3"]}
    assert fields.unseen(Table(("id",), [["p0"]])) == {}


def test_a_word_for_no_card_hides_no_card_that_follows():
    """A text such as null in one place of several is no card; of one place alone it stays, to be refused by name."""
    fields = parse_field_map("tok: cc_num\niban: cc_num\nid: [trans_num, cc_num]")
    table = Table(("id", "tok", "iban"), [["1", "null", "DE1"], ["2", "N/A", " "], ["3", "t", None]])
    assert fields.apply(table)["cc_num"] == ["DE1", "2", "t"]
    assert parse_field_map("tok: cc_num").apply(table)["cc_num"] == ["null", "N/A", "t"]


def test_a_number_is_a_place_in_a_list():
    """Also the name of an object's field; a list that is too short has nothing there."""
    table = Table(("units",), [[[{"payee": "A"}, {"payee": "B"}]], [[]], [{"0": {"payee": "C"}}], [None], [["x"]]])

    assert FieldMap({"units.0.payee": "merchant"}).apply(table) == {"merchant": ["A", None, "C", None, None]}
    assert FieldMap({"units.1.payee": "merchant"}).apply(table)["merchant"][0] == "B"
    assert FieldMap({"units.0.payee": "merchant", "units.9.payee": "city"}).unseen(table) == {"units.9.payee": "city"}


def test_a_constant_stands_where_a_payment_says_nothing():
    """Of a field that no column gives, and in rows that have none."""
    fields = parse_field_map("fields: {cur: currency}\nconstants: {currency: EUR, merchant: Corner Shop}")

    assert fields.apply(Table(("cur",), [["USD"], [None]])) == {
        "currency": ["USD", "EUR"],
        "merchant": ["Corner Shop"] * 2,
    }


def test_a_document_says_what_names_cannot():
    """The sections become the rules that payments are judged by."""
    text = """
    fields: {id: trans_num}
    amounts: {spending: negative, decimals: {ISK: 2}, format: "1.234,56"}
    kinds: {refund: [gutschrift], decline: ["05"]}
    """
    rules = parse_field_map(text).rules(time_zone="UTC", currency="EUR")

    assert (rules.amounts.spending_is_negative, rules.amounts.decimals, rules.amounts.sample) == (
        True,
        {"ISK": 2},
        "1.234,56",
    )
    assert rules.kinds.own == {"gutschrift": "refund", "05": "decline"}


def test_yaml_is_read_from_a_file(tmp_path):
    """A file of `their name: ours` lines gives the map; no file gives the empty one."""
    path = tmp_path / "fields.yaml"
    path.write_text("id: trans_num\ncard.number: cc_num\n")

    assert read_field_map(path).theirs_to_ours == {"id": "trans_num", "card.number": "cc_num"}
    assert read_field_map(None).theirs_to_ours == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: transnum", "Nearest: trans_num"),
        ("a: amt\na: zip", "has the name 'a' twice"),
        ("a: [amt, 5]", "no mapping of names"),
        ("a: []", "no mapping of names"),
        ("feilds: {id: trans_num}", "the section 'feilds', which is not known. Nearest: fields"),
        ("fields: {id: trans_num}\ncurrency: EUR", "the section 'currency', which is not known"),
        ("fields: {id: transnum}", "Nearest: trans_num"),
        ("fields: {id: trans_num}\namounts:", "amounts is no mapping"),
        ("amounts: {spendings: negative}", "Nearest: spending"),
        ("amounts: {spending: minus}", "neither negative nor positive"),
        ("amounts: {decimals: {isk: 2}}", "decimals: {ISK: 2, UGX: 2}"),
        ("amounts: {decimals: {ISK: 9}}", "decimals: {ISK: 2, UGX: 2}"),
        ("amounts: {format: 1.234}", "is not 1234.56 as the API writes it"),
        ("constants: {merchants: x}", "Nearest: merchant"),
        ("constants: {currency: Euro}", "currency is not a currency"),
        ("constants: {merchant: ''}", "merchant is missing"),
        ("constants: {cc_num: x}", r"Map it; .* id: \[trans_num, cc_num\]"),
        ("constants: {amt: 5}", "differs between payments"),
        ("kinds: {refunds: [x]}", "Nearest: refund"),
        ("kinds: {decline: [05]}", "in quotes"),
        ("kinds: {decline: [a], refund: [a]}", "stands under decline and refund"),
        ("- a\n- b", "no mapping of names"),
        ("a: 5", "no mapping of names"),
        ("", "no mapping of names"),
        ("a: [", "not YAML"),
    ],
)
def test_a_wrong_map_says_what_is_wrong(text, says):
    """Each mistake is named before any payment is touched."""
    with pytest.raises(SettingsError, match=says):
        parse_field_map(text)


def test_a_map_that_cannot_be_read_names_the_setting_or_option(tmp_path):
    """The error names what led to the file, and the file."""
    with pytest.raises(SettingsError, match=r"PAYMENTS_API_FIELDS: .*nowhere\.yaml does not exist. Check the path"):
        read_field_map(tmp_path / "nowhere.yaml")
    with pytest.raises(SettingsError, match=r"^--fields: .* cannot be read \(IsADirectoryError\)"):
        read_field_map(tmp_path, named_by="--fields")


@pytest.mark.parametrize("ours", TIME_FIELDS)
def test_any_time_that_is_mapped_is_the_payments_own(ours):
    """Its unit does not matter: only a time that nobody mapped may be the clock of the answer."""
    assert FieldMap({"created": ours}).maps_time
    assert not FieldMap({"created": "trans_num"}).maps_time
