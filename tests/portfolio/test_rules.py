"""Rules catch what they say, move what waits for a category by new entries, and leave closed months alone."""

import pytest

from portfolio.domain import ledger, rules, verification
from portfolio.domain.rules import RuleTerms
from portfolio.models import CategoryRule, Direction, JournalEntry, Period, PeriodState
from tests.portfolio.conftest import AT, Books
from tests.portfolio.test_intake import balance, bank

SEPTEMBER = 2026 * 12 + 8
LINES = """Date,Description,Amount
2026-09-30,HARBOR ICE,-5.00
2026-10-01,HARBOR ICE,-5.00
2026-10-02,HARBOR MARINA,-1180.00
2026-10-03,HARBOR REFUND,50.00
2026-10-04,FUEL,-90.00
"""


def add(books: Books, contains: str, code: str, **terms: object) -> CategoryRule:
    wanted = RuleTerms(contains, books.accounts[code], **terms)  # type: ignore[arg-type]
    return rules.save(entity=books.entity, terms=wanted, by=None, at=AT)


@pytest.mark.parametrize(
    ("terms", "caught"),
    [
        ({}, ["HARBOR REFUND", "HARBOR MARINA", "HARBOR ICE", "HARBOR ICE"]),
        ({"direction": Direction.IN}, ["HARBOR REFUND"]),
        ({"direction": Direction.OUT, "at_least_minor": 500}, ["HARBOR MARINA", "HARBOR ICE", "HARBOR ICE"]),
        ({"at_least_minor": 501, "at_most_minor": 5000}, ["HARBOR REFUND"]),
        ({"at_most_minor": 500}, ["HARBOR ICE", "HARBOR ICE"]),
    ],
)
def test_a_rule_not_saved_yet_shows_what_it_would_catch_and_lands_the_same(
    books: Books, terms: dict[str, object], caught: list[str]
) -> None:
    bank(books, LINES)
    rule = RuleTerms("harbor", books.accounts["6100"], **terms).as_rule(books.entity)  # type: ignore[arg-type]
    found = rules.catches(rule=rule)
    assert ([one.line.description for one in found.lines], found.count) == (caught, len(caught))
    assert all(one.uncategorised for one in found.lines)
    assert CategoryRule.objects.count() == 0
    add(books, "harbor", "6100", **terms)
    again = bank(books, LINES.replace("2026-09-30", "2026-09-29").replace("2026-10", "2026-08"), "august.csv")
    assert (again.new, again.new - again.uncategorised) == (5, len(caught))


def test_applying_a_rule_posts_one_correcting_entry_for_each_line(books: Books) -> None:
    bank(books, LINES)
    Period.objects.create(entity=books.entity, month=SEPTEMBER, state=PeriodState.CLOSED, closed_at=AT)
    rule = add(books, "harbor", "6100", direction=Direction.OUT)
    done = rules.recategorise(rule=rule, by=None, at=AT)
    assert (done.moved, done.closed_months) == (2, (SEPTEMBER,))
    assert balance(books, "6100") == 1_185_00
    assert balance(books, "6900") == 95_00
    assert JournalEntry.objects.count() == 7
    found = rules.catches(rule=rule)
    assert [(one.accounts, one.uncategorised) for one in found.lines] == [
        ("6100 Dockage", False),
        ("6100 Dockage", False),
        ("6900 Uncategorised payments", True),
    ]
    assert rules.recategorise(rule=rule, by=None, at=AT).moved == 0
    # A correction that was reversed may be made again.
    wrong = JournalEntry.objects.filter(memo="Categorised: HARBOR ICE").get()
    ledger.reverse(entry=wrong, on=wrong.on, reason="Not that one", by=None, at=AT)
    assert rules.recategorise(rule=rule, by=None, at=AT).moved == 1
    (closed,) = verification.verify_books()
    assert closed.startswith("qos Sep 2026 is closed, and the audit trail does not say")


def test_rules_are_ordered_switched_off_and_deleted(books: Books) -> None:
    first, second = add(books, "harbor", "6100"), add(books, "ice", "5400")
    rules.move(rule=second, up=True, by=None, at=AT)
    rules.move(rule=second, up=True, by=None, at=AT)
    assert list(CategoryRule.objects.filter(entity=books.entity)) == [second, first]
    bank(books, "Date,Description,Amount\n2026-10-01,HARBOR ICE,-5.00\n")
    assert balance(books, "5400") == 5_00
    rules.switch(rule=second, active=False, by=None, at=AT)
    second.refresh_from_db()
    with pytest.raises(rules.RuleError, match="switched off"):
        rules.recategorise(rule=second, by=None, at=AT)
    bank(books, "Date,Description,Amount\n2026-10-02,HARBOR ICE,-6.00\n")
    assert (balance(books, "5400"), balance(books, "6100")) == (5_00, 6_00)
    rules.delete(rule=second, by=None, at=AT)
    assert list(CategoryRule.objects.all()) == [first]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"contains": " "}, "which words"),
        ({"contains": "harbor"}, "a rule for “harbor” already"),
        ({"contains": "x", "code": "6900"}, "what the money was for"),
        ({"contains": "x", "at_least_minor": 2, "at_most_minor": 1}, "exchange them"),
        ({"contains": "x", "at_least_minor": -2}, "without a sign"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(books: Books, terms: dict[str, object], words: str) -> None:
    add(books, "harbor", "6100")
    asked = {"code": "6100", **terms}
    with pytest.raises(rules.RuleError, match=words):
        add(books, str(asked.pop("contains")), str(asked.pop("code")), **asked)
    assert CategoryRule.objects.count() == 1
