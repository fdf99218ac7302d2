"""Rules that categorise bank lines: written, ordered, switched off, tried on past lines, and applied to them.

A rule is used by what lands after it (`portfolio.domain.desk`). What landed before and still waits for a category is
moved by one correcting entry for each line; nothing posted is edited, and closed months are left alone.
"""

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from core import audit, months
from portfolio.domain import landing, ledger, matching, periods
from portfolio.domain.desk import BANK_KINDS
from portfolio.models import (
    Account,
    AccountRole,
    CategoryRule,
    Direction,
    Entity,
    EntrySource,
    ImportedLine,
    JournalEntry,
    Posting,
)

LINES_SHOWN = 40
AT_ONCE = 2_000
MOVED = "recategorised:"
# Stays below the number of parameters that any SQLite in use accepts.
_LOOKUP = 900
Found = TypeVar("Found")


class RuleError(Exception):
    """A rule that cannot be saved or applied; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """What a rule says, saved or not."""

    contains: str
    account: Account
    direction: Direction = Direction.ANY
    at_least_minor: int | None = None
    at_most_minor: int | None = None

    def as_rule(self, entity: Entity) -> CategoryRule:
        """Return the rule unsaved, to try it."""
        return CategoryRule(
            entity=entity, position=0, contains=self.contains, account=self.account, direction=self.direction,
            at_least_minor=self.at_least_minor, at_most_minor=self.at_most_minor,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caught:
    """A past line that a rule catches, where its money is now, and whether it waits for a category."""

    line: ImportedLine
    accounts: str
    uncategorised: bool


@dataclass(frozen=True, slots=True)
class Catch:
    """What a rule catches among past lines: how many, the newest of them, and how many wait for a category."""

    count: int
    lines: tuple[Caught, ...]


@dataclass(frozen=True, slots=True)
class Recategorised:
    """What applying a rule did: lines moved, and the closed months whose lines stayed where they are."""

    moved: int
    closed_months: tuple[int, ...]


def save(
    *,
    entity: Entity,
    terms: RuleTerms,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    rule: CategoryRule | None = None,
) -> CategoryRule:
    """Write a rule down behind the others, or change one.

    Raises:
        RuleError: the text is missing or too long, another rule says the very same, the account is another entity's or is one of those
            that wait for a category, or the sizes contradict each other.
    """
    contains = " ".join(terms.contains.split())
    if not contains or len(contains) > 80:
        raise RuleError("Say which words the description holds, in at most 80 characters.")
    if terms.account.entity_id != entity.pk or terms.account.role == AccountRole.UNCATEGORISED:
        raise RuleError("Choose an account of these books that says what the money was for.")
    low, high = terms.at_least_minor, terms.at_most_minor
    if (low is not None and low < 0) or (high is not None and high < 0):
        raise RuleError("Sizes are written without a sign; the direction says which way the money goes.")
    if low is not None and high is not None and low > high:
        raise RuleError("The smallest amount is larger than the largest; exchange them.")
    with transaction.atomic():
        landing.lock(entity)
        same = CategoryRule.objects.filter(
            entity=entity,
            contains=contains,
            direction=terms.direction,
            at_least_minor=low,
            at_most_minor=high,
        )
        if same.exclude(pk=rule.pk if rule is not None else 0).exists():
            raise RuleError(
                f"There is a rule for “{contains}” already, with this direction and these amounts; change that one."
            )
        fields = {
            "contains": contains, "account": terms.account, "direction": terms.direction,
            "at_least_minor": low, "at_most_minor": high,
        }  # fmt: skip
        if rule is None:
            last = CategoryRule.objects.filter(entity=entity).aggregate(last=Max("position"))["last"]
            rule = CategoryRule.objects.create(
                entity=entity, position=0 if last is None else last + 1, **fields
            )
            action = "portfolio:rule:add"
        else:
            CategoryRule.objects.filter(pk=rule.pk).update(**fields)
            rule.refresh_from_db()
            action = "portfolio:rule:change"
        audit.record(
            action=action, subject=rule, by=by, at=at, entity=entity.slug,
            data={
                "contains": contains, "account": terms.account.code, "direction": str(terms.direction),
                "at_least_minor": low, "at_most_minor": high,
            },
        )  # fmt: skip
    return rule


def switch(*, rule: CategoryRule, active: bool, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Switch a rule on or off; one that is so already stays so."""
    with transaction.atomic():
        if CategoryRule.objects.filter(pk=rule.pk, active=not active).update(active=active):
            audit.record(
                action="portfolio:rule:switch", subject=rule, by=by, at=at, entity=rule.entity.slug,
                data={"active": active},
            )  # fmt: skip


