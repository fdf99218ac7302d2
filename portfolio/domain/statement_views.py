"""Statements as people ask for them: any months, by month, quarter or entity, beside another period or the budget.

What is asked becomes columns for one reading of the balances (`portfolio.domain.statements`), and the reading becomes
lines. Every line knows the accounts it is made of, so that each figure leads to the postings that add up to it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Min, QuerySet, Sum

from core import months
from core.money import divide, format_minor
from portfolio.domain import chain
from portfolio.domain.statement_columns import Asked, By, Compare, Form, Layout, so_far, span_label
from portfolio.domain.statement_parts import CashFlow, Holder, Measure, Row, Section
from portfolio.domain.statements import EARNING, Books, added
from portfolio.models import Account, AccountRole, Entity, EntryState, MonthlyBalance, Posting
from portfolio.models.account import CASH_ROLES
from portfolio.render.statements import Kind, Line, Seal, Style, Table

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Made:
    """A line with what it is made of: rows, each added or taken off, by the line's own measure."""

    line: Line
    terms: tuple[tuple[Row, int], ...] = ()
    measure: Measure = Measure.MOVED

    @property
    def account(self) -> int | None:
        """Return the account that is all of this line, or None where there are several."""
        holders = [holder for row, _ in self.terms for holder in row.holders]
        return holders[0].id if len(holders) == 1 and self.line.style is Style.ROW else None


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell and the postings behind it; ``sign`` turns their debit-positive sum into the figure."""

    label: str
    head: str
    amount_minor: int
    sign: int
    postings: QuerySet[Posting]


class Statement:
    """One statement of one or more entities, read and laid out."""

    def __init__(self, *, entities: Sequence[Entity], asked: Asked) -> None:
        """Read the books and lay the lines out; several entities are put together without what they owe and sold each other.

        Raises:
            UnfitError: the columns are too many, or the statement has none like them.
            UnlikeCurrenciesError: the entities keep books in several currencies.
            EmptyPeriodError: the last month lies before the first.
        """
        self.entities, self.asked = list(entities), asked
        self._together = len(self.entities) > 1
        layout = Layout(entities=self.entities, asked=asked)
        columns, self.spots, self._whole = layout.columns, layout.spots, layout.whole
        also = {Form.CASH: Measure.CASH, Form.TRIAL: Measure.DEBITS}.get(asked.form)
        for _ in range(ATTEMPTS):
            # Entries and balances are read one after the other; only where nothing came between is the seal true.
            before = chain.heads(entities=self.entities)
            self.books = Books(entities=self.entities, columns=columns, also=also, alike=self._together)
            self._heads = chain.heads(entities=self.entities)
            if before == self._heads:
                break
        self.notes: list[str] = []
        self._begins = self._beginning()
        lay = {
            Form.TRIAL: self._trial,
            Form.INCOME: self._income,
            Form.BALANCE: self._balance,
            Form.CASH: self._cash,
        }
        self.lines = lay[asked.form]()

    def _beginning(self) -> int | None:
        """Return the first month of the books where a comparison reaches back before it, and note that it does."""
        if self.asked.compare is Compare.NOTHING:
            return None
        begins = MonthlyBalance.objects.filter(account__entity__in=self.entities).aggregate(
            first=Min("month")
        )["first"]
        compared = {self._needs(spot.other) for spot in self.spots if spot.head.kind is Kind.SHARE}
        if begins is None or all(first >= begins for first in compared):
            return None
        self.notes.append(
            f"The books begin in {months.label(begins)}; what is compared is not whole, so no percent is given."
        )
        return int(begins)

    def _needs(self, at: int) -> int:
        """Return the month from which there have to be books for a column to be whole: what stands needs its end alone."""
        column = self.books.columns[at]
        return column.last if self.asked.form.stands else column.first

    # Lines

    def _cells(self, amounts: Sequence[int], others: dict[Measure, Sequence[int]]) -> tuple[int | None, ...]:
        cells: list[int | None] = []
        for spot in self.spots:
            kind = spot.head.kind
            value: int | None = (others[spot.measure] if spot.measure else amounts)[spot.column]
            if value is not None and kind is Kind.DEBIT:
                value = max(value, 0)
            elif value is not None and kind is Kind.CREDIT:
                value = max(-value, 0)
            elif value is not None and kind in (Kind.CHANGE, Kind.SHARE):
                then = amounts[spot.other]
                value -= then
                if kind is Kind.SHARE:
                    # A percent of a loss, or of months before the books begin, would say nothing.
                    whole = self._begins is None or self._needs(spot.other) >= self._begins
                    value = divide(value * 1000, then) if then > 0 and whole else None
            cells.append(value)
        return tuple(cells)

    def _line(
        self, key: str, style: Style, label: str, terms: Sequence[tuple[Row, int]], measure: Measure
    ) -> Made:
        """Return a line that adds rows up."""
        amounts = added(
            ([sign * amount for amount in row.amounts] for row, sign in terms), len(self.books.columns)
        )
        code = terms[0][0].code if style is Style.ROW else ""
        return Made(Line(key, style, code, label, self._cells(amounts, {})), tuple(terms), measure)

    def _rows(self, rows: Sequence[Row], measure: Measure, used: dict[str, int]) -> list[Made]:
        made = []
        for row in rows:
            key = row.code or "between"
            used[key] = used.get(key, 0) + 1
            key += f"-{used[key]}" if used[key] > 1 else ""
            made.append(self._line(key, Style.ROW, row.name, [(row, 1)], measure))
        return made

    def _section(self, section: Section, key: str, measure: Measure, used: dict[str, int]) -> list[Made]:
        if not section.rows:
            return []
        heading = Made(Line(f"{key}-head", Style.HEADING, "", section.title, ()))
        total = self._line(key, Style.SUBTOTAL, f"Total {section.title.lower()}", _all(section), measure)
        return [heading, *self._rows(section.rows, measure, used), total]

    def _income(self) -> list[Made]:
        found, moved = self.books.income(), Measure.MOVED
        used: dict[str, int] = {}
        margin = [*_all(found.revenue), *_all(found.direct_cost, -1)]
        operating = [*margin, *_all(found.fixed_cost, -1), *_all(found.uncategorised)]
        below = [(section, sign) for section, sign in found.below if section.rows]
        result = [*operating, *(term for section, sign in below for term in _all(section, sign))]
        lines = self._section(found.revenue, "revenue", moved, used)
        if found.direct_cost.rows:
            lines += self._section(found.direct_cost, "direct-cost", moved, used)
            lines.append(self._line("margin", Style.SUBTOTAL, "Margin", margin, moved))
        lines += self._section(found.fixed_cost, "fixed-cost", moved, used)
        lines += self._section(found.uncategorised, "uncategorised", moved, used)
        if found.uncategorised.rows:
            self.notes.append(
                "What waits for a category is shown net: what came in less what went out, so a cost is negative there."
            )
        if below and operating:
            lines.append(self._line("operating", Style.SUBTOTAL, "Operating result", operating, moved))
        for section, _ in below:
            lines += self._section(section, section.title.lower().replace(" ", "-"), moved, used)
        if result:
            lines.append(self._line("result", Style.TOTAL, "Result", result, moved))
        return lines

    def _balance(self) -> list[Made]:
        found, stands = self.books.balance(), Measure.STANDS
        used: dict[str, int] = {}
        lines = self._section(found.assets, "assets", stands, used)
        owed = self._section(found.liabilities, "liabilities", stands, used)
        earned = [(row, 1) for row in found.earning]
        both = [*_all(found.liabilities), *_all(found.equity), *earned]
        lines += owed
        if found.equity.rows or earned:
            lines.append(Made(Line("equity-head", Style.HEADING, "", "Equity", ())))
            lines += self._rows(found.equity.rows, stands, used)
            if earned:
                lines.append(
                    replace_style(
                        self._line("retained", Style.SUBTOTAL, "Result kept so far", earned, stands)
                    )
                )
            lines.append(
                self._line("equity", Style.SUBTOTAL, "Total equity", [*_all(found.equity), *earned], stands)
            )
        if both:
            lines.append(self._line("both", Style.TOTAL, "Liabilities and equity", both, stands))
        even = found.assets.totals == added(
            [found.liabilities.totals, found.equity.totals, found.retained], len(self.books.columns)
        )
        self.notes.append(
            "Assets equal liabilities and equity in each column."
            if even
            else "Assets do not equal liabilities and equity; run manage.py verify_books."
        )
        return lines

    def _cash(self) -> list[Made]:
        found, by = self.books.cash(), Measure.CASH
        used: dict[str, int] = {}
        cash = [holder for holder in self.books.holders if holder.role in CASH_ROLES]
        opened = [(row, 1) for row in self.books.rows(cash, Measure.OPENED, 1)]
        moved = [(row, 1) for row in self.books.rows(cash, Measure.MOVED, 1)]
        stands = [(row, 1) for row in found.cash]
        if not (opened or moved or stands):
            return []
        lines = [self._line("opening", Style.SUBTOTAL, "Cash at the start", opened, Measure.OPENED)]
        for section, key in (
            (found.operating, "operating"),
            (found.investing, "investing"),
            (found.financing, "financing"),
        ):
            lines += self._section(section, key, by, used)
        lines.append(self._line("change", Style.SUBTOTAL, "Change in cash", moved, Measure.MOVED))
        lines.append(self._line("closing", Style.TOTAL, "Cash at the end", stands, Measure.STANDS))
        self.notes.append(
            "Direct method: each amount is cash that came in or went out, named by the account on the other side. "
            "Money at the card processor is cash."
        )
        self.notes.append(self._proof(found))
        return lines

    def _proof(self, found: CashFlow) -> str:
        """Return the sentence by which the statement proves itself, or says that it cannot."""
        width = len(self.books.columns)
        sections = added([found.operating.totals, found.investing.totals, found.financing.totals], width)
        if found.change != sections or found.closing != added([found.opening, found.change], width):
            return (
                "The cash proof fails: the sections are not the change in cash. Run manage.py verify_books."
            )
        said = [
            format_minor(row[self._whole], self.books.currency)
            for row in (found.opening, found.change, found.closing)
        ]
        return (
            f"Proof: {said[0]} at the start and {said[1]} by the sections make {said[2]} at the end, as the cash accounts "
            "themselves say."
        )

    def _trial(self) -> list[Made]:
        books, made = self.books, []
        used: dict[str, int] = {}
        between = [h for h in books.holders if h.role == AccountRole.INTERCOMPANY]
        groups: list[tuple[list[Holder], bool]] = [(group, False) for group in books.groups(books.holders)]
        if self._together:
            apart = ([h for h in between if (h.kind in EARNING) is earning] for earning in (False, True))
            groups += [(holders, True) for holders in apart if holders]
        for group, owed in groups:
            row = books.row(group, Measure.STANDS, 1, between=owed)
            others = {
                measure: books.row(group, measure, 1, between=owed).amounts
                for measure in (Measure.OPENED, Measure.DEBITS, Measure.CREDITS)
            }
            cells = self._cells(row.amounts, dict(others))
            # Matched sides move by as much as each other; only what is left between them is a line.
            if any(cells) and (not owed or any(row.amounts) or any(others[Measure.OPENED])):
                key = row.code or "between"
                used[key] = used.get(key, 0) + 1
                key += f"-{used[key]}" if used[key] > 1 else ""
                made.append(
                    Made(Line(key, Style.ROW, row.code, row.name, cells), ((row, 1),), Measure.STANDS)
                )
        if any(term.holders and term.holders[0].kind in EARNING for line in made for term, _ in line.terms):
            self.notes.append("Balances of income and cost are all that was posted since the books began.")
        if made:
            cells = added(([cell or 0 for cell in line.line.cells] for line in made), len(self.spots))
            terms = tuple(term for line in made for term in line.terms)
            made.append(Made(Line("total", Style.TOTAL, "", "Total", cells), terms, Measure.STANDS))
        pairs = [at for at, spot in enumerate(self.spots) if spot.head.kind is Kind.DEBIT]
        total = made[-1].line.cells if made else ()
        self.notes.append(
            "Debits equal credits in each column."
            if all(total[at] == total[at + 1] for at in pairs if total)
            else "Debits do not equal credits; run manage.py verify_books."
        )
        return made

    # What is made of it

    def table(self) -> Table:
        """Return the statement as it is shown."""
        asked = self.asked
        whose = self.entities[0].name if not self._together else f"{len(self.entities)} entities together"
        end = months.spelled(asked.reached)
        unfinished = asked.reached < months.last_day(asked.last)
        span = so_far(asked.first, asked.reached) if unfinished else span_label(asked.first, asked.last)
        period = f"At {end}" if asked.form.stands else span
        if asked.form is Form.TRIAL and asked.by is By.TOTAL:
            period = f"{span}, balances at {end}"
        notes = list(self.notes)
        if self._together:
            notes.insert(0, "Together: " + ", ".join(entity.name for entity in self.entities) + ".")
            notes.append(
                "What the entities owe and sold each other is taken off; what only one side has booked stays visible."
            )
        if not asked.is_over and asked.today is not None:
            beside = asked.compare is not Compare.NOTHING or asked.budget
            notes.append(
                f"The period is not over: the books are read as of {months.spelled(asked.today)}"
                + ("; what stands beside them is of whole months." if beside else ".")
            )
        slug = self.entities[0].slug if not self._together else "together"
        file = (
            months.iso(asked.last)
            if asked.first == asked.last
            else f"{months.iso(asked.first)}-to-{months.iso(asked.last)}"
        )
        return Table(
            file=f"{slug}-{asked.form.value}-{file}",
            title=asked.form.title,
            whose=whose,
            period=period,
            currency=self.books.currency,
            heads=tuple(spot.head for spot in self.spots),
            lines=tuple(made.line for made in self.lines),
            notes=tuple(notes),
            seals=tuple(
                Seal(entity.name, *self._heads[entity.pk])
                for entity in self.entities
                if entity.pk in self._heads
            ),
        )

    def leads(self, line: Line, at: int) -> bool:
        """Tell whether a cell is made of postings that can be listed."""
        kind = self.spots[at].head.kind
        return bool(line.cells[at]) and kind in (Kind.AMOUNT, Kind.DEBIT, Kind.CREDIT)

    def figure(self, *, key: str, at: int) -> Figure | None:
        """Return a figure with its postings, by the line's key and the number of its column; None where there is none."""
        made = next((made for made in self.lines if made.line.key == key), None)
        if (
            made is None
            or not 0 <= at < len(self.spots)
            or not made.line.cells
            or not self.leads(made.line, at)
        ):
            return None
        spot = self.spots[at]
        column, measure = self.books.columns[spot.column], spot.measure or made.measure
        weights: dict[int, int] = defaultdict(int)
        for row, sign in made.terms:
            side = row.amounts[spot.column]
            if (spot.head.kind is Kind.DEBIT and side < 0) or (spot.head.kind is Kind.CREDIT and side > 0):
                continue
            for holder in row.holders:
                factor = self.books.factor(holder, column, between=row.between)
                weights[holder.id] += sign * row.sign * factor
        wanted = {pk: weight for pk, weight in weights.items() if weight}
        signs = set(wanted.values())
        if len(signs) != 1:
            return None
        (sign,) = signs
        if spot.head.kind is Kind.CREDIT or measure in (Measure.CREDITS, Measure.CASH):
            sign = -sign
        first = None if measure in (Measure.STANDS, Measure.OPENED) else column.first
        last = column.first - 1 if measure is Measure.OPENED else column.last
        rows = postings(accounts=wanted, first=first, last=last, measure=measure)
        head = f"{spot.head.over}, {spot.head.label.lower()}" if spot.head.over else spot.head.label
        return Figure(made.line.label, head, made.line.cells[at] or 0, sign, rows)


