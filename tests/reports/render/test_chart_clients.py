"""The chart of days to pay beside the terms: every client has its name, its days and its mark, and gaps stay gaps."""

import json
import re
from xml.etree import ElementTree as ET

import pytest

from reports.render import charts
from reports.render.chart_specs.clients import days_against_terms

pytestmark = pytest.mark.once_postgresql
ROWS = [
    ("Cove Realty", 371, 300),
    ("A client whose name is too long to stand", 92, None),
    ("Tide Yoga", None, 300),
]


def test_each_client_has_its_days_and_its_mark_and_nothing_paid_is_no_bar() -> None:
    spec = days_against_terms(ROWS)
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", json.dumps(spec))
    drawn = ET.fromstring(charts.svg(spec))  # noqa: S314
    words = ["".join(element.itertext()) for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Cove Realty", "A client whose name i…", "37.1 days", "9.2 days", "nothing paid"} <= set(words)
    assert spec["usermeta"]["table"]["rows"][1:] == [
        ["A client whose name is too long to stand", "9.2 days", "none agreed"],
        ["Tide Yoga", "nothing paid", "30.0 days"],
    ]
    assert b"There is no value to draw." in charts.svg(days_against_terms([]))
