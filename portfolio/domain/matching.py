"""Bank lines and entries that are the same money: telling when that is sure, and doing what a person decides.

A line that lands may be in the books already: a payment somebody recorded by hand, a transfer that the other bank
account told of, crew pay. It is tied to that entry when there is no doubt; otherwise it waits, posts nothing, and a
person says which entry it is or that it is none. Ties and their undoing change no entry.
"""

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from core import audit, months
from core.money import format_minor
from portfolio.domain import landing, periods
from portfolio.domain.landing import NewLine
from portfolio.models import (
    Account,
    EntrySource,
    EntryState,
    ImportedLine,
    ImportKind,
    JournalEntry,
    Posting,
)

SURE_DAYS, NEAR_DAYS = 5, 45
SUGGESTED = 5
CORRECTS = "corrects:"
_LOOKUP = 900

_WORD = re.compile(r"[^\W_]{3,}")
_PLAIN_WORDS = frozenset(
    [
        "payment",
        "paid",
        "from",
        "the",
        "and",
        "for",
        "ach",
        "card",
        "debit",
        "credit",
        "check",
        "transfer",
        "deposit",
        "online",
        "purchase",
        "invoice",
        "bill",
        "inc",
        "llc",
        "des",
        "web",
        "pos",
        "withdrawal",
        "bank",
        "reversal",
        "manual",
        "entry",
    ]
)


class MatchError(Exception):
    """A tie that cannot be made or undone; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry that a line may be: how far apart they are, and whether words or a reference agree.

    ``differs_minor`` is the line's amount less the entry's; only an entry of the same amount can be the line.
    """

    entry: JournalEntry
    amount_minor: int
    differs_minor: int
    days: int
    reference: bool
    words: tuple[str, ...]


def tie_repeats(*, account: Account, kind: ImportKind, lines: Sequence[NewLine]) -> int:
    """Tie lines to the lines of another kind of file that told of the same movements; return how many.

    The same account, day and amount are the same movement, as often as the other files told of it and no oftener;
    two references that differ are not. Where several could be meant, words that agree decide.
    """
    days = sorted({line.on for line in lines})
    told: dict[tuple[dt.date, int], list[ImportedLine]] = defaultdict(list)
    if days:
        tied = ImportedLine.objects.filter(same_as=OuterRef("pk"), kind=kind)
        for found in (
            ImportedLine.objects.filter(account=account, on__range=(days[0], days[-1]), same_as__isnull=True)
            .exclude(kind=kind)
            .exclude(Exists(tied))
            .order_by("pk")
            .only("on", "amount_minor", "description", "reference", "entry_id", "waits", "booking_id")
        ):
            told[found.on, found.amount_minor].append(found)
    asking: dict[tuple[dt.date, int], list[NewLine]] = defaultdict(list)
    for line in lines:
        if (line.on, line.amount_minor) in told:
            asking[line.on, line.amount_minor].append(line)
    repeated = 0
    for key, ours in asking.items():
        for line, other in _paired(ours, told[key]):
            line.same_as_id, line.entry_id, line.waits = other.pk, other.entry_id, other.waits
            line.booking_id = other.booking_id
            repeated += 1
    return repeated


def _paired(ours: Sequence[NewLine], told: Sequence[ImportedLine]) -> list[tuple[NewLine, ImportedLine]]:
    """Pair lines of one day and amount, the likeliest first; each stands in one pair at most."""
    possible = sorted(
        (
            (_likeness(line, other), -m, -n)
            for m, line in enumerate(ours)
            for n, other in enumerate(told)
            if not (line.reference and other.reference and line.reference != other.reference)
        ),
        reverse=True,
    )
    pairs: list[tuple[NewLine, ImportedLine]] = []
    used_ours: set[int] = set()
    used_told: set[int] = set()
    for _, m, n in possible:
        if m not in used_ours and n not in used_told:
            used_ours.add(m)
            used_told.add(n)
            pairs.append((ours[-m], told[-n]))
    return pairs


def tie_known(*, account: Account, lines: Sequence[NewLine], at: dt.datetime) -> tuple[int, int]:
    """Tie lines to entries that are in the books already, or let them wait; return how many of each.

    Sure is one entry for one line, of the same amount and within five days, when a reference or a word of theirs
    agrees or both are of one day. What Stripe posted is never sure: a payout is known by its id alone.
    """
    if not lines:
        return 0, 0
    amounts = {line.amount_minor for line in lines}
    window = dt.timedelta(days=SURE_DAYS)
    first, last = min(line.on for line in lines) - window, max(line.on for line in lines) + window
    free: dict[int, list[Posting]] = defaultdict(list)
    for posting in unmatched(account=account, first=first, last=last).iterator(2000):
        if posting.amount_minor in amounts:
            free[posting.amount_minor].append(posting)
    if not free:
        return 0, 0
    near = {
        position: found
        for position, line in enumerate(lines)
        if (found := [p for p in free[line.amount_minor] if abs(p.entry.on - line.on) <= window])
    }
    claims = Counter(posting.entry_id for found in near.values() for posting in found)
    matched = waiting = 0
    for position, found in near.items():
        line = lines[position]
        if len(found) == 1 and claims[found[0].entry_id] == 1 and _is_sure(line, found[0]):
            line.entry_id, line.matched_at = found[0].entry_id, at
            line.booking_id = found[0].booking_id
            matched += 1
        else:
            line.waits = True
            waiting += 1
    return matched, waiting


