"""The CMO's sections on letters to a list, local search, and what was promised of going to market."""

from mail.models import CampaignState
from portfolio.models import PlanMilestone, PlanName
from reports.document import Badge, Cell, Column, Figure, Note, Para, Section, Table, Tone, TraceRow, Unit
from reports.lenses import frame
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk
from reports.metrics.campaigns import CampaignScope, campaigns_of
from reports.metrics.listings import milestones, slip
from reports.rules.registry import line

REVIEWS = "google-reviews"
SENT = {
    CampaignState.DRAFT: "Not sent yet",
    CampaignState.SENDING: "Being sent",
    CampaignState.PAUSED: "Paused",
    CampaignState.FINISHED: "Sent to all",
    CampaignState.CANCELLED: "Called off",
}


def blasts(desk: Desk) -> Section:
    """Return each campaign's model, how much is tolerated before the mail service acts, and what came of it."""
    entries = [entry for entry in campaigns_of(desk) if entry.campaign.model_low_minor is not None]
    if not entries:
        return Section(
            "blast",
            "Letters to the list",
            (
                Note(
                    line(
                        "No campaign with a model is on record; one is drafted under Campaigns, with what it should bring."
                    )
                ),
            ),
        )
    blocks: list[Table | Para] = []
    for entry in entries:
        blocks += _blast(desk, entry)
    return Section("blast", "Letters to the list", tuple(blocks))


def _blast(desk: Desk, entry: CampaignScope) -> list[Table | Para]:
    name = entry.label
    get = desk.get
    modelled = Table(
        f"“{name}” by its model",
        (Column("Of the model"), column("Low end"), column("High end")),
        (
            row("Result", get("blast_low", entry), get("blast_high", entry)),
            row(
                "Result a recipient",
                cell(get("blast_each_low", entry), cents=True),
                cell(get("blast_each_high", entry), cents=True),
            ),
            row("Bookings needed", get("blast_bookings_low", entry), get("blast_bookings_high", entry)),
        ),
        note="A booking is taken to bring what the campaign's model says; bookings needed are rounded up.",
    )
    limits = Table(
        f"“{name}”: how much is tolerated",
        (
            Column("What recipients do"),
            column("Review at"),
            column("Pause at"),
            column("So far"),
            column("Left before a review"),
        ),
        tuple(
            row(
                words,
                get(f"{what}_review", entry),
                get(f"{what}_pause", entry),
                get(counted, entry),
                get(f"{what}_headroom", entry),
            )
            for words, what, counted in (
                ("Complain", "complaints", "campaign_complaints"),
                ("Bounce hard", "bounces", "campaign_bounces"),
            )
        ),
        note="Amazon SES reviews an account at 0.1 % complaints or 5 % bounces and pauses it at 0.5 % or 10 %, here as if "
        "this were all that is sent.",
    )
    result = Table(
        f"“{name}”: measured against its model",
        (
            Column("The letter"),
            column("Bookings"),
            column("Result"),
            column("A recipient"),
            column("Of the low end"),
        ),
        (
            row(
                SENT[CampaignState(entry.campaign.state)],
                get("blast_bookings", entry),
                get("blast_measured", entry),
                cell(get("blast_each", entry), cents=True),
                cell(get("blast_score", entry), tone=_score_tone(get("blast_score", entry))),
            ),
        ),
        note="Bookings count where the client said that they came from this letter.",
    )
    words = line(
        f"“{name}” is for ",
        get("campaign_recipients", entry),
        " people of the list of ",
        get("list_size", entry),
        f" and {'went out' if entry.campaign.started_at else 'has not been sent'}. It is modelled to bring ",
        get("blast_low", entry),
        " to ",
        get("blast_high", entry),
        ", which is ",
        Cell(figure=get("blast_each_low", entry).key, cents=True),
        " to ",
        Cell(figure=get("blast_each_high", entry).key, cents=True),
        " a recipient.",
    )
    return [Para(words), modelled, limits, result]


def _score_tone(score: Figure) -> Tone:
    if score.value is None:
        return Tone.MUTED
    return Tone.GOOD if score.value >= 10_000 else Tone.BAD


