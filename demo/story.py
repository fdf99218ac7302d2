"""What happened, as facts: charters, concerts, stays, deliveries, invoices, and what is paid each month.

Whatever a handoff note states stands here as the note has it; the earlier months are invented to fit.
Amounts are whole US dollars unless a name ends in ``_minor``. Dates are local to San Diego.
"""

import datetime as dt
from typing import NamedTuple

FIRST_DAY = dt.date(2025, 11, 1)
OPENING_DAY = dt.date(2025, 10, 31)
AS_OF = dt.date(2026, 11, 10)
ENTITIES = ("jada", "qos", "qdn", "dc", "rental-3028", "eyd")


def day(text: str) -> dt.date:
    """Return the date of an ISO text."""
    return dt.date.fromisoformat(text)


class Charter(NamedTuple):
    """A sold charter: when it sails, its price, and how many days before it was asked for and booked."""

    sails: str
    price: int
    asked_before: int
    booked_before: int


# Two in a winter month, five in June and July, one in October: the curve of a boat in San Diego.
CHARTERS = (
    Charter("2025-11-15", 1_900, 12, 9), Charter("2025-11-22", 2_000, 17, 14), Charter("2025-12-20", 2_200, 31, 27),
    Charter("2026-01-17", 1_800, 20, 16), Charter("2026-02-14", 2_300, 26, 22), Charter("2026-03-14", 1_900, 22, 18),
    Charter("2026-03-28", 1_950, 25, 21), Charter("2026-04-11", 2_000, 24, 20), Charter("2026-04-25", 1_900, 19, 15),
    Charter("2026-05-09", 2_050, 23, 19), Charter("2026-05-16", 2_100, 27, 22), Charter("2026-05-30", 2_100, 21, 17),
    Charter("2026-06-06", 2_100, 28, 24), Charter("2026-06-13", 2_200, 30, 26), Charter("2026-06-19", 2_000, 18, 14),
    Charter("2026-06-21", 2_300, 33, 29), Charter("2026-06-27", 2_200, 22, 18), Charter("2026-07-03", 2_300, 24, 20),
    Charter("2026-07-04", 2_400, 32, 28), Charter("2026-07-11", 2_100, 19, 15), Charter("2026-07-18", 2_000, 20, 16),
    Charter("2026-07-25", 2_000, 17, 13), Charter("2026-08-01", 1_900, 16, 12), Charter("2026-08-15", 1_850, 21, 17),
    Charter("2026-08-29", 1_900, 18, 14), Charter("2026-09-05", 1_950, 22, 18), Charter("2026-09-19", 1_950, 20, 16),
    Charter("2026-10-10", 2_100, 22, 18),
    # The two that are still to sail; their refundable deposits are the $2,400 the note says are held.
    Charter("2026-11-21", 2_500, 38, 33), Charter("2026-11-28", 2_300, 37, 32),
)  # fmt: skip


class Cancelled(NamedTuple):
    """A charter that was booked and called off; ``refunded`` is what went back of the deposit."""

    sails: str
    price: int
    asked: str
    booked: str
    cancelled: str
    refunded: int


CANCELLED = (
    Cancelled("2026-03-21", 1_800, "2026-02-27", "2026-03-03", "2026-03-17", 0),
    Cancelled("2026-05-23", 2_000, "2026-04-30", "2026-05-03", "2026-05-06", 1_000),
)


class Open(NamedTuple):
    """A charter asked for and not sold yet at the as-of date: the pipeline."""

    sails: str
    price: int
    asked: str
    stage: str


OPEN = (
    Open("2026-12-12", 2_300, "2026-10-19", "quoted"), Open("2026-12-19", 2_100, "2026-10-26", "held"),
    Open("2027-01-02", 2_100, "2026-10-29", "quoted"), Open("2026-12-05", 0, "2026-10-30", "enquiry"),
    Open("2027-02-14", 0, "2026-10-31", "enquiry"), Open("2027-01-16", 2_200, "2026-11-02", "quoted"),
    Open("2026-12-22", 0, "2026-11-05", "enquiry"), Open("2026-12-31", 0, "2026-11-07", "enquiry"),
    Open("2027-03-06", 0, "2026-11-09", "enquiry"),
)  # fmt: skip