def unmatched(*, account: Account, first: dt.date, last: dt.date) -> QuerySet[Posting]:
    """Return the postings on a bank account, newest first, that no line of its statements stands for yet."""
    # A list to look things up in, not a search for each posting: a statement of 100,000 lines asks this in batches.
    reach = dt.timedelta(days=NEAR_DAYS)
    told = ImportedLine.objects.filter(
        account=account, on__range=(first - reach, last + reach), entry__isnull=False
    ).values("entry_id")
    reversal = JournalEntry.objects.filter(reverses=OuterRef("entry"))
    # What undoes an entry is on a statement only where that entry was: a check that came back.
    stated = ImportedLine.objects.filter(account=account, entry=OuterRef("entry__reverses"))
    return (
        Posting.objects.filter(
            account=account,
            month__range=(months.month_of(first), months.month_of(last)),
            entry__on__range=(first, last),
            entry__state=EntryState.POSTED,
        )
        .exclude(entry__source=EntrySource.OPENING)
        .filter(~Q(entry__source=EntrySource.REVERSAL) | Exists(stated))
        .exclude(entry__in=told)
        .exclude(Exists(reversal))
        .select_related("entry")
        .order_by("-entry__on", "-entry_id", "pk")
    )


def suggestions(*, line: ImportedLine) -> list[Suggestion]:
    """Return the entries that a waiting line may be, likeliest first."""
    return suggest(lines=[line]).get(line.pk, [])


