"""What staff set up once: opening balances, categories, targets and what money could be spent on."""

from demo import story

# The first rule whose text stands in a bank line decides; what no rule names stays uncategorised.
RULES = {
    "jada": (
        ("STRIPE TRANSFER", "1050"), ("MUSICIANS", "5100"), ("VENUE SHARE", "5300"), ("WEBSITE AND DNS", "6400"),
        ("LOAN FROM QUEENOFSANDIEGO", "2300"), ("LOAN REPAYMENT TO QUEENOFSANDIEGO", "2300"),
        ("OWNER DRAW", "3100"),
    ),
    "qos": (
        ("STRIPE TRANSFER", "1050"), ("CAPTAIN PAY", "5100"), ("MATE PAY", "5100"), ("FUEL DOCK", "5200"),
        ("PROVISIONS", "5400"), ("GUEST DOCK", "5300"), ("DOCKAGE", "6100"), ("HULL AND P&I", "6200"), ("MAINTENANCE PLAN", "6300"),
        ("OWNER CONTRIBUTION", "3000"), ("OWNER DRAW", "3100"), ("LOAN TO JADA", "1300"),
        ("LOAN REPAYMENT FROM JADA", "1300"),
    ),
    "qdn": (
        ("TRUCK LEASE", "6600"), ("INSURANCE", "6200"), ("ADVERTISING", "6750"), ("OWNER CONTRIBUTION", "3000"),
    ),
    "dc": (
        ("RECEIVED INVOICE", "1200"), ("HOSTING", "6400"), ("SOFTWARE", "6400"), ("CONTRACTOR", "6500"),
        ("OWNER DRAW", "3100"),
    ),
    "rental-3028": (
        ("AIRBNB PAYOUT", "4000"), ("VRBO PAYOUT", "4000"), ("DIRECT STAY", "4000"), ("CLEANING", "5400"),
        ("REPAIR", "5700"), ("MORTGAGE INTEREST", "6800"), ("MORTGAGE PRINCIPAL", "2500"), ("UTILITIES", "6700"),
        ("INSURANCE", "6200"), ("OWNER CONTRIBUTION", "3000"),
    ),
    "eyd": (
        # What comes in for a job on the books is deferred until it arrives; older jobs are no bookings here.
        ("FEE EYD-031", "2100"), ("DEPOSIT EYD", "2100"), ("BALANCE EYD", "2100"), ("WIRE IN", "4000"), ("CAPTAIN PAY", "5100"), ("CREW PAY", "5100"),
        ("CREW TRAVEL", "5100"), ("FUEL", "5200"), ("GUEST DOCK", "5300"), ("PROVISIONS", "5400"),
        ("OWNER DRAW", "3100"),
    ),
}  # fmt: skip

# Revenue wanted, in whole dollars: twelve months of 2026, then the first quarter of 2027.
TARGETS = {
    "jada": (0, 1_950, 0, 1_950, 0, 1_950, 0, 1_950, 0, 1_950, 1_950, 1_950, 0, 1_950, 1_950),
    "qos": (4_200, 4_200, 6_300, 8_400, 8_400, 10_500, 12_600, 12_600, 10_500, 8_400, 10_500, 12_600, 12_600, 12_600,
            13_800),
    "qdn": (0, 0, 0, 1_425, 1_425, 1_425, 2_850, 2_850, 2_850, 2_850, 2_850, 2_850, 2_850, 3_420, 3_420),
    "dc": (2_400, 2_400, 2_400, 2_400, 2_600, 2_600, 2_600, 2_600, 3_000, 3_000, 3_000, 3_000, 3_200, 3_200, 3_200),
    "rental-3028": (1_500, 2_000, 2_800, 2_800, 2_800, 3_200, 4_200, 3_600, 2_600, 2_400, 2_000, 2_200, 1_600, 2_000,
                    2_800),
    "eyd": (2_400, 0, 3_800, 0, 2_900, 0, 4_600, 0, 6_400, 1_900, 9_800, 11_200, 2_150, 4_000, 4_000),
}  # fmt: skip
TARGET_SOURCE = "Plan 2026"

# Entity, tier, name, outlay, expected monthly return (None: nobody tracks it), source.
CAPITAL = (
    ("qos", "zero_cost", "List the charter on Sailo", 0, 2_100, "handoffs/qos.md line 54"),
    ("qos", "zero_cost", "List the charter on GetMyBoat", 0, 1_950, "handoffs/qos.md line 55"),
    ("jada", "zero_cost", "Mail the 3,676 people on the list", 0, 3_300, "handoffs/jada.md line 15"),
    ("qdn", "zero_cost", "Repair the delivery of quote mails", 0, 855, "handoffs/qdn.md line 25"),
    (
        "qos",
        "low_cost",
        "Certificate of insurance for Viator and GetYourGuide",
        450,
        1_575,
        "handoffs/qos.md line 56",
    ),
    ("qos", "low_cost", "Photographs for the listings", 350, 420, "handoffs/qos.md line 54"),
    ("qdn", "low_cost", "Local search: profile and directories", 180, 285, "handoffs/qdn.md line 32"),
    ("jada", "low_cost", "Analytics on every page", 120, None, "handoffs/jada.md line 27"),
    ("qos", "revenue", "Availability calendar on the booking page", 1_200, 700, "handoffs/qos.md line 66"),
    ("eyd", "revenue", "Second delivery crew kit", 1_600, 450, "Owner, 2026-10-30"),
    ("qdn", "do_not_deploy", "Buy the truck", 38_000, 720, "handoffs/qdn.md line 18"),
    ("qos", "do_not_deploy", "Second vessel", 96_000, 1_400, "Owner, 2026-10-30"),
)


def opening() -> list[tuple[str, str, int]]:
    """Return (entity, account, cents) on the opening day, debit positive, each entity adding up to zero."""
    lines = []
    for entity in story.ENTITIES:
        held = [("1010", story.OPENING_CASH[entity] * 100)]
        if entity in story.OPENING_ASSETS:
            held.append(("1500", story.OPENING_ASSETS[entity] * 100))
        if entity == "rental-3028":
            held.append(("2500", -story.MORTGAGE_OPENING * 100))
        held.append(("3000", -sum(amount for _, amount in held)))
        lines += [(entity, account, amount) for account, amount in held]
    return lines