# What a charter cost beyond crew, fuel and provisions: October's landed its guests at a dock the model does not know,
# so the books break even one charter later than the model.
GUEST_DOCK = {"2026-10-10": 150}

# Enquiries for a charter by month of asking, sold ones included. October's 11 is the note's.
CHARTER_ENQUIRIES = {
    "2025-11": 9, "2025-12": 8, "2026-01": 8, "2026-02": 9, "2026-03": 10, "2026-04": 11, "2026-05": 12,
    "2026-06": 12, "2026-07": 12, "2026-08": 10, "2026-09": 9, "2026-10": 11, "2026-11": 4,
}  # fmt: skip
# Enquiries for a haul by month; October's 23 and their 9 quotes are the note's, and none was ever booked.
HAUL_ENQUIRIES = {
    "2025-11": (21, 8), "2025-12": (19, 7), "2026-01": (22, 9), "2026-02": (20, 8), "2026-03": (23, 9),
    "2026-04": (25, 10), "2026-05": (24, 9), "2026-06": (22, 8), "2026-07": (26, 10), "2026-08": (24, 9),
    "2026-09": (22, 9), "2026-10": (23, 9), "2026-11": (7, 0),
}  # fmt: skip
HAUL_PRICE = 285

# Until October a charter was paid in two halves; since then booking it takes a refundable deposit.
REFUNDABLE_FROM, REFUNDABLE_DEPOSIT = dt.date(2026, 10, 1), 1_200
CAPTAIN, MATE, FUEL, PROVISIONS = 350, 180, 45, 60


class Concert(NamedTuple):
    """A jazz night: when it was booked, when it plays, and how many tickets were sold (or are expected)."""

    plays: str
    asked: str
    booked: str
    tickets: int


CONCERTS = (
    Concert("2025-12-12", "2025-11-04", "2025-11-10", 31), Concert("2026-02-14", "2026-01-05", "2026-01-12", 34),
    Concert("2026-04-18", "2026-03-09", "2026-03-16", 27), Concert("2026-06-20", "2026-05-11", "2026-05-18", 30),
    # The note's two of this quarter. Tickets for the second go on sale on 12 November.
    Concert("2026-10-17", "2026-09-24", "2026-10-01", 28), Concert("2026-11-20", "2026-10-12", "2026-10-16", 26),
)  # fmt: skip
PRIVATE_JAZZ = (
    ("Wedding trio", "2026-05-16", 1_600, "2026-01-20", "lost"), ("Gallery opening", "2026-06-11", 900, "2026-04-02", "lost"),
    ("Company summer party", "2026-08-22", 2_200, "2026-06-15", "lost"),
    ("Wedding quartet", "2027-02-06", 2_400, "2026-10-20", "quoted"),
)  # fmt: skip
TICKET, MUSICIANS, VENUE_PERCENT = 65, 600, 30


class Stay(NamedTuple):
    """A stay at 3028: the fee is what the channel keeps; cleaning is paid to a cleaner afterwards."""

    check_in: str
    check_out: str
    channel: str
    gross_minor: int
    fee_minor: int


