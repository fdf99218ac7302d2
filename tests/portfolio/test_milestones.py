"""Milestones of plans: promised, moved with their slip, done by a person or by the records."""

import datetime as dt

import pytest

from core.models import AuditEvent
from portfolio.domain import milestones
from portfolio.domain.milestones import MilestoneRefusedError, Promise
from portfolio.models import MilestoneCheck, PlanMilestone, PlanName
from tests.portfolio.conftest import AT

pytestmark = pytest.mark.django_db

DUE, TODAY = dt.date(2026, 12, 31), dt.date(2026, 11, 10)


def _promise(**facts: object) -> PlanMilestone:
    said = {"title": "A page goes live", "due_on": DUE, "owner": "Owner", "source": "Plan", **facts}
    return milestones.add(plan=PlanName.GO_TO_MARKET, promise=Promise(**said), by=None, at=AT)  # type: ignore[arg-type]


def test_what_was_promised_stays_when_the_day_moves() -> None:
    row = _promise()
    milestones.move(milestone=row, due_on=dt.date(2027, 1, 10), by=None, at=AT)
    row.refresh_from_db()
    assert (row.promised_on, row.due_on, row.position) == (DUE, dt.date(2027, 1, 10), 1)
    stale = PlanMilestone(pk=row.pk, due_on=DUE, title=row.title)
    with pytest.raises(MilestoneRefusedError, match="meanwhile"):
        milestones.move(milestone=stale, due_on=TODAY, by=None, at=AT)


def test_one_is_done_and_open_again_and_one_with_a_check_is_met_by_the_records_alone() -> None:
    row = _promise()
    milestones.finish(milestone=row, on=TODAY, today=TODAY, by=None, at=AT)
    with pytest.raises(MilestoneRefusedError, match="meanwhile"):
        milestones.move(milestone=row, due_on=TODAY, by=None, at=AT)
    milestones.finish(milestone=row, on=None, today=TODAY, by=None, at=AT)
    with pytest.raises(MilestoneRefusedError, match="has not come yet"):
        milestones.finish(milestone=row, on=DUE, today=TODAY, by=None, at=AT)
    told = _promise(title="Burns nothing", check=MilestoneCheck.NET_BURN, threshold=0)
    with pytest.raises(MilestoneRefusedError, match="records tell"):
        milestones.finish(milestone=told, on=TODAY, today=TODAY, by=None, at=AT)
    verbs = AuditEvent.objects.filter(action__startswith="portfolio:plan_milestone:").order_by("pk")
    assert [event.action.rpartition(":")[2] for event in verbs] == ["add", "done", "undone", "add"]


@pytest.mark.parametrize(
    "facts",
    [
        {"title": " "}, {"title": "x" * 161}, {"source": ""}, {"owner": "\x00"}, {"due_on": dt.date(1, 1, 1)},
        {"check": MilestoneCheck.NET_BURN}, {"threshold": 3},
    ],
)  # fmt: skip
def test_half_a_promise_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(MilestoneRefusedError):
        _promise(**facts)


def test_a_plan_promises_a_thing_once() -> None:
    _promise()
    with pytest.raises(MilestoneRefusedError, match="promises “A page goes live” already"):
        _promise()
