"""The CMO's sections on channels: where guests find us, in which order the next go live, who comes, what it brings."""

from itertools import pairwise

from core import months
from portfolio.models import ChannelStatus
from reports.document import (
    Badge,
    Cell,
    Chart,
    Column,
    Figure,
    Note,
    Para,
    Section,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.lenses import frame
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk
from reports.metrics.channels import ChannelScope, channels_of
from reports.metrics.listings import PARITY_TOLERANCE_BP, Ranked, open_gates, presence_of, sequence
from reports.render import chart_specs as charts
from reports.rules.registry import line

STATUS_TONE = {
    ChannelStatus.LIVE: Tone.GOOD,
    ChannelStatus.NOT_LISTED: Tone.WARN,
    ChannelStatus.BLOCKED: Tone.BAD,
}
NO_CHANNEL = "No channel is recorded. They are entered on an entity's page, or come with its handoff note."


def _name(entry: ChannelScope) -> Cell:
    return Cell(entry.label, ref=f"channel:{entry.channel.pk}")


def visibility(desk: Desk) -> Section:
    """Return each channel with where it stands, how it shows us, what came of it and what is next."""
    entries = channels_of(desk)
    stands = tuple(
        row(
            _name(entry),
            Cell(
                ChannelStatus(entry.channel.status).label,
                tone=STATUS_TONE[ChannelStatus(entry.channel.status)],
            ),
            ", ".join(gate.name for gate in open_gates(desk, entry)) or "none open",
            _next(entry),
            entry.channel.next_owner or Cell("nobody", tone=Tone.MUTED),
        )
        for entry in entries
    )
    shows = tuple(
        row(
            _name(entry),
            desk.get("channel_photos", entry),
            cell(desk.get("parity_gap", entry), plus=True, tone=_gap_tone(desk.get("parity_gap", entry))),
            _synced(desk, entry),
            desk.get("agreed_commission", entry),
            desk.get("channel_reviews", entry),
            desk.get("channel_rating", entry),
        )
        for entry in entries
    )
    came = tuple(
        row(
            _name(entry),
            *(
                desk.get(key, entry)
                for key in (
                    "channel_impressions",
                    "channel_enquiries",
                    "channel_bookings",
                    "channel_net_revenue",
                    "acquisition_cost",
                )
            ),
        )
        for entry in entries
    )
    return Section(
        "channels",
        "Channel visibility",
        (
            Table(
                "Where each channel stands",
                (Column("Channel"), Column("Status"), Column("Gate"), Column("Next step"), Column("Who")),
                stands,
                empty=NO_CHANNEL,
            ),
            Table(
                "How each channel shows us",
                (
                    Column("Channel"),
                    column("Photos"),
                    column("Price against our own"),
                    Column("Calendar"),
                    column("Commission"),
                    column("Reviews"),
                    column("Stars"),
                ),
                shows,
                note="As somebody last saw it.",
                empty=NO_CHANNEL,
            ),
            Table(
                f"What came of each channel in the twelve months to {months.label(desk.month)}",
                (
                    Column("Channel"),
                    column("Impressions"),
                    column("Enquiries"),
                    column("Bookings"),
                    column("Net revenue"),
                    column("Cost of a booking"),
                ),
                (*came, _all(desk)) if came else (),
                note="Impressions are what the channel itself counts. Bookings count when they are won, revenue when it is "
                "earned. The last line adds up what is known.",
                empty=NO_CHANNEL,
            ),
        ),
    )


def _all(desk: Desk) -> frame.Row:
    keys = (
        "channel_impressions",
        "channel_enquiries",
        "channel_bookings",
        "channel_net_revenue",
        "acquisition_cost",
    )
    return row("All channels", *(desk.get(key) for key in keys), total=True)


def _next(entry: ChannelScope) -> Cell:
    return (
        Cell(entry.channel.next_step)
        if entry.channel.next_step
        else Cell("none written down", tone=Tone.MUTED)
    )


def _gap_tone(gap: Figure) -> Tone:
    if gap.value is None:
        return Tone.MUTED
    return Tone.WARN if abs(gap.value) > PARITY_TOLERANCE_BP else Tone.GOOD


def _synced(desk: Desk, entry: ChannelScope) -> Cell:
    seen = presence_of(desk, entry)
    if seen is None or seen.calendar_synced is None:
        return Cell("not looked up", tone=Tone.MUTED)
    return Cell("connected", tone=Tone.GOOD) if seen.calendar_synced else Cell("apart", tone=Tone.BAD)


def order(desk: Desk) -> Section:
    """Return the marketplaces that are not live, in the order in which they go live, and why."""
    ranked = sequence(desk)
    rows = tuple(
        row(
            _name(entry.scope),
            _place(desk, entry),
            _waits(entry),
            desk.get("expected_sales", entry.scope),
            desk.get("counted_commission", entry.scope),
            entry.expected,
        )
        for entry in ranked
    )
    blocks: list[Para | Table] = []
    if ranked:
        blocks.append(Para(line(*_why(ranked))))
    blocks.append(
        Table(
            "Which marketplace goes live next",
            (
                Column("Channel"),
                column("Place"),
                Column("Waits for"),
                column("Expected sales a month"),
                column("Commission"),
                column("Expected net a month"),
            ),
            rows,
            note="First those that wait for nobody else's paper, then the one that is expected to leave most, then the one "
            "with fewer gates. Where no commission is known, the highest of the same business is reckoned with.",
            empty="Every marketplace on record is live."
            if channels_of(desk)
            else "No marketplace is recorded.",
        )
    )
    return Section("sequence", "What goes live next", tuple(blocks))


def _place(desk: Desk, entry: Ranked) -> Figure:
    return desk.own(
        f"place.{entry.scope.slug}", f"Place of {entry.scope.label}", Unit.COUNT,
        desk.rows([TraceRow(entry.scope.label, entry.place, f"channel:{entry.scope.channel.pk}")], Badge.MODELLED),
    )  # fmt: skip


def _waits(entry: Ranked) -> Cell:
    words = ", ".join(gate.name for gate in entry.gates) or "nothing"
    return Cell(words, tone=Tone.BAD if entry.waits else Tone.PLAIN)


def _why(ranked: tuple[Ranked, ...]) -> list[str]:
    ready = [entry.scope.channel.name for entry in ranked if not entry.waits]
    papers: dict[str, list[str]] = {}
    for entry in ranked:
        paper = next((gate.name for gate in entry.gates if gate.external), "")
        if paper:
            papers.setdefault(paper, []).append(entry.scope.channel.name)
    words = []
    if ready:
        rest = f", {', then '.join(ready[1:])} after it" if len(ready) > 1 else ""
        words.append(f"{ready[0]} goes first{rest}: {'their' if rest else 'its'} gates are ours to pass. ")
    words += [
        f"{_joined(names)} {'waits' if len(names) == 1 else 'wait'} for the {paper}. "
        for paper, names in papers.items()
    ]
    return words


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def funnels(desk: Desk) -> Section:
    """Return from step to step who is lost: by channel, and where an entity counts its own steps, by entity."""
    rows = [
        row(
            _name(entry),
            *(
                desk.get(key, entry)
                for key in (
                    "channel_impressions",
                    "enquiry_rate",
                    "channel_enquiries",
                    "booking_rate",
                    "channel_bookings",
                )
            ),
        )
        for entry in channels_of(desk)
        if desk.get("channel_enquiries", entry).value is not None
        or desk.get("channel_bookings", entry).value is not None
    ]
    blocks: list[Table | Chart | Note] = [
        Table(
            f"From seeing to booking by channel, twelve months to {months.label(desk.month)}",
            (
                Column("Channel"),
                column("Impressions"),
                column("Asked of those"),
                column("Enquiries"),
                column("Booked of those"),
                column("Bookings"),
            ),
            tuple(rows),
            empty="Nothing is counted for any channel yet.",
        )
    ]
    for scope in desk.scopes():
        steps = desk.facts.funnel.get(scope.ids[0], ())
        if len(steps) > 1:
            blocks += _funnel(desk, scope.label, scope.slug)
    if len(blocks) == 1:
        blocks.append(Note(line("No entity counts the steps of a funnel of its own.")))
    return Section("funnels", "Funnels", tuple(blocks))


def _funnel(desk: Desk, label: str, slug: str) -> list[Table | Chart | Note]:
    """Return an entity's own steps as a table and a funnel."""
    scope = desk.scope(slug)
    steps = desk.facts.funnel[scope.ids[0]] if scope is not None else ()
    rows, before, points = [], None, []
    for step in steps:
        key = f"funnel.{slug}.{step.position}"
        people = desk.own(
            key, f"{step.step.capitalize()}: {label}", Unit.COUNT,
            desk.rows([TraceRow(f"{step.step} ({step.source or 'entered by hand'})", step.count, on=step.counted_on)],
                      Badge.ENTERED), scope=label,
        )  # fmt: skip
        kept: Figure | str = ""
        if before is not None:
            kept = desk.own(
                f"{key}.share", f"Of the step before: {step.step}", Unit.PERCENT,
                desk.formula("share", people, before, undefined="n/a: nobody came so far"), scope=label,
            )  # fmt: skip
        rows.append(row(step.step.capitalize(), people, kept))
        points.append((step.step.capitalize(), step.count))
        before = people
    told = ", ".join(f"{name.lower()} {count:,}" for name, count in points)
    lost = max(
        pairwise(points),
        key=lambda pair: (pair[0][1] - pair[1][1]) / (pair[0][1] or 1),
    )
    counted = frame.day(steps[0].counted_on)
    return [
        Table(
            f"{label}: each step, counted on {counted}",
            (Column("Step"), column("People"), column("Of the step before")),
            tuple(rows),
        ),
        Chart(
            f"funnel-{slug}",
            f"{label}: how many reach each step, and their share of the step before",
            charts.funnel(points),
            f"{label}, counted on {counted}: {told}. The largest share is lost between {lost[0][0].lower()} and "
            f"{lost[1][0].lower()}.",
        ),
    ]


def economics(desk: Desk) -> Section:
    """Return what each channel brings, keeps and costs."""
    entries = [
        entry
        for entry in channels_of(desk)
        if desk.get("channel_bookings", entry).value is not None
        or desk.get("channel_spend", entry).value is not None
    ]
    brings = ("channel_list_price", "channel_sales", "channel_commission", "channel_net_revenue")
    costs = ("channel_spend", "channel_labour", "channel_bookings", "acquisition_cost", "roas")
    year = f"twelve months to {months.label(desk.month)}"
    names = {entity.id: entity.name for entity in desk.facts.entities}
    bars = [
        (
            entry.channel.name if entry.channel.marketplace else names[entry.channel.entity_id],
            desk.get("contribution_after_channel", entry).value,
        )
        for entry in entries
    ]
    return Section(
        "economics",
        "What a channel brings and costs",
        (
            Table(
                f"What each channel keeps, {year}",
                (
                    Column("Channel"),
                    column("List price"),
                    column("Sales"),
                    column("Commission"),
                    column("Net revenue"),
                    column("Effective commission"),
                ),
                (
                    *(
                        row(
                            _name(entry),
                            *(desk.get(key, entry) for key in (*brings, "effective_commission")),
                        )
                        for entry in entries
                    ),
                    row(
                        "All channels",
                        *(desk.get(key) for key in (*brings, "effective_commission")),
                        total=True,
                    ),
                ),
                note="Effective commission = 1 − net payout ÷ list price, of the services completed.",
                empty="Nothing was sold through a channel.",
            ),
            Table(
                f"What a new booking costs, {year}",
                (
                    Column("Channel"),
                    column("Spend"),
                    column("Labour"),
                    column("New bookings"),
                    column("Cost of a booking"),
                    column("Sales ÷ spend"),
                ),
                (
                    *(row(_name(entry), *(desk.get(key, entry) for key in costs)) for entry in entries),
                    row("All channels", *(desk.get(key) for key in costs), total=True),
                ),
                note="Cost of a booking = (spend + commission + labour) ÷ new bookings. Labour is minutes × the rate an hour.",
                empty="No spend is recorded for any channel.",
            ),
            Table(
                f"What is left after the channel, {year}",
                (Column("Channel"), column("Contribution"), column("After the channel")),
                (
                    *(
                        row(
                            _name(entry),
                            desk.get("channel_contribution", entry),
                            desk.get("contribution_after_channel", entry),
                        )
                        for entry in entries
                    ),
                    row(
                        "All channels",
                        desk.get("channel_contribution"),
                        desk.get("contribution_after_channel"),
                        total=True,
                    ),
                ),
                note="Contribution is sales less what the services themselves cost, commission included; spend and labour on "
                "the channel come off it.",
                empty="Nothing was sold through a channel.",
            ),
            Chart(
                "contribution-after-channel",
                f"Contribution after channel, {year}; a business’s own site by its name",
                charts.horizontal_bars(bars, currency=desk.currency, name="Contribution after channel"),
                "Contribution after channel: "
                + (", ".join(_told(desk, name, value) for name, value in bars) or "no channel")
                + ".",
            ),
        ),
    )


def _told(desk: Desk, name: str, value: int | None) -> str:
    return (
        f"{name} not tracked" if value is None else f"{name} {charts.long(value, Unit.MONEY, desk.currency)}"
    )


def parity(desk: Desk) -> Section:
    """Return what one offer costs on each channel and on our own site."""
    rows = tuple(
        row(
            _name(entry),
            frame.day(seen.on),
            cell(desk.get("listed_price", entry), cents=True),
            cell(desk.get("direct_price", entry), cents=True),
            cell(gap, plus=True, tone=_gap_tone(gap)),
        )
        for entry in channels_of(desk)
        if (seen := presence_of(desk, entry)) is not None
        and (gap := desk.get("parity_gap", entry)).value is not None
    )
    return Section(
        "parity",
        "Price parity",
        (
            Para(line("Breaches: ", desk.get("parity_breaches"), ".")),
            Table(
                "One offer there and on our own site",
                (
                    Column("Channel"),
                    Column("Looked up"),
                    column("Price there"),
                    column("Our own price"),
                    column("Difference"),
                ),
                rows,
                note=f"A difference of more than {PARITY_TOLERANCE_BP // 100} % either way is a breach.",
                empty="No price was looked up on a channel yet.",
            ),
        ),
    )