STAY_FEE_BP = {"Airbnb": 300, "VRBO": 500, "Direct": 0}
_EARLIER_STAYS = (
    ("2025-11-06", "2025-11-10", "Airbnb", 740), ("2025-11-26", "2025-11-30", "Airbnb", 860),
    ("2025-12-19", "2025-12-24", "VRBO", 980), ("2025-12-28", "2026-01-02", "Airbnb", 1_150),
    ("2026-01-15", "2026-01-19", "Airbnb", 640), ("2026-02-05", "2026-02-08", "Airbnb", 540),
    ("2026-02-12", "2026-02-16", "Airbnb", 720), ("2026-02-20", "2026-02-27", "Direct", 1_085),
    ("2026-03-06", "2026-03-11", "Airbnb", 900), ("2026-03-13", "2026-03-17", "Airbnb", 820),
    ("2026-03-20", "2026-03-27", "VRBO", 1_330), ("2026-04-03", "2026-04-08", "Airbnb", 975),
    ("2026-04-17", "2026-04-21", "Airbnb", 780), ("2026-04-24", "2026-04-29", "VRBO", 1_050),
    ("2026-05-08", "2026-05-12", "Direct", 720), ("2026-05-14", "2026-05-19", "Airbnb", 1_000),
    ("2026-05-22", "2026-05-26", "Airbnb", 900), ("2026-06-05", "2026-06-12", "Airbnb", 1_470),
    ("2026-06-19", "2026-06-26", "Airbnb", 1_540), ("2026-07-02", "2026-07-09", "Airbnb", 1_680),
    ("2026-07-10", "2026-07-15", "Airbnb", 1_200), ("2026-07-17", "2026-07-24", "VRBO", 1_610),
    ("2026-08-07", "2026-08-12", "Airbnb", 1_100),
)  # fmt: skip
# From here on the note's own rows, fees as it has them.
STAYS = (
    *(Stay(arrive, leave, channel, gross * 100, gross * STAY_FEE_BP[channel] // 100)
      for arrive, leave, channel, gross in _EARLIER_STAYS),
    Stay("2026-09-03", "2026-09-08", "Airbnb", 102_500, 3_075), Stay("2026-09-12", "2026-09-15", "Direct", 58_500, 0),
    Stay("2026-09-24", "2026-10-01", "Airbnb", 142_100, 4_263), Stay("2026-10-09", "2026-10-12", "VRBO", 61_500, 3_075),
    Stay("2026-10-23", "2026-10-30", "Airbnb", 147_000, 4_410), Stay("2026-11-20", "2026-11-24", "Airbnb", 94_000, 2_820),
)  # fmt: skip
# Days before arrival on which each of these was booked, and how many came: winter and summer weeks are booked early.
STAYS_BOOKED_BEFORE = (
    21,
    33,
    46,
    62,
    20,
    12,
    24,
    41,
    19,
    27,
    38,
    22,
    31,
    35,
    16,
    26,
    29,
    47,
    52,
    66,
    58,
    71,
    34,
    23,
    9,
    30,
    14,
    37,
    25,
)
STAY_GUESTS = (2, 4, 3, 5, 2, 2, 2, 3, 4, 2, 5, 4, 2, 4, 2, 3, 4, 6, 5, 6, 4, 6, 3, 2, 2, 4, 2, 5, 3)


class CancelledStay(NamedTuple):
    """A stay that was booked and called off; nothing had been paid out, and nothing was kept."""

    check_in: str
    check_out: str
    channel: str
    gross: int
    booked: str
    cancelled: str
    guests: int


# The last one is the guests whom the water heater kept away.
CANCELLED_STAYS = (
    CancelledStay("2026-04-10", "2026-04-14", "VRBO", 860, "2026-03-02", "2026-03-28", 4),
    CancelledStay("2026-08-26", "2026-08-31", "Airbnb", 1_150, "2026-07-20", "2026-08-12", 3),
    CancelledStay("2026-10-15", "2026-10-19", "Airbnb", 820, "2026-09-20", "2026-10-13", 2),
)
CLEANING = 120
MORTGAGE, MORTGAGE_OPENING, MORTGAGE_RATE_BP_MONTH = 2_310, 350_400, 50
REPAIRS = (
    ("2026-03-18", "REPAIR HANDYMAN DECK STEP", 180), ("2026-07-28", "REPAIR AC SERVICE", 240),
    ("2026-10-21", "REPAIR WATER HEATER ACE PLUMBING", 1_380),
)  # fmt: skip


class Movement(NamedTuple):
    """A bank line as it is: positive into the account, in cents."""

    on: str
    entity: str
    text: str
    amount_minor: int


def _moves(entity: str, *lines: tuple[str, str, float]) -> tuple[Movement, ...]:
    return tuple(Movement(on, entity, text, round(amount * 100)) for on, text, amount in lines)


# 031 to 033 follow the note: captain $400 and crew $220 a day, 032 took 10 days, 033's deposit came in November.
DELIVERIES = _moves(
    "eyd",
    ("2026-01-14", "WIRE IN FEE EYD-027", 2_400), ("2026-01-20", "CAPTAIN PAY EYD-027", -800),
    ("2026-01-20", "CREW PAY EYD-027", -440), ("2026-01-19", "FUEL EYD-027", -512.40),
    ("2026-03-10", "WIRE IN FEE EYD-028", 3_800), ("2026-03-18", "CAPTAIN PAY EYD-028", -1_600),
    ("2026-03-18", "CREW PAY EYD-028", -880), ("2026-03-16", "FUEL EYD-028", -640.50),
    ("2026-05-12", "WIRE IN FEE EYD-029", 2_900), ("2026-05-19", "CAPTAIN PAY EYD-029", -1_200),
    ("2026-05-19", "CREW PAY EYD-029", -660), ("2026-05-18", "FUEL EYD-029", -427.00),
    ("2026-06-30", "WIRE IN FEE EYD-030", 4_600), ("2026-07-16", "CAPTAIN PAY EYD-030", -2_000),
    ("2026-07-16", "CREW PAY EYD-030", -1_100), ("2026-07-14", "FUEL EYD-030", -732.00),
    ("2026-09-04", "WIRE IN FEE EYD-031", 1_900), ("2026-09-14", "FUEL EYD-031", -414.80),
    ("2026-09-16", "CAPTAIN PAY EYD-031", -400), ("2026-09-16", "CREW PAY EYD-031", -220),
    ("2026-09-15", "WIRE IN DEPOSIT EYD-032", 4_650), ("2026-09-28", "FUEL EYD-032", -366.00),
    ("2026-10-02", "GUEST DOCK EYD-032 MORRO BAY", -96), ("2026-09-30", "CAPTAIN PAY EYD-032", -2_000), ("2026-10-09", "CAPTAIN PAY EYD-032", -2_000),
    ("2026-09-30", "CREW PAY EYD-032", -1_100), ("2026-10-09", "CREW PAY EYD-032", -1_100), ("2026-10-14", "WIRE IN BALANCE EYD-032", 1_750),
    ("2026-11-03", "WIRE IN DEPOSIT EYD-033", 7_100), ("2026-11-04", "CREW TRAVEL EYD-033", -640),
    ("2026-11-05", "PROVISIONS EYD-033", -310), ("2026-11-06", "FUEL EYD-033", -980),
    ("2026-11-06", "CAPTAIN PAY EYD-033", -1_200),
)  # fmt: skip


class Invoice(NamedTuple):
    """An invoice to a client of DangerousCentaur; ``paid`` is empty while it is open."""

    number: str
    client: str
    issued: str
    terms: int
    amount: int
    paid: str


INVOICES = (
    Invoice("DC-1001", "Harbor Dental", "2025-11-15", 30, 900, "2025-12-18"),
    Invoice("DC-1002", "Cove Realty", "2025-11-20", 30, 760, "2025-12-22"),
    Invoice("DC-1003", "Harbor Dental", "2025-12-15", 30, 900, "2026-01-16"),
    Invoice("DC-1004", "Mesa Roofing", "2025-12-31", 15, 680, "2026-01-22"),
    Invoice("DC-1005", "Lumen Studio", "2026-01-12", 45, 2_000, "2026-02-20"),
    Invoice("DC-1006", "Harbor Dental", "2026-01-15", 30, 900, "2026-02-17"),
    Invoice("DC-1007", "Cove Realty", "2026-01-20", 30, 950, "2026-02-24"),
    Invoice("DC-1008", "Harbor Dental", "2026-02-15", 30, 900, "2026-03-19"),
    Invoice("DC-1009", "Mesa Roofing", "2026-02-28", 15, 595, "2026-03-24"),
    Invoice("DC-1010", "Harbor Dental", "2026-03-15", 30, 900, "2026-04-16"),
    Invoice("DC-1011", "Cove Realty", "2026-03-20", 30, 855, "2026-04-27"),
    Invoice("DC-1012", "Bay Brewing", "2026-03-31", 30, 425, "2026-05-06"),
    Invoice("DC-1013", "Harbor Dental", "2026-04-15", 30, 900, "2026-05-19"),
    Invoice("DC-1014", "Mesa Roofing", "2026-04-30", 15, 850, "2026-05-27"),
    Invoice("DC-1015", "Lumen Studio", "2026-05-11", 45, 2_200, "2026-06-22"),
    Invoice("DC-1016", "Harbor Dental", "2026-05-15", 30, 900, "2026-06-18"),
    Invoice("DC-1017", "Cove Realty", "2026-05-20", 30, 1_045, "2026-06-29"),
    Invoice("DC-1018", "Harbor Dental", "2026-06-15", 30, 900, "2026-07-17"),
    Invoice("DC-1019", "Cove Realty", "2026-06-20", 30, 1_140, "2026-07-29"),
    Invoice("DC-1020", "Bay Brewing", "2026-06-22", 30, 510, "2026-07-24"),
    Invoice("DC-1021", "Harbor Dental", "2026-07-15", 30, 900, "2026-08-19"),
    Invoice("DC-1022", "Mesa Roofing", "2026-07-31", 15, 510, "2026-08-21"),
    Invoice("DC-1023", "Harbor Dental", "2026-08-15", 30, 900, "2026-09-18"),
    Invoice("DC-1024", "Harbor Dental", "2026-09-15", 30, 900, "2026-10-20"),
    # Open at the as-of date, as the note's column Unpaid has them: $3,135 Cove, $1,190 Mesa, $595 Bay, $900 Harbor.
    Invoice("DC-1025", "Cove Realty", "2026-09-18", 30, 1_995, ""),
    Invoice("DC-1026", "Bay Brewing", "2026-09-28", 30, 595, ""),
    Invoice("DC-1027", "Mesa Roofing", "2026-09-30", 15, 1_190, ""),
    Invoice("DC-1028", "Lumen Studio", "2026-10-05", 45, 2_500, "2026-10-27"),
    Invoice("DC-1029", "Harbor Dental", "2026-10-15", 30, 900, ""),
    Invoice("DC-1030", "Cove Realty", "2026-10-20", 30, 1_140, ""),
)


class Monthly(NamedTuple):
    """What leaves an account every month, on that day or the next business day, in whole dollars."""

    entity: str
    on_day: int
    text: str
    amount: int


MONTHLY = (
    Monthly("qos", 1, "HARBOR ISLAND MARINA DOCKAGE SLIP 42", 1_180),
    Monthly("qos", 15, "PACIFIC MARINE UNDERWRITERS HULL AND P&I", 640),
    Monthly("qos", 20, "SHELTER ISLAND BOATYARD MAINTENANCE PLAN", 900),
    Monthly("jada", 9, "WEBSITE AND DNS", 18),
    Monthly("qdn", 1, "ADVERTISING SEARCH ADS", 250),
    Monthly("qdn", 3, "TRUCK LEASE UNIT 7", 720),
    Monthly("qdn", 18, "INSURANCE COMMERCIAL AUTO", 310),
    Monthly("dc", 2, "HOSTING HARBOR DENTAL", 38), Monthly("dc", 2, "HOSTING MESA ROOFING", 22),
    Monthly("dc", 2, "HOSTING COVE REALTY", 64), Monthly("dc", 2, "HOSTING TIDE YOGA", 18),
    Monthly("dc", 2, "HOSTING LUMEN STUDIO", 40), Monthly("dc", 2, "HOSTING BAY BREWING", 30),
    Monthly("dc", 7, "SOFTWARE SUBSCRIPTIONS", 145),
    Monthly("dc", 15, "CONTRACTOR PAYMENT", 1_100),
    Monthly("rental-3028", 16, "INSURANCE LANDLORD POLICY", 120),
    Monthly("rental-3028", 18, "UTILITIES SDGE AND WATER", 265),
)  # fmt: skip

# The owner's money in and out, and what one entity lends another.
FINANCING = (
    *_moves("qos", ("2026-02-10", "OWNER CONTRIBUTION", 3_000), ("2026-06-30", "OWNER DRAW", -3_500),
            ("2026-07-28", "OWNER DRAW", -3_500), ("2026-10-26", "OWNER DRAW", -2_400), ("2026-03-12", "LOAN TO JADA", -600),
            ("2026-07-15", "LOAN REPAYMENT FROM JADA", 200)),
    *_moves("jada", ("2026-03-12", "LOAN FROM QUEENOFSANDIEGO", 600), ("2026-06-30", "OWNER DRAW", -2_200),
            ("2026-07-15", "LOAN REPAYMENT TO QUEENOFSANDIEGO", -200)),
    *_moves("qdn", ("2025-12-15", "OWNER CONTRIBUTION", 3_600), ("2026-04-15", "OWNER CONTRIBUTION", 3_600)),
    *_moves("dc", ("2026-02-27", "OWNER DRAW", -2_000), ("2026-06-30", "OWNER DRAW", -4_000),
            ("2026-10-29", "OWNER DRAW", -1_500)),
    *_moves("rental-3028", ("2026-01-20", "OWNER CONTRIBUTION", 3_000)),
    *_moves("eyd", ("2026-07-31", "OWNER DRAW", -2_400)),
)  # fmt: skip

# Lines no rule names, as every real statement has them. West Marine is charged twice a day apart.
UNCATEGORISED = (
    *_moves("qos", ("2026-06-24", "ZELLE TO R LOPEZ", -85), ("2026-08-19", "MOBILE DEPOSIT", 40),
            ("2026-09-14", "WEST MARINE SAN DIEGO", -64.20), ("2026-09-15", "WEST MARINE SAN DIEGO", -64.20),
            ("2026-10-22", "POINT LOMA CHANDLERY", -38.75)),
    *_moves("jada", ("2026-04-16", "MUSIC STORE SAN DIEGO", -33.20), ("2026-10-15", "PRINT SHOP POSTERS", -27.40)),
    *_moves("qdn", ("2026-05-13", "CAR WASH", -24), ("2026-09-09", "DMV SAN DIEGO", -58)),
    *_moves("dc", ("2026-05-05", "STOCK PHOTOS", -45), ("2026-08-17", "DOMAIN RENEWAL", -12),
            ("2026-08-17", "DOMAIN RENEWAL", -12), ("2026-10-14", "CAFE MORENO", -9.80)),
    *_moves("rental-3028", ("2026-06-16", "HARDWARE STORE", -47.15), ("2026-10-05", "LOCKSMITH", -95)),
    *_moves("eyd", ("2026-07-20", "CHART SUBSCRIPTION", -49.99), ("2026-10-12", "MARINA PARKING", -18)),
)  # fmt: skip

# Cash in the bank on 31 October 2025, chosen so that a year later the portfolio has about five months left.
OPENING_CASH = {"jada": 300, "qos": 3_900, "qdn": 10_600, "dc": 3_000, "rental-3028": 10_000, "eyd": 2_400}
OPENING_ASSETS = {"qos": 100_000, "rental-3028": 520_000}