def move(*, rule: CategoryRule, up: bool, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Exchange a rule with the one before it or after it; at the end it stays."""
    with transaction.atomic():
        landing.lock(rule.entity)
        order = list(CategoryRule.objects.filter(entity=rule.entity).order_by("position", "pk"))
        place = next((n for n, found in enumerate(order) if found.pk == rule.pk), None)
        other = None if place is None else place - 1 if up else place + 1
        if place is None or other is None or not 0 <= other < len(order):
            return
        order[place], order[other] = order[other], order[place]
        for position, found in enumerate(order):
            if found.position != position:
                CategoryRule.objects.filter(pk=found.pk).update(position=position)
        audit.record(
            action="portfolio:rule:move",
            subject=rule,
            by=by,
            at=at,
            entity=rule.entity.slug,
            data={"position": other},
        )


def delete(*, rule: CategoryRule, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Forget a rule; what it posted stays."""
    with transaction.atomic():
        audit.record(
            action="portfolio:rule:delete", subject=rule, by=by, at=at, entity=rule.entity.slug,
            data={"contains": rule.contains},
        )  # fmt: skip
        CategoryRule.objects.filter(pk=rule.pk).delete()


def earlier(rules: Iterable[CategoryRule]) -> dict[int, list[CategoryRule]]:
    """Return for each rule those before it that may catch some of its lines first, in the order in which they are asked.

    Two rules may catch the same line where one's words stand in the other's, and directions and amounts allow both.
    """
    found: dict[int, list[CategoryRule]] = {}
    asked: list[CategoryRule] = []
    for rule in rules:
        found[rule.pk] = [before for before in asked if _meet(before, rule)] if rule.active else []
        if rule.active:
            asked.append(rule)
    return found


def _meet(one: CategoryRule, other: CategoryRule) -> bool:
    first, second = one.contains.casefold(), other.contains.casefold()
    if first not in second and second not in first:
        return False
    if {one.direction, other.direction} == {Direction.IN, Direction.OUT}:
        return False
    low = max(one.at_least_minor or 0, other.at_least_minor or 0)
    return all(high is None or low <= high for high in (one.at_most_minor, other.at_most_minor))


def catches(*, rule: CategoryRule, limit: int = LINES_SHOWN) -> Catch:
    """Return which past lines a rule, saved or not, would catch, newest first, and where their money is now."""
    found = [
        pk
        for pk, description in _lines(rule)
        .order_by("-on", "-pk")
        .values_list("pk", "description")
        .iterator(2000)
        if _says(rule, description)
    ]
    lines = list(
        ImportedLine.objects.filter(pk__in=found[:limit])
        .select_related("account", "file")
        .order_by("-on", "-pk")
    )
    now = _now_on(lines)
    return Catch(
        len(found),
        tuple(Caught(line, *now.get(line.pk, ("waits for a decision", False))) for line in lines),
    )


def recategorise(*, rule: CategoryRule, by: AbstractBaseUser | None, at: dt.datetime) -> Recategorised:
    """Move the lines that a rule catches and that wait for a category to its account, each by one correcting entry.

    Raises:
        RuleError: the rule is switched off.
        portfolio.domain.ledger.LedgerError: an entry is refused; nothing is written.
    """
    if not rule.active:
        raise RuleError("The rule is switched off; switch it on before applying it.")
    entity = rule.entity
    with transaction.atomic():
        landing.lock(entity)
        closed = periods.closed_months(entity=entity)
        waiting = [
            entry_id
            for entry_id, description in _lines(rule)
            .filter(entry__postings__account__role=AccountRole.UNCATEGORISED, entry__reversed_by__isnull=True)
            .order_by("on", "pk")
            .values_list("entry_id", "description")
            if entry_id is not None and _says(rule, description)
        ]
        drafts: list[ledger.Draft] = []
        left: set[int] = set()
        for entries in _chunks(dict.fromkeys(waiting)):
            earlier = _corrections(entries)
            open_entries = [pk for pk in entries if all(undone for _, undone in earlier.get(pk, []))]
            for entry in JournalEntry.objects.filter(pk__in=open_entries).order_by("on", "pk"):
                if entry.month in closed:
                    left.add(entry.month)
                elif len(drafts) < AT_ONCE:
                    drafts.append(_moving(entry, rule.account, entry.on, len(earlier.get(entry.pk, []))))
        if drafts:
            ledger.post_many(entity=entity, drafts=drafts, by=by, at=at)
            audit.record(
                action="portfolio:rule:apply", subject=rule, by=by, at=at, entity=entity.slug,
                data={"moved": len(drafts), "closed_months": [months.iso(month) for month in sorted(left)]},
            )  # fmt: skip
    return Recategorised(len(drafts), tuple(sorted(left)))


def moved(entries: Iterable[int]) -> set[int]:
    """Return which of some entries a rule has moved to its account since."""
    return {first for first, made in _corrections(entries).items() if any(not undone for _, undone in made)}


def moving(*, entry: JournalEntry, to: Account, on: dt.date) -> ledger.Draft:
    """Return the correcting entry that takes an entry's money from the uncategorised to an account."""
    return _moving(entry, to, on, len(_corrections([entry.pk]).get(entry.pk, [])))


def take_back(
    *, entry: JournalEntry, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Reverse what moved an entry's money to a rule's account, before that entry is reversed itself; in the caller's transaction.

    Otherwise the rule's account would keep money of which nothing stands in the books any more.

    Raises:
        portfolio.domain.ledger.LedgerError: a reversal is refused.
    """
    standing = [pk for pk, undone in _corrections([entry.pk]).get(entry.pk, []) if not undone]
    for correction in JournalEntry.objects.filter(pk__in=standing).order_by("-pk"):
        ledger.reverse(entry=correction, on=max(on, correction.on), reason=reason, by=by, at=at)


def _moving(entry: JournalEntry, to: Account, on: dt.date, earlier: int) -> ledger.Draft:
    posting = (
        entry.postings.filter(account__role=AccountRole.UNCATEGORISED)
        .select_related("account", "booking")
        .order_by("pk")[0]
    )
    return ledger.Draft(
        on=on,
        memo=f"Categorised: {entry.memo}"[: ledger.MEMO_LIMIT],
        lines=(
            ledger.Line(posting.account, -posting.amount_minor, posting.booking),
            ledger.Line(to, posting.amount_minor, posting.booking),
        ),
        source=EntrySource.BANK,
        external_id=f"{MOVED}{entry.pk}:{earlier + 1}",
        origin=entry.origin,
    )


def _lines(rule: CategoryRule) -> QuerySet[ImportedLine]:
    """Return the bank lines whose amounts a rule catches, whatever they say; repeats of other files are left out."""
    found = ImportedLine.objects.filter(
        entity=rule.entity,
        kind__in=BANK_KINDS,
        same_as__isnull=True,
        payout_id="",
    )
    if rule.direction == Direction.IN:
        found = found.filter(amount_minor__gt=0)
    elif rule.direction == Direction.OUT:
        found = found.filter(amount_minor__lt=0)
    if rule.at_least_minor is not None:
        low = rule.at_least_minor
        found = found.filter(Q(amount_minor__gte=low) | Q(amount_minor__lte=-low))
    if rule.at_most_minor is not None:
        found = found.filter(amount_minor__range=(-rule.at_most_minor, rule.at_most_minor))
    return found


def _says(rule: CategoryRule, description: str) -> bool:
    """Tell whether a line says what a rule looks for, as `portfolio.domain.desk` reads it: databases fold letters otherwise."""
    return rule.contains.casefold() in description.casefold()


def _now_on(lines: Sequence[ImportedLine]) -> dict[int, tuple[str, bool]]:
    """Return for each line the accounts its money is on besides the bank's, corrections included."""
    entries = [line.entry_id for line in lines if line.entry_id is not None]
    of: dict[int, int] = {entry: entry for entry in entries}
    for entry, corrections in _corrections(entries).items():
        of.update({pk: entry for pk, undone in corrections if not undone})
    held: dict[int, dict[tuple[str, bool, int], int]] = defaultdict(lambda: defaultdict(int))
    for posting in Posting.objects.filter(entry__in=of).select_related("account").order_by("pk"):
        account = posting.account
        key = (str(account), account.role == AccountRole.UNCATEGORISED, account.pk)
        held[of[posting.entry_id]][key] += posting.amount_minor
    found = {}
    for line in lines:
        if line.entry_id is None:
            continue
        others = [key for key, minor in held[line.entry_id].items() if minor and key[2] != line.account_id]
        found[line.pk] = (
            ", ".join(name for name, _, _ in others) or "nowhere else",
            any(u for _, u, _ in others),
        )
    return found


def _corrections(entries: Iterable[int]) -> dict[int, list[tuple[int, bool]]]:
    """Return the correcting entries made of some entries of one entity, each with whether it was undone.

    They are numbered from 1, so each number is looked up for those that had the one before it. One that a person reversed
    and corrected is not undone: what was posted in its place stands for it.
    """
    found: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    asked = set(entries)
    owner = JournalEntry.objects.filter(pk=min(asked, default=0)).values("entity_id")
    reversed_pks: set[int] = set()
    number = 1
    while asked:
        of = {f"{MOVED}{pk}:{number}": pk for pk in asked}
        asked = set()
        for pk, external_id, undone in _named(owner, EntrySource.BANK, of):
            found[of[external_id]].append((pk, undone))
            reversed_pks |= {pk} if undone else set()
            asked.add(of[external_id])
        number += 1
    instead = _put_right(owner, reversed_pks)
    return defaultdict(
        list,
        {
            first: [(instead.get(pk, pk), undone and pk not in instead) for pk, undone in made]
            for first, made in found.items()
        },
    )


def _put_right(owner: QuerySet[JournalEntry, Any], reversed_pks: set[int]) -> dict[int, int]:
    """Return for each reversed correction the entry that a person posted in its place and that stands."""
    standing: dict[int, int] = {}
    of = {f"{matching.CORRECTS}{pk}": pk for pk in reversed_pks}
    while of:
        later = {}
        for pk, external_id, undone in _named(owner, EntrySource.MANUAL, of):
            if undone:
                later[f"{matching.CORRECTS}{pk}"] = of[external_id]
            else:
                standing[of[external_id]] = pk
        of = later
    return standing


def _named(
    owner: QuerySet[JournalEntry, Any], source: EntrySource, external_ids: Iterable[str]
) -> Iterator[tuple[int, str, bool]]:
    """Yield the entries of a source with some ids, each with its id and whether it was reversed."""
    for ids in _chunks(external_ids):
        for pk, external_id, reversal in JournalEntry.objects.filter(
            entity_id__in=owner, source=source, external_id__in=ids
        ).values_list("pk", "external_id", "reversed_by"):
            yield pk, str(external_id), reversal is not None


def _chunks(found: Iterable[Found]) -> Iterator[list[Found]]:
    walk = iter(found)
    while chunk := list(itertools.islice(walk, _LOOKUP)):
        yield chunk
