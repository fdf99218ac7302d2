"""Sections of the report on deliveries about sailing: people and vessels, satisfaction, incidents, routes."""

from collections import defaultdict

from portfolio.domain.queries.delivery import JobFact
from portfolio.models import IncidentSeverity, JobRole
from reports.document import Badge, Cell, Column, Para, Row, Section, Severity, Table, TraceRow, Unit
from reports.lenses.delivery_sections import SHOWN, arrived, latest, named, own, window
from reports.lenses.frame import cell, column, day, row
from reports.lenses.registers import SEVERITY_TONE
from reports.metrics import Desk
from reports.metrics import delivery as log
from reports.metrics import delivery_money as money
from reports.rules.registry import line

ROUTES_SHOWN = 20


def people(desk: Desk) -> Section:
    """Return who sailed the jobs that arrived, and how far captain, crew and vessels were used."""
    worked: dict[tuple[str, str], list[TraceRow]] = defaultdict(list)
    for job in arrived(desk):
        for aboard in job.crew:
            worked[aboard.role, aboard.who].append(
                TraceRow(job.title, aboard.days_tenths, f"job_crew:{aboard.id}", job.arrived_on)
            )
    rows = []
    for (role, who), kept in sorted(worked.items()):
        key = f"aboard.{min(int(entry.ref.partition(':')[2]) for entry in kept)}"
        rows.append(
            row(
                who, JobRole(role).label,
                desk.own(f"{key}.jobs", f"Jobs of {who}", Unit.COUNT,
                         desk.rows([TraceRow(entry.label, 1, entry.ref, entry.on) for entry in kept], Badge.ENTERED)),
                desk.own(f"{key}.days", f"Days of {who}", Unit.DAYS, desk.rows(kept, Badge.ENTERED)),
            )
        )  # fmt: skip
    use = [
        row("Captain", desk.get("captain_days"), desk.get("captain_days_to_sell"), desk.get("captain_use")),
        row("Crew", desk.get("crew_days"), desk.get("crew_days_to_sell"), desk.get("crew_use")),
        row(
            "Vessels in our hands",
            desk.get("days_under_way"),
            desk.get("days_sailed"),
            desk.get("vessel_use"),
        ),
    ]
    return Section(
        "people",
        "Captain, crew and vessels",
        (
            Table(
                f"Use of captain, crew and vessels in {window(desk)}",
                (Column("Who"), column("Days used"), column("Days to use"), column("Use")),
                tuple(use),
                note="Captain and crew could sail their days a year, for the months since the log’s first arrival. A vessel is "
                "used on the days of its passage that are not lost to weather.",
            ),
            Table(
                "Who sailed",
                (Column("Who"), Column("As"), column("Jobs"), column("Days")),
                tuple(rows),
                empty=f"Nobody is written down on a job of {window(desk)}.",
            ),
        ),
    )


def satisfaction(desk: Desk) -> Section:
    """Return how the clients of jobs that arrived rated them."""
    rows = [
        row(
            named(job),
            own(desk, job, "rating", "Rating of", Unit.SCORE, None if job.rating is None else job.rating * 100, "not rated"),
            "" if job.rating is None else day(job.rated_on),
        )
        for job in latest(desk)
    ]  # fmt: skip
    return Section(
        "satisfaction",
        "What clients say",
        (
            Para(
                line("Mean rating ", desk.get("csat"), " of 10; net promoter score ", desk.get("nps"), "; of the jobs arrived, ",
                     desk.get("response_rate"), " were rated.")
            ),
            Table(
                f"Ratings of the jobs of {window(desk)}, 0 to 10",
                (Column("Job"), column("Rating"), Column("Rated")),
                tuple(rows),
                note=f"Promoters give {log.PROMOTER} or 10, detractors {log.DETRACTOR} or less.",
                empty=f"No job arrived in {window(desk)}.",
            ),
        ),
    )  # fmt: skip


