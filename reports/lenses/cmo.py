"""The CMO's lens: where guests find us, what each channel brings and costs, and what goes to market next."""

import datetime as dt

from core import months
from portfolio.domain import queries
from portfolio.models import EntityKind
from reports.document import Draft, FindingNote, Head, Line, Section
from reports.lenses import base, cmo_campaigns, cmo_channels, frame, six_twelve
from reports.lenses.sources import NOTES, Watched
from reports.metrics import Desk, Facts, Scope
from reports.metrics.campaigns import CampaignScope, campaigns_of
from reports.metrics.channels import channels_of
from reports.metrics.listings import sequence
from reports.rules import counted, run
from reports.rules.channels import MARKET_RULES
from reports.rules.registry import line


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the CMO's report at a desk."""
    findings = run(MARKET_RULES, desk)
    charter = desk.kind(EntityKind.CHARTER)
    blast = _blast(desk)
    return frame.assemble(
        desk,
        head=head,
        headline=_headline(desk, charter, blast, counted(findings, desk)),
        kpis=_kpis(desk, charter),
        sections=(
            cmo_channels.visibility(desk),
            cmo_channels.order(desk),
            cmo_channels.funnels(desk),
            Section(
                "time", "Enquiries in six weeks and twelve months", six_twelve.blocks(desk, "enquiries_come")
            ),
            cmo_channels.economics(desk),
            cmo_channels.parity(desk),
            cmo_campaigns.blasts(desk),
            cmo_campaigns.local_search(desk),
            cmo_campaigns.milestones_section(desk),
        ),
        findings=findings,
        decisions=_decisions(desk, counted(findings, desk)),
        rules=MARKET_RULES,
    )


def _blast(desk: Desk) -> CampaignScope | None:
    """Return the campaign the report is headed by: the newest one that has a model."""
    return next((entry for entry in campaigns_of(desk) if entry.campaign.model_low_minor is not None), None)


def _headline(
    desk: Desk, charter: Scope | None, blast: CampaignScope | None, findings: tuple[FindingNote, ...]
) -> tuple[Line, ...]:
    month = months.label(desk.month)
    lines = [
        line(f"In the twelve months to {month}, ", desk.get("channel_enquiries"), " asked through a channel and ",
             desk.get("channel_bookings"), " booked; after commissions that left ",
             desk.get("channel_net_revenue"), "."),
        line("A new booking cost ", desk.get("acquisition_cost"), " to win, and channels kept ",
             desk.get("effective_commission"), " of the price."),
    ]  # fmt: skip
    following = [
        entry for entry in sequence(desk) if charter and entry.scope.channel.entity_id in charter.ids
    ]
    if charter is not None and following:
        after = [entry.scope.channel.name for entry in following]
        first, rest = after[0], after[1:]
        then = f", then {', '.join(rest)}" if rest else ""
        sold = sum(entry.channel.marketplace for entry in channels_of(desk, charter))
        lines.append(
            line(charter.label, " is live on ", desk.get("live_marketplaces", charter),
                 f" of {sold} {'marketplace' if sold == 1 else 'marketplaces'}. {first} goes live first{then}.")
        )  # fmt: skip
    if blast is not None:
        lines.append(
            line(f"“{blast.label}” is for ", desk.get("campaign_recipients", blast), " people and modelled at ",
                 desk.get("blast_low", blast), " to ", desk.get("blast_high", blast), "; ",
                 *(("it has not been sent.",) if blast.campaign.started_at is None
                   else ("so far it brought ", desk.get("blast_measured", blast), ".")))
        )  # fmt: skip
    lines.append(
        line("Milestones of going to market met: ", desk.get("market_milestones_met"), ", promised by now: ",
             desk.get("market_milestones_promised"), "; the longest slip is ",
             desk.get("market_slip"), f". {_findings(len(findings))}")
    )  # fmt: skip
    return tuple(lines)


def _findings(count: int) -> str:
    return "1 finding is open." if count == 1 else f"{count or 'No'} findings are open."


def _kpis(desk: Desk, charter: Scope | None) -> tuple[frame.Kpi, ...]:
    found = [
        frame.kpi(desk, "enquiries"),
        frame.kpi(desk, "channel_bookings"),
        frame.kpi(desk, "channel_net_revenue"),
        frame.kpi(desk, "effective_commission"),
        frame.kpi(desk, "acquisition_cost"),
        frame.kpi(desk, "contribution_after_channel"),
    ]
    if charter is not None:
        found += [frame.kpi(desk, "lead_conversion", charter), frame.kpi(desk, "live_marketplaces", charter)]
    return (
        *found,
        frame.kpi(desk, "list_size"),
        frame.kpi(desk, "market_milestones_met", target=desk.get("market_milestones_promised")),
    )


def _decisions(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    following = sequence(desk)
    first = following[0].scope.channel.name if following else "the next channel"
    owed = {
        "blast-unsent": f"Send the letter now, or after {first} is live?",
        "spend-without-booking": "Go on spending where nobody books, or stop until the way to a booking is mended?",
        "parity-breached": "One price everywhere, or a dearer one where the channel takes more?",
    }
    asked = dict.fromkeys(owed[note.rule] for note in findings if note.rule in owed)
    return tuple(line(question) for question in asked)


def _reaches(facts: Facts) -> dict[int, dt.date]:
    """Return the last day for which each entity's channels were counted or looked up."""
    rows, found = facts.once(queries.channel_rows), dict[int, dt.date]()
    for channel in facts.channels:
        days = [months.last_day(row.month) for row in rows.counts.get(channel.pk, ())]
        if channel.pk in rows.presence:
            days.append(rows.presence[channel.pk].on)
        known = [day for day in days if day <= facts.as_of]
        if known:
            found[channel.entity_id] = max([*known, found.get(channel.entity_id, known[0])])
    return found


COUNTS = Watched("channel figures", 45, _reaches)

LENS = base.Lens(
    slug="cmo",
    title="CMO: go-to-market",
    reader="Chief marketing officer",
    family=base.Family.CORE,
    position=4,
    from_name="Quarterdeck CMO report",
    draft=draft,
    sources=(NOTES, COUNTS),
)
