"""What statements are made of and what they are: columns, accounts, rows, sections, and the four statements themselves."""

import datetime as dt
import enum
from dataclasses import dataclass
from typing import NamedTuple


class UnlikeCurrenciesError(ValueError):
    """Amounts in different currencies are never added up."""


class EmptyPeriodError(ValueError):
    """The last month lies before the first."""


class Scope(enum.Enum):
    """Whose amounts a column of several entities holds: all, all but what stands between them, or just that, negated."""

    ALL = "all"
    ELIMINATED = "eliminated"
    ELIMINATIONS = "eliminations"


class Measure(enum.Enum):
    """What is read off an account for a column."""

    MOVED = "moved"
    STANDS = "stands"
    OPENED = "opened"
    DEBITS = "debits"
    CREDITS = "credits"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Column:
    """Whole months, first and last included. ``scope`` is also the id of one entity; ``budget`` asks for what was planned."""

    first: int
    last: int
    scope: Scope | int = Scope.ALL
    budget: bool = False


class Holder(NamedTuple):
    """An account as statements know it."""

    id: int
    entity_id: int
    code: str
    name: str
    kind: str
    role: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line by column, in minor units with the statement's own sign: an account, or accounts alike of several entities.

    ``sign`` turns debit-positive sums into that sign. ``between`` marks the row of what sisters did not match.
    """

    entity: str
    code: str
    name: str
    role: str
    amounts: tuple[int, ...]
    holders: tuple[Holder, ...]
    sign: int
    between: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a heading with their total by column."""

    title: str
    rows: tuple[Row, ...]
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One account's balance at the end of the last column, on the side where it stands."""

    entity: str
    code: str
    name: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account with a balance at a month's end; both totals are equal."""

    on: dt.date
    currency: str
    rows: tuple[TrialRow, ...]
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class IncomeStatement:
    """Income less cost by column: revenue positive, costs positive, results signed.

    ``below`` are the sections after the operating result, each with how it enters the result: added (1) or taken off (-1).
    """

    columns: tuple[Column, ...]
    currency: str
    revenue: Section
    direct_cost: Section
    fixed_cost: Section
    uncategorised: Section
    margin: tuple[int, ...]
    operating: tuple[int, ...]
    below: tuple[tuple[Section, int], ...]
    result: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """What is owned and owed at the end of each column; assets equal liabilities plus equity.

    ``retained`` is all income less all cost up to then, which stands in equity without an account of its own.
    """

    columns: tuple[Column, ...]
    currency: str
    assets: Section
    liabilities: Section
    equity: Section
    retained: tuple[int, ...]
    earning: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Where cash came from and went by column, by the direct method; money in positive.

    ``change`` is what the cash accounts did; it equals the three totals together (the cash proof).
    """

    columns: tuple[Column, ...]
    currency: str
    opening: tuple[int, ...]
    operating: Section
    investing: Section
    financing: Section
    change: tuple[int, ...]
    closing: tuple[int, ...]
    cash: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Three:
    """The three statements of one reading."""

    income: IncomeStatement
    balance: BalanceSheet
    trial: TrialBalance


@dataclass(frozen=True, slots=True)
class Group:
    """Statements of several entities: put together without what they owe and sold each other, and each one's own by slug."""

    together: Three
    each: dict[str, Three]