def incidents(desk: Desk) -> Section:
    """Return what went wrong on the jobs that arrived, and how often."""
    rows = [
        row(
            day(entry.on),
            named(job),
            Cell(entry.what, ref=f"incident:{entry.id}"),
            Cell(IncidentSeverity(entry.severity).label, tone=SEVERITY_TONE[Severity(entry.severity)]),
        )
        for job in arrived(desk)
        for entry in job.incidents
    ]
    return Section(
        "incidents",
        "Incidents",
        (
            Para(
                line("Incidents: ", desk.get("incidents"), " over ", desk.get("miles_sailed"), ", which is ",
                     desk.get("incidents_per_1000"), " per 1,000 nautical miles.")
            ),
            Table(
                f"Incidents on the jobs of {window(desk)}",
                (Column("On"), Column("Job"), Column("What"), Column("Severity")),
                tuple(rows[-SHOWN:]),
                note=f"Earlier ones not listed: {len(rows) - SHOWN}." if len(rows) > SHOWN else "",
                empty=f"No incident is written down on a job of {window(desk)}.",
            ),
        ),
    )  # fmt: skip


def routes(desk: Desk) -> Section:
    """Return each route that jobs of the queue and of the twelve months sail, the longest first."""
    by_route: dict[str, list[JobFact]] = defaultdict(list)
    for job in (*arrived(desk), *log.queue(desk, desk.all)):
        by_route[job.route].append(job)
    ordered = sorted(
        by_route.items(), key=lambda entry: (-max(job.miles_tenths or 0 for job in entry[1]), entry[0])
    )
    rows = [_route(desk, name, members) for name, members in ordered[:ROUTES_SHOWN]]
    more = len(ordered) - len(rows)
    return Section(
        "routes",
        "Routes",
        (
            Table(
                "Routes of the queue and of the last twelve months",
                (Column("Route"), column("Jobs"), column("Miles each"), column("Fees"), column("Fee a nautical mile"),
                 column("Made good a day")),
                tuple(rows),
                note="Made good a day is of the jobs that arrived." + (f" Shorter routes not shown: {more}." if more else ""),
                empty="No job is in the queue or arrived in the last twelve months.",
            ),
        ),
    )  # fmt: skip


def _route(desk: Desk, name: str, members: list[JobFact]) -> Row:
    key = f"route.{min(job.id for job in members)}"
    number = desk.own(f"{key}.jobs", f"Jobs {name}", Unit.COUNT,
                      desk.rows([TraceRow(job.title, 1, f"job:{job.id}") for job in members], Badge.ENTERED))  # fmt: skip
    known = [
        TraceRow(job.title, job.miles_tenths, f"job:{job.id}")
        for job in members
        if job.miles_tenths is not None
    ]
    each = desk.own(f"{key}.miles", f"Mean miles {name}", Unit.MILES,
                    desk.folded("mean", known, Badge.ENTERED, undefined="not written down"))  # fmt: skip
    priced = [job for job in members if job.fee_minor]
    measured = [job for job in priced if job.miles_tenths]
    fees = (
        desk.total(f"{key}.fees", f"Fees {name}", [money.fee(desk, job) for job in priced])
        if priced
        else desk.own(f"{key}.fees", f"Fees {name}", Unit.MONEY, desk.absent("not quoted"))
    )
    charged = fees
    if len(measured) < len(priced):
        parts = [money.fee(desk, job) for job in measured]
        charged = desk.total(f"{key}.fees_over_miles", f"Fees of jobs with miles {name}", parts)
    over = desk.own(
        f"{key}.priced_miles", f"Miles of quoted jobs {name}", Unit.MILES,
        desk.rows([TraceRow(job.title, job.miles_tenths or 0, f"job:{job.id}") for job in measured], Badge.ENTERED),
    )  # fmt: skip
    sailed = [job for job in members if job.arrived_on is not None and job.actual_days and job.miles_tenths]
    miles = desk.own(f"{key}.sailed", f"Miles sailed {name}", Unit.MILES,
                     desk.rows([log.row(job, job.miles_tenths or 0) for job in sailed], Badge.ENTERED))  # fmt: skip
    days = desk.own(f"{key}.days", f"Days sailed {name}", Unit.DAYS,
                    desk.rows([log.row(job, (job.actual_days or 0) * 10) for job in sailed], Badge.ENTERED))  # fmt: skip
    return row(
        name,
        number,
        each,
        fees,
        cell(
            desk.own(f"{key}.fee_a_mile", f"Fee a mile {name}", Unit.MONEY, desk.formula("per_whole", charged, over)),
            cents=True,
        ),
        desk.own(
            f"{key}.made_good", f"Made good a day {name}", Unit.MILES,
            desk.formula("per_whole", miles, days, undefined="not sailed yet"),
        ),
    )  # fmt: skip
