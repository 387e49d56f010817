"""The field map: other teams' names, nested or not, become ours."""

import pytest

from fraud_scorer.errors import SettingsError
from fraud_scorer.payments.fields import FieldMap, parse_field_map, read_field_map
from fraud_scorer.payments.tables import Table


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
    fields = FieldMap(dict.fromkeys(names, "currency"))

    assert list(fields.unseen(Table(("value", "place", "id"), rows))) == ["value.curr", "id.x", "idd", "crd.fp"]
    assert list(fields.unseen(Table((), []))) == names


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
        ("a: amt\nb: amt", "two names to the same field"),
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
