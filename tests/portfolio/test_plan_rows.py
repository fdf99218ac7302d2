"""The database keeps milestones, rebillables, flags and fiscal years in bounds."""

import pytest

from portfolio.models import (
    Entity,
    ExpenseFlag,
    FlagKind,
    MilestoneCheck,
    PlanMilestone,
    PlanName,
    Rebillable,
)
from tests.factories.portfolio import EntityFactory, PlanMilestoneFactory, RebillableFactory
from tests.portfolio.conftest import AT, Books
from tests.portfolio.refusals import each_is_refused


@pytest.mark.django_db
def test_milestones_rebillables_and_fiscal_years_out_of_bounds_are_refused() -> None:
    whole = PlanMilestoneFactory()
    own = PlanMilestoneFactory(entity=EntityFactory(), plan=PlanName.LOCAL_SEARCH)
    PlanMilestoneFactory(title=own.title, plan=own.plan)
    each_is_refused(
        {
            "plan_milestone_once_per_entity": lambda: PlanMilestoneFactory(
                entity=own.entity, plan=own.plan, title=own.title
            ),
            "plan_milestone_once": lambda: PlanMilestoneFactory(title=whole.title),
            "milestone_check_has_a_threshold": lambda: PlanMilestoneFactory(
                check_name=MilestoneCheck.NET_BURN
            ),
            "checked_milestone_is_not_ticked": lambda: PlanMilestoneFactory(
                check_name=MilestoneCheck.NET_BURN, threshold=0, done_on=whole.due_on
            ),
        },
        PlanMilestone,
    )
    paid = RebillableFactory()
    each_is_refused(
        {
            "rebillable_once": lambda: RebillableFactory(contract=paid.contract),
            "rebillable_is_worth_something": lambda: RebillableFactory(amount_minor=0),
        },
        Rebillable,
    )
    each_is_refused({"fiscal_year_ends_with_a_month": lambda: EntityFactory(fiscal_year_ends=13)}, Entity)


def test_one_word_of_a_kind_is_said_of_an_entry_and_says_why(books: Books) -> None:
    entry = books.post("6100", "1010", 500)

    def flag(note: str) -> ExpenseFlag:
        return ExpenseFlag.objects.create(entry=entry, kind=FlagKind.PERSONAL, note=note, at=AT)

    flag("The owner's own phone")
    each_is_refused(
        {
            "expense_flag_once_per_kind": lambda: flag("Said twice"),
            "expense_flag_says_why": lambda: ExpenseFlag.objects.create(
                entry=entry, kind=FlagKind.DUPLICATE_OK, note="", at=AT
            ),
        },
        ExpenseFlag,
    )