def replace_style(made: Made) -> Made:
    """Return a line that adds several accounts up as one row among others."""
    return replace(made, line=replace(made.line, style=Style.ROW, code=""))


def _all(section: Section, sign: int = 1) -> list[tuple[Row, int]]:
    return [(row, sign) for row in section.rows]


def postings(
    *,
    accounts: "dict[int, int] | Sequence[int]",
    first: int | None,
    last: int,
    measure: Measure = Measure.MOVED,
) -> QuerySet[Posting]:
    """Return sealed postings of accounts, oldest first; from the first ever where no first month is given."""
    rows = Posting.objects.filter(
        account_id__in=list(accounts), month__lte=last, entry__state=EntryState.POSTED
    )
    if first is not None:
        rows = rows.filter(month__gte=first)
    if measure is Measure.DEBITS:
        rows = rows.filter(amount_minor__gt=0)
    elif measure is Measure.CREDITS:
        rows = rows.filter(amount_minor__lt=0)
    elif measure is Measure.CASH:
        cash = Posting.objects.filter(account__role__in=CASH_ROLES)
        rows = rows.filter(entry_id__in=cash.values("entry_id"))
    return rows.select_related("entry", "account", "entry__entity").order_by("entry__on", "id")


def account_moves(*, account: Account, first: int | None, last: int) -> tuple[int, int]:
    """Return what an account held before some months and what it moved in them, from the balances; debit positive."""
    held = MonthlyBalance.objects.filter(account=account, month__lte=last).order_by()
    before = moved = 0
    for month, debit, credit in held.values_list("month", "debit_minor", "credit_minor"):
        if first is not None and month < first:
            before += debit - credit
        else:
            moved += debit - credit
    return before, moved


def total(rows: QuerySet[Posting]) -> int:
    """Return the sum of postings in minor units, debit positive."""
    unsorted = rows if rows.query.is_sliced else rows.order_by()  # The first so many depend on the order.
    return int(unsorted.aggregate(total=Sum("amount_minor"))["total"] or 0)
