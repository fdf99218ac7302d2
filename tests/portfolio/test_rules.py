"""Rules catch what they say, move what waits for a category by new entries, and leave closed months alone."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from portfolio.domain import bank_shares, entries, exports, ledger, rules, verification
from portfolio.domain.rules import RuleTerms
from portfolio.formats.errors import FormatError
from portfolio.models import CategoryRule, Direction, ImportedLine, JournalEntry, Period, PeriodState
from tests.portfolio.conftest import AT, Books
from tests.portfolio.test_intake import balance, bank

SEPTEMBER = 2026 * 12 + 8
ON = dt.date(2026, 10, 31)
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


def test_the_same_words_go_to_several_accounts_and_the_first_that_fits_wins(books: Books) -> None:
    wide = add(books, "HARBOR", "6100")
    small = add(books, "HARBOR", "5400", direction=Direction.OUT, at_most_minor=500)
    back = add(books, "HARBOR", "6300", direction=Direction.IN)
    with pytest.raises(rules.RuleError, match="already, with this direction and these amounts"):
        add(books, "HARBOR", "6200", direction=Direction.IN)
    with pytest.raises(IntegrityError), transaction.atomic():
        CategoryRule.objects.create(
            entity=books.entity, position=9, contains="HARBOR", account=books.accounts["6200"]
        )
    assert rules.earlier([wide, small, back]) == {wide.pk: [], small.pk: [wide], back.pk: [wide]}
    rules.move(rule=wide, up=False, by=None, at=AT)
    rules.move(rule=wide, up=False, by=None, at=AT)
    bank(books, LINES)
    assert [balance(books, code) for code in ("5400", "6100", "6300")] == [10_00, 1_180_00, -50_00]
    # A file changes the rule that says the very same, and adds the rest.
    rows = (
        b"entity,position,contains,account,direction,at_least,at_most\n"
        b"qos,1,HARBOR,6200,out,,5.00\nqos,2,HARBOR,6100,,,\nqos,3,HARBOR,6300,out,900.00,\n"
    )
    assert exports.land_rules(data=rows, name="r.csv", by=None, at=AT) == 3
    assert [
        (rule.pk, rule.account.code) for rule in CategoryRule.objects.order_by("pk").select_related("account")
    ][:3] == [(wide.pk, "6100"), (small.pk, "6200"), (back.pk, "6300")]
    assert CategoryRule.objects.count() == 4
    for line, words in (
        (b"qos,4,HARBOR,6100,any,,\n", "stands twice"),
        (b"qos,4,X,6100,out,9.00,1.00\n", "exchange"),
    ):
        with pytest.raises(FormatError, match=words):
            exports.land_rules(data=rows + line, name="r.csv", by=None, at=AT)


def test_applying_a_rule_posts_one_correcting_entry_for_each_line(books: Books) -> None:
    bank(books, LINES)
    Period.objects.create(entity=books.entity, month=SEPTEMBER, state=PeriodState.CLOSED, closed_at=AT)
    rule = add(books, "harbor", "6100", direction=Direction.OUT)
    done = rules.recategorise(rule=rule, by=None, at=AT)
    assert (done.moved, done.closed_months) == (2, (SEPTEMBER,))
    assert balance(books, "6100") == 1_185_00
    found = bank_shares.shares(entity=books.entity, month=SEPTEMBER + 1, as_of=ON)
    assert (found.lines, found.matched_lines, found.reconciled_bp) == (5, 5, 10_000)
    assert (found.uncategorised_lines, found.uncategorised_bp, found.uncategorised_minor) == (
        3,
        6_000,
        145_00,
    )
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
    assert closed.startswith("QueenofSanDiego Sep 2026 is closed, and the audit trail does not say")


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


def test_what_a_rule_moved_goes_back_with_the_bank_entry_that_is_reversed(books: Books) -> None:
    bank(books, LINES)
    rule = add(books, "marina", "6100")
    by: dict[str, Any] = {"by": None, "at": AT}
    entry = JournalEntry.objects.get(memo="HARBOR MARINA")
    rules.recategorise(rule=rule, **by)
    # A person put the rule's correction right: that stands for it, and the rule does not move the line again.
    moved = JournalEntry.objects.get(memo="Categorised: HARBOR MARINA")
    lines = [books.line("6300", 1_180_00), books.line("6900", -1_180_00)]
    entries.correct(
        entry=moved, reversed_on=ON, reason="Gear", on=ON, memo="Gear", lines=lines, **by,
    )  # fmt: skip
    assert rules.recategorise(rule=rule, **by).moved == 0
    entries.reverse(entry=entry, on=ON, reason="Not ours", **by)
    assert [balance(books, code) for code in ("6100", "6300", "6900")] == [0, 0, 100_00]
    assert ImportedLine.objects.get(description="HARBOR MARINA").waits
    # So it does where the entry is put right itself, and a correction of a later day is reversed no earlier.
    ice = JournalEntry.objects.filter(memo="HARBOR ICE", on=dt.date(2026, 10, 1)).get()
    rules.recategorise(rule=add(books, "ice", "6100"), **by)
    lines = [books.line("6300", 5_00), books.line("1010", -5_00)]
    entries.correct(entry=ice, reversed_on=ice.on, reason="Gear", on=ice.on, memo="Gear", lines=lines, **by)
    assert [balance(books, code) for code in ("6100", "6300", "6900")] == [5_00, 5_00, 90_00]
    assert verification.verify_books() == []
