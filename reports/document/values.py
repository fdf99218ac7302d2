"""What figures are measured in, how they are known, and what they say at a glance."""

import enum


class Unit(enum.StrEnum):
    """The unit of a figure; its value is a whole number of the smallest step."""

    MONEY = "money"  # minor units of the document's currency
    COUNT = "count"  # ones
    PERCENT = "percent"  # basis points
    POINTS = "points"  # basis points, the difference of two percentages
    MONTHS = "months"  # hundredths of a month
    DAYS = "days"  # tenths of a day
    NIGHTS = "nights"  # tenths of a night
    RATIO = "ratio"  # hundredths
    SCORE = "score"  # hundredths
    MINUTES = "minutes"  # ones
    MILES = "miles"  # tenths of a nautical mile
    GIGABYTES = "gigabytes"  # hundredths of a gigabyte
    MILLIS = "milliseconds"  # ones
    INDEX = "index"  # ones, below nothing too: a promoter score


class Badge(enum.StrEnum):
    """How a figure is known. ``unreconciled`` is computed from records of a month not yet reconciled."""

    MEASURED = "measured"
    UNRECONCILED = "unreconciled"
    MODELLED = "modelled"
    ENTERED = "entered"


class Tone(enum.StrEnum):
    """What a cell, note or KPI says at a glance."""

    PLAIN = ""
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    MUTED = "muted"


class Severity(enum.StrEnum):
    """How much a finding matters."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