def local_search(desk: Desk) -> Section:
    """Return reviews and the steps by which neighbours find us."""
    blocks: list[Para | Table | Note] = []
    for scope in desk.scopes():
        value = desk.facts.kpi(scope.slug, REVIEWS)
        if value is not None and value.value is not None:
            reviews = desk.own(
                f"local.{scope.slug}.reviews", f"{value.label}: {scope.label}", Unit.COUNT,
                desk.rows([TraceRow(f"{value.label} ({value.source})", int(value.value), f"kpi:{value.pk}", value.as_of)],
                          Badge.ENTERED), scope=scope.label,
            )  # fmt: skip
            blocks.append(
                Para(line(f"{scope.label} has ", reviews, f" reviews on its business profile, counted on "
                          f"{frame.day(value.as_of)}."))
            )  # fmt: skip
    rows = _milestone_rows(desk, PlanName.LOCAL_SEARCH)
    blocks.append(
        Table(
            "Steps of local search",
            _columns(),
            tuple(rows),
            note="Slip is how many days later than first promised a step was met, or is due as it stands.",
            empty="No step of local search is recorded. A dated roadmap in a handoff note brings them.",
        )
    )
    return Section("local-search", "Local search", tuple(blocks))


def milestones_section(desk: Desk) -> Section:
    """Return what was promised of going to market within 30, 60 and 90 days, and how far it has slipped."""
    horizons = sorted({row.horizon_days or 0 for row in milestones(desk, PlanName.GO_TO_MARKET)})
    tables = tuple(
        Table(
            f"Promised within {days} days" if days else "Promised without a horizon",
            _columns(),
            tuple(_milestone_rows(desk, PlanName.GO_TO_MARKET, days)),
            note="Slip is how many days later than first promised it was met, or is due as it stands."
            if days == horizons[-1]
            else "",
        )
        for days in horizons
    )
    if not tables:
        return Section(
            "milestones",
            "Thirty, sixty and ninety days",
            (Note(line("No milestone of going to market is recorded.")),),
        )
    words = line(
        desk.get("market_milestones_met"),
        f" of {len(milestones(desk, PlanName.GO_TO_MARKET))} met; the longest slip of those open is ",
        desk.get("market_slip"),
        ".",
    )
    return Section("milestones", "Thirty, sixty and ninety days", (Para(words), *tables))


def _columns() -> tuple[Column, ...]:
    return (
        Column("Milestone"),
        Column("Entity"),
        Column("Promised"),
        Column("Due"),
        column("Slip"),
        Column("State"),
        Column("Who"),
    )


def _milestone_rows(desk: Desk, plan: PlanName, days: int | None = None) -> list[frame.Row]:
    names = {entity.id: entity.name for entity in desk.facts.entities}
    rows = []
    for entry in milestones(desk, plan):
        if days is not None and (entry.horizon_days or 0) != days:
            continue
        late = desk.own(
            f"milestone.{entry.pk}.slip", f"Slip: {entry.title}", Unit.DAYS,
            desk.rows([TraceRow(entry.title, slip(entry, desk.as_of) * 10, f"milestone_plan:{entry.pk}", entry.due_on)],
                      Badge.ENTERED),
        )  # fmt: skip
        rows.append(
            row(
                Cell(entry.title, ref=f"milestone_plan:{entry.pk}"),
                names[entry.entity_id or 0],
                frame.day(entry.promised_on),
                frame.day(entry.due_on),
                cell(late, plus=True, tone=Tone.WARN if (late.value or 0) > 0 else Tone.PLAIN),
                _state(desk, entry),
                entry.owner or Cell("nobody", tone=Tone.MUTED),
            )
        )
    return rows


def _state(desk: Desk, entry: PlanMilestone) -> Cell:
    if entry.done_on is not None and entry.done_on <= desk.as_of:
        return Cell(f"met on {entry.done_on:%-d %b}", tone=Tone.GOOD)
    if entry.due_on < desk.as_of:
        return Cell("overdue", tone=Tone.BAD)
    return (
        Cell("slipping", tone=Tone.WARN)
        if entry.due_on > entry.promised_on
        else Cell("on course", tone=Tone.GOOD)
    )
