"""Every rule that a lens runs finds something and stops finding it: see `tests/reports/rules/cases.py`."""

import pytest

from crew.models import Person
from reports.lenses import LENSES
from reports.rules import kpi_gaps
from tests.reports.rules.cases import GAP, World, collect, is_among, seen
from tests.reports.sample_case import rules_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]

CASES = collect()


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_finding_appears_and_clears(name: str, sample_owner: Person) -> None:
    known = CASES[name]
    walk = known.walk(World(sample_owner))
    appeared = []
    for subject in walk:
        found = seen(known)
        assert is_among(subject, found), f"{name} does not see {subject}, only {sorted(found)}."
        appeared.append(subject)
    assert appeared, f"The case of {name} yields nothing, so nothing has appeared."
    left = seen(known)
    assert [subject for subject in appeared if is_among(subject, left)] == []


@pytest.mark.parametrize("lens", sorted(LENSES))
def test_every_rule_of_a_lens_has_a_case(lens: str) -> None:
    without = sorted(set(rules_of(lens)) - set(CASES))
    assert without == [], (
        f"These rules of the lens {lens} have no case in which their finding appears and clears: "
        f"{', '.join(without)}. Write one as `tests/reports/rules/cases.py` shows."
    )


def test_every_key_figure_of_the_gap_register_has_a_case() -> None:
    assert {f"{GAP}{kpi.metric}" for kpi in kpi_gaps.KPIS} - set(CASES) == set()


def test_no_case_is_left_of_a_rule_that_no_lens_runs() -> None:
    run = {rule for lens in LENSES for rule in rules_of(lens)}
    assert {name for name in CASES if not name.startswith(GAP)} - run == set()