def suggest(*, lines: Sequence[ImportedLine]) -> dict[int, list[Suggestion]]:
    """Return the entries that each of some waiting lines may be: equal amounts first, then near ones."""
    found: dict[int, list[Suggestion]] = {}
    for account_id in {line.account_id for line in lines}:
        mine = [line for line in lines if line.account_id == account_id and line.account is not None]
        if not mine or mine[0].account is None:
            continue
        reach = dt.timedelta(days=NEAR_DAYS)
        first, last = min(line.on for line in mine) - reach, max(line.on for line in mine) + reach
        sizes = Q()
        for line in mine:
            low, high = sorted(
                (line.amount_minor - line.amount_minor // 20, line.amount_minor + line.amount_minor // 20)
            )
            sizes |= Q(amount_minor__range=(low, high))
        postings = list(unmatched(account=mine[0].account, first=first, last=last).filter(sizes)[:500])
        for line in mine:
            offered = [
                suggestion for posting in postings if (suggestion := _suggestion(line, posting)) is not None
            ]
            found[line.pk] = sorted(offered, key=_rank)[:SUGGESTED]
    return found


def match(
    *, line: ImportedLine, entry: JournalEntry, by: AbstractBaseUser | None, at: dt.datetime
) -> ImportedLine:
    """Say that a waiting line is an entry of the books; nothing is posted.

    Raises:
        MatchError: the line waits no more, or the entry is another's, moves another amount on that account, or
            another line stands for it already.
    """
    with transaction.atomic():
        landing.lock(line.entity)
        if entry.entity_id != line.entity_id or entry.state != EntryState.POSTED:
            raise MatchError("That entry does not stand in these books; choose another.")
        if JournalEntry.objects.filter(reverses=entry).exists():
            raise MatchError("That entry was reversed; choose another.")
        moved = [p.amount_minor for p in Posting.objects.filter(entry=entry, account=line.account_id)]
        if line.amount_minor not in moved:
            currency = entry.currency
            there = ", ".join(format_minor(amount, currency) for amount in moved) or "nothing"
            raise MatchError(
                f"The line moves {format_minor(line.amount_minor, currency)} and that entry {there} on this account; "
                "correct the entry first, or choose another."
            )
        if ImportedLine.objects.filter(account=line.account_id, entry=entry).exists():
            raise MatchError("Another line of the statement stands for that entry already; choose another.")
        _tie(line, entry, by, at)
        audit.record(
            action="portfolio:line:match", subject=line, by=by, at=at, entity=line.entity.slug,
            data={"entry": entry.pk, "amount_minor": line.amount_minor},
        )  # fmt: skip
    line.refresh_from_db()
    return line


def unmatch(*, line: ImportedLine, by: AbstractBaseUser | None, at: dt.datetime) -> ImportedLine:
    """Undo a tie: the line waits again, and the entry stands in the books without a line.

    Raises:
        MatchError: the line made its entry itself, shares it by a payout's id, or is tied to none.
    """
    with transaction.atomic():
        landing.lock(line.entity)
        month = months.month_of(line.on)
        if month in periods.closed_months(entity=line.entity):
            raise MatchError(
                f"{months.label(month)} is closed with this match in it; reopen the month before undoing it."
            )
        before = line.entry_id
        undone = ImportedLine.objects.filter(
            pk=line.pk, entry__isnull=False, matched_at__isnull=False, same_as__isnull=True
        ).update(entry=None, waits=True, matched_at=None, matched_by=None)
        if not undone:
            raise MatchError("This line was not matched with an entry; reverse the entry it made instead.")
        ImportedLine.objects.filter(same_as=line.pk).update(entry=None, waits=True)
        audit.record(
            action="portfolio:line:unmatch", subject=line, by=by, at=at, entity=line.entity.slug,
            data={"entry": before, "amount_minor": line.amount_minor},
        )  # fmt: skip
    line.refresh_from_db()
    return line


def pass_on(
    *,
    entry: JournalEntry,
    to: JournalEntry | None = None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Take the bank lines of a reversed entry to the one posted in its place, in the caller's transaction.

    Lines that the new entry does not move by their amount, and all without a new entry, wait for a decision again.
    """
    for line in ImportedLine.objects.filter(entry=entry, account__isnull=False, same_as__isnull=True):
        alike = to is not None and line.amount_minor in Posting.objects.filter(
            entry=to, account=line.account_id
        ).values_list("amount_minor", flat=True)
        ImportedLine.objects.filter(Q(pk=line.pk) | Q(same_as=line.pk)).update(
            entry=to if alike else None,
            waits=not alike,
            matched_at=at if alike else None,
            matched_by=by.pk if alike and by is not None else None,
        )
        audit.record(
            action="portfolio:line:pass_on", subject=line, by=by, at=at, entity=entry.entity.slug,
            data={"entry": [entry.pk, to.pk if alike and to is not None else None]},
        )  # fmt: skip


def settle(*, line: ImportedLine, entry_id: int) -> None:
    """Note the entry that was posted for a waiting line, in the caller's transaction.

    Raises:
        MatchError: the line waits no more.
    """
    settled = ImportedLine.objects.filter(pk=line.pk, waits=True, entry__isnull=True).update(
        entry=entry_id, waits=False
    )
    if not settled:
        raise MatchError("Somebody has decided on this line already.")
    ImportedLine.objects.filter(same_as=line.pk).update(entry=entry_id, waits=False)


def _tie(line: ImportedLine, entry: JournalEntry, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    settle(line=line, entry_id=entry.pk)
    ImportedLine.objects.filter(pk=line.pk).update(
        matched_at=at, matched_by=by.pk if by is not None else None
    )


def waiting(*, entity_id: int) -> QuerySet[ImportedLine]:
    """Return the lines of an entity that wait for a person, newest first; repeats wait with their first."""
    return (
        ImportedLine.objects.filter(entity=entity_id, waits=True, same_as__isnull=True)
        .select_related("entity", "account", "file")
        .order_by(F("on").desc(), "pk")
    )


def _suggestion(line: ImportedLine, posting: Posting) -> Suggestion | None:
    days = abs((posting.entry.on - line.on).days)
    differs = line.amount_minor - posting.amount_minor
    if days > NEAR_DAYS or abs(differs) * 20 > abs(line.amount_minor):
        return None
    ours, theirs = _said(line), _said_by(posting)
    reference, words = _agree(ours, theirs)
    if differs and not (reference or words):
        return None
    return Suggestion(posting.entry, posting.amount_minor, differs, days, reference, tuple(words))


def _rank(found: Suggestion) -> tuple[bool, int, bool, bool, int, int]:
    return (
        found.differs_minor != 0, abs(found.differs_minor), not found.reference, not found.words, found.days,
        found.entry.pk,
    )  # fmt: skip


def _is_sure(line: NewLine, posting: Posting) -> bool:
    entry = posting.entry
    # A correction may stand for a line that waits to be decided on again.
    if entry.source == EntrySource.STRIPE or (entry.external_id or "").startswith(CORRECTS):
        return False
    reference, words = _agree(_said(line), _said_by(posting))
    if line.reference and not reference and _numbers(_said_by(posting)):
        return False
    return reference or bool(words) or entry.on == line.on


def _said(line: NewLine | ImportedLine) -> set[str]:
    return _words(f"{line.description} {line.reference}")


def _said_by(posting: Posting) -> set[str]:
    return _words(f"{posting.entry.memo} {posting.memo} {posting.entry.external_id or ''}")


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold())) - _PLAIN_WORDS


def _numbers(words: Iterable[str]) -> set[str]:
    return {word for word in words if any(letter.isdigit() for letter in word)}


def _agree(ours: set[str], theirs: set[str]) -> tuple[bool, list[str]]:
    """Return whether a reference (a word with a digit) agrees, and the other words that do."""
    both = ours & theirs
    numbers = _numbers(both)
    return bool(numbers), sorted(both - numbers)


def _likeness(line: NewLine, other: ImportedLine) -> tuple[bool, int]:
    """Rank the lines of another file that may tell of the same movement."""
    same = bool(line.reference) and line.reference == other.reference
    return same, len(_said(line) & _said(other))
