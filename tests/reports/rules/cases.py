"""Each rule of each lens has a case that makes its finding appear and then clears it, on the sample portfolio.

A family of rules has a module ``cases_<family>.py`` beside this one, found by its name. A case is a generator that
takes a `World` and is named by its rule:

    @appears_and_clears("no-live-listing")
    def a_marketplace_goes_live(world: World) -> Case:
        yield "qos"
        channels.move_channel(channel=…, to=ChannelStatus.LIVE, on=AS_OF, today=AS_OF, at=AT, by=world.by)

It first does what makes the finding appear (nothing, where the sample has it), and yields the finding's subject, or how
that begins up to a colon. There the rule must see it. Then it does what clears it, and ends: the rule must see it no
more. It may yield more than once, each time where the finding stands. What it writes is rolled back.

A key figure of the KPI-gap register is no rule, and has a case all the same, under ``gap:<metric>``. ``as_of`` moves the
day at which the rule looks, which else is the sample's own.
"""

import datetime as dt
from collections.abc import Callable, Generator
from dataclasses import dataclass

from crew.models import Person
from portfolio.models import Account, AccountRole, Entity, MonthlyBalance
from reports.discovery import modules_of
from reports.lenses import LENSES, frame
from reports.metrics import Desk, Facts
from reports.rules import RULES, kpi_gaps
from tests.portfolio.conftest import Books
from tests.reports.sample_case import AS_OF, rules_of

Case = Generator[str, None, None]
GAP = "gap:"


@dataclass(frozen=True)
class World:
    """The sample, in which a case works as its owner."""

    by: Person

    def entity(self, slug: str) -> Entity:
        return Entity.objects.get(slug=slug)

    def books(self, slug: str) -> Books:
        """Return the books of an entity, to post in."""
        entity = self.entity(slug)
        return Books(entity, {account.code: account for account in Account.objects.filter(entity=entity)})

    def cash(self, slug: str, month: int) -> int:
        """Return what an entity's bank account holds at the end of a month, as its statement would say."""
        rows = MonthlyBalance.objects.filter(
            account__entity__slug=slug, account__role=AccountRole.CASH, month__lte=month
        )
        return sum(row.debit_minor - row.credit_minor for row in rows)


@dataclass(frozen=True)
class Known:
    """A case with what it is about."""

    rule: str
    walk: Callable[[World], Case]
    as_of: dt.date = AS_OF


CASES: dict[str, Known] = {}


def appears_and_clears(
    rule: str, *, as_of: dt.date = AS_OF
) -> Callable[[Callable[[World], Case]], Callable[[World], Case]]:
    """Register a case of a rule.

    Raises:
        ValueError: the rule has one already.
    """

    def register(walk: Callable[[World], Case]) -> Callable[[World], Case]:
        if rule in CASES:
            raise ValueError(f"The rule {rule} has two cases; let one of them yield twice.")
        CASES[rule] = Known(rule, walk, as_of)
        return walk

    return register


def collect() -> dict[str, Known]:
    """Return every case there is, by the name of its rule."""
    modules_of(__name__.rpartition(".")[0])
    return CASES


def seen(known: Known) -> set[str]:
    """Return the subjects of what a rule sees now; of a key figure its own name, while it is a gap."""
    if known.rule.startswith(GAP):
        metric = known.rule.removeprefix(GAP)
        gaps = kpi_gaps.gaps(_desk(known.as_of, ()))
        return {metric} & {gap.figure.metric for gap in gaps}
    rule = RULES[known.rule]
    lens = next(lens for lens in LENSES.values() if rule.name in rules_of(lens.slug))
    return {note.subject for note in rule.look(rule, _desk(known.as_of, lens.kinds))}


def is_among(subject: str, found: set[str]) -> bool:
    """Tell whether a subject, or one that begins with it up to a colon, is among those found."""
    return any(entry == subject or entry.startswith(f"{subject}:") for entry in found)


def _desk(as_of: dt.date, kinds: tuple[str, ...]) -> Desk:
    return frame.desk_for(Facts(as_of=as_of), kinds)
