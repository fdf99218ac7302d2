"""Sales channels, the funnel and the roadmap of local search, as a note says."""

from django.utils.text import slugify

from portfolio.domain.adoption import reading
from portfolio.domain.adoption.reading import Adopter
from portfolio.domain.channels import Gate, set_gates
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import (
    Channel,
    ChannelStatus,
    Commission,
    Entity,
    FunnelCount,
    PlanMilestone,
    PlanName,
)

# Papers that somebody else issues.
_PAPERS = ("certificate", "insurance", "licence", "permit")
_CHANNEL_STATUS = {
    "live": ChannelStatus.LIVE,
    "not listed": ChannelStatus.NOT_LISTED,
    "blocked": ChannelStatus.BLOCKED,
}


def _adopt_channel(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    status = _CHANNEL_STATUS.get(reading.text(row, "Status"), ChannelStatus.NOT_LISTED)
    gates = [
        Gate(gate.strip()[:120], external=gate.strip().startswith(_PAPERS))
        for gate in reading.text(row, "Gate").split(",")
        if gate.strip()
    ]
    channel, made = Channel.objects.get_or_create(
        entity=entity,
        slug=slugify(row.label)[:40],
        defaults={
            "name": row.label[:80],
            "status": status,
            "marketplace": row.label.casefold() != "direct",
            "source": reading.source(note, row),
        },
    )
    if made:
        set_gates(channel=channel, gates=gates, source=reading.source(note, row))
    rate = row.cell("Commission")
    if made and rate is not None and rate.percent_bp is not None:
        Commission.objects.create(
            channel=channel,
            effective_on=note.updated_on,
            rate_bp=rate.percent_bp,
            source=reading.source(note, row),
        )
    return int(made)


def _adopt_funnel(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    count = reading.whole(row.value)
    if count is None or row.position is None:
        return 0
    _, made = FunnelCount.objects.get_or_create(
        entity=entity,
        counted_on=note.updated_on,
        position=row.position,
        defaults={"step": row.label[:40], "count": count, "source": reading.source(note, row)},
    )
    return int(made)


def _adopt_roadmap(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    """Make a milestone of a dated line of a roadmap about local search; one met already was met on its day."""
    due = row.due_on or row.done_on
    if due is None or "search" not in row.subject.casefold():
        return 0
    title = row.label.strip().rstrip(".")[:160]
    _, made = PlanMilestone.objects.get_or_create(
        entity=entity,
        plan=PlanName.LOCAL_SEARCH,
        title=title,
        defaults={
            "position": row.line,
            "promised_on": due,
            "due_on": due,
            "done_on": (row.done_on or due) if row.done else None,
            "source": reading.source(note, row),
        },
    )
    return int(made)


ADOPTERS: dict[RowKind, Adopter] = {
    RowKind.CHANNEL: _adopt_channel,
    RowKind.FUNNEL: _adopt_funnel,
    RowKind.ROADMAP: _adopt_roadmap,
}
