"""The six-weeks and twelve-months form: a figure of it is the same whichever report prints it."""

import pytest

from reports.document import Table
from reports.lenses import six_twelve
from reports.metrics import Desk, Facts
from tests.factories.portfolio import EntityFactory
from tests.reports.sample_case import AS_OF, OCTOBER

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def test_a_year_so_far_is_the_fiscal_year_of_those_it_is_about() -> None:
    EntityFactory(slug="jada")
    own = EntityFactory(slug="qos", fiscal_year_ends=6)
    for only in (None, own.pk):
        desk = Desk(Facts(as_of=AS_OF, entity_id=only), month=OCTOBER)
        six_twelve.blocks(desk, "revenue", desk.scope("qos"))
        assert desk.figures["revenue.qos.2026-07-01_2026-11-07"].period == "1 Jul to 7 Nov 2026"


def test_how_weeks_are_compared_is_said_once_in_a_section() -> None:
    rule = f"{six_twelve._WEEKS}; {six_twelve._STOOD}."
    tables = [
        Table(name, (), (), note=f"{rule}{more}") for name, more in (("a", ""), ("b", " Missing: n/a."))
    ]

    assert [block.note for block in six_twelve.once(tables) if isinstance(block, Table)] == [
        rule,
        "Missing: n/a.",
    ]
