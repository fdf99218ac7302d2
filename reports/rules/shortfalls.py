"""The shortfall register of the CEO's audit: eight live queries, each of which clears itself."""

import datetime as dt

from core import months
from portfolio.domain import queries
from portfolio.models import Agreement, ChannelStatus, EntityKind, Handover, ModelState
from reports.document import Cell, FindingNote, Severity
from reports.metrics import Desk
from reports.metrics.bookings import FIRM, ahead
from reports.rules.registry import Rule

PIPELINE_FROM_DAYS = 21
PIPELINE_TO_DAYS = 60
FUNNEL_WINDOW_DAYS = 45


def _empty_pipeline(rule: Rule, desk: Desk) -> list[FindingNote]:
    """No booked event with money received 21 to 60 days ahead, over the whole report."""
    first = desk.facts.assumed("pipeline-from-days", PIPELINE_FROM_DAYS)
    last = desk.facts.assumed("pipeline-to-days", PIPELINE_TO_DAYS)
    if any(row.paid_minor > 0 for row in ahead(desk, desk.all, FIRM, first, last)):
        return []
    start, end = (desk.as_of + dt.timedelta(days=days) for days in (first, last))
    return [
        rule.finding(
            desk.all.slug,
            f"Empty pipeline: no confirmed, paid event {first} to {last} days ahead",
            f"Between {start:%-d %b %Y} and {end:%-d %b %Y} no booked event has any money received. "
            "The weighted pipeline of everything open is ",
            desk.get("weighted_pipeline"),
            ".",
        )
    ]


def _revenue_not_tracked(rule: Rule, desk: Desk) -> list[FindingNote]:
    """No month of any entity has been reconciled."""
    if desk.facts.reconciled:
        return []
    return [
        rule.finding(
            desk.all.slug,
            "Revenue not tracked: no month is reconciled",
            f"{months.label(desk.month)} shows revenue of ",
            desk.get("revenue"),
            ", but no bank statement of any month has been matched to the books, so nobody can vouch for it.",
        )
    ]


def _unsigned_partner(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A partner, not the founder, holds equity without a signed agreement."""
    names = {entity.id: entity for entity in desk.facts.entities}
    return [
        rule.finding(
            f"{names[stake.entity_id].slug}:stake:{stake.pk}",
            f"Equity partner without a signed agreement: {stake.holder}",
            f"{stake.holder} holds {stake.share_bp / 100:g} % of {names[stake.entity_id].name} and the agreement is "
            f"{Agreement(stake.agreement).label.lower()}. ",
            Cell(text="The stake", ref=f"stake:{stake.pk}"),
            f" comes from {stake.source or 'an entry by hand'}.",
        )
        for stake in desk.facts.stakes
        if not stake.founder and stake.agreement != Agreement.SIGNED
    ]


def _no_listings(rule: Rule, desk: Desk) -> list[FindingNote]:
    """An entity sells through marketplaces and none of them is live."""
    found = []
    for entity in desk.facts.entities:
        marketplaces = [row for row in desk.facts.channels if row.entity_id == entity.id and row.marketplace]
        if not marketplaces or any(row.status == ChannelStatus.LIVE for row in marketplaces):
            continue
        waits = "; ".join(
            f"{row.name}: {ChannelStatus(row.status).label.lower()}"
            + (f", needs {', '.join(row.gates)}" if row.gates else "")
            for row in marketplaces
        )
        found.append(
            rule.finding(entity.slug, f"Zero live marketplace listings for {entity.name}", f"{waits}.")
        )
    return found


def _billing_undefined(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Clients of an entity are served and nobody has said how their work is billed."""
    found = []
    for entity in desk.facts.entities:
        clients = [row for row in desk.facts.contracts if row.entity_id == entity.id]
        undefined = [row.client.name for row in clients if not row.billing_model]
        if not undefined:
            continue
        found.append(
            rule.finding(
                entity.slug,
                "DangerousCentaur billing model undefined"
                if entity.slug in ("dc", "dc-clients")
                else f"{entity.name} billing model undefined",
                f"Work is done for {', '.join(undefined)} without an hourly rate, retainer or milestone on record "
                f"({len(undefined)} of {len(clients)} clients).",
            )
        )
    return found


def _broken_funnel(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A counted funnel starts with people and ends with no booking."""
    found = []
    for entity in desk.facts.entities:
        steps = desk.facts.funnel.get(entity.id, ())
        if len(steps) < 2 or steps[-1].count or not steps[0].count:
            continue
        if (desk.as_of - steps[0].counted_on).days > FUNNEL_WINDOW_DAYS:
            continue
        if any(
            row.entity_id == entity.id
            and row.booked_on is not None
            and 0 <= (desk.as_of - row.booked_on).days <= FUNNEL_WINDOW_DAYS
            for row in desk.facts.bookings
        ):
            continue
        path = " → ".join(f"{row.step} {row.count:,}" for row in steps)
        found.append(
            rule.finding(
                entity.slug,
                f"{entity.name} funnel broken: enquiries, no bookings",
                f"{path}, counted on {steps[0].counted_on:%-d %b %Y}.",
            )
        )
    return found


def _handover_open(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Somebody who answers for something has not handed it over in writing."""
    names = {entity.id: entity for entity in desk.facts.entities}
    return [
        rule.finding(
            f"{names[row.entity_id].slug}:responsibility:{row.pk}",
            f"{row.role}'s transition not handed over",
            f"{names[row.entity_id].name}: the handover of {row.role} ({row.who}) is "
            f"{Handover(row.handover).label.lower()}.",
        )
        for row in desk.facts.responsibilities
        if row.handover != Handover.COMPLETE
    ]


def _no_model(rule: Rule, desk: Desk) -> list[FindingNote]:
    """The charter business has no profitability model that the owner has adopted."""
    found = []
    for entity in desk.facts.entities:
        if entity.kind != EntityKind.CHARTER:
            continue
        models = [row for row in desk.facts.models if row.entity_id == entity.id]
        if any(row.state == ModelState.ADOPTED for row in models):
            continue
        draft = (
            f"There is a draft from {models[0].source}, which nobody has adopted. "
            if models
            else "Not even a draft is recorded. "
        )
        found.append(
            rule.finding(
                entity.slug,
                f"No profitability model for {entity.name}",
                draft + "Its contribution a charter would be ",
                desk.get("model_contribution", desk.scope(entity.slug)),
                ".",
            )
        )
    return found


def _note_contradicts(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A current handoff note says otherwise than the record."""
    names = {entity.id: entity for entity in desk.facts.entities}
    return [
        rule.finding(
            f"{names[row.entity_id].slug}:{row.ref}",
            f"The note on {names[row.entity_id].name} contradicts the record: {row.where}",
            f"{row.where} says “{row.note_says}”; ",
            Cell(text="the record", ref=row.ref),
            f" says {row.record_says}.",
        )
        for row in queries.contradictions(
            rows=desk.facts.note_rows,
            records={
                "equity": desk.facts.stakes,
                "channel": desk.facts.channels,
                "role": desk.facts.responsibilities,
            },
        )
    ]


SHORTFALLS = (
    Rule(
        "pipeline-empty",
        "A confirmed, paid event 21 to 60 days ahead",
        Severity.CRITICAL,
        "Confirm and take a deposit on one event in the window",
        "Owner",
        7,
        _empty_pipeline,
    ),
    Rule(
        "revenue-not-tracked",
        "At least one reconciled month",
        Severity.CRITICAL,
        "Reconcile last month with its bank statements",
        "Bookkeeper",
        10,
        _revenue_not_tracked,
    ),
    Rule(
        "partner-unsigned",
        "A signed agreement behind every partner's stake",
        Severity.HIGH,
        "Sign the partner's agreement",
        "Owner",
        14,
        _unsigned_partner,
    ),
    Rule(
        "no-live-listing",
        "At least one live marketplace listing",
        Severity.HIGH,
        "List on the channel with the fewest gates first",
        "Operations lead",
        14,
        _no_listings,
    ),
    Rule(
        "billing-undefined",
        "A billing model for every client",
        Severity.HIGH,
        "Agree hourly, retainer or milestone billing with each client",
        "Owner",
        14,
        _billing_undefined,
    ),
    Rule(
        "funnel-broken",
        "A funnel that ends in bookings",
        Severity.HIGH,
        "Mend the step where people are lost",
        "Owner",
        10,
        _broken_funnel,
    ),
    Rule(
        "handover-open",
        "Every responsibility handed over in writing",
        Severity.MEDIUM,
        "Write the handover and walk through it with a second person",
        "Owner",
        21,
        _handover_open,
    ),
    Rule(
        "model-missing",
        "An adopted profitability model",
        Severity.MEDIUM,
        "Check the draft model and adopt it",
        "Owner",
        14,
        _no_model,
    ),
)

NOTE_RULES = (
    Rule(
        "note-contradicts",
        "Handoff notes that agree with the records",
        Severity.LOW,
        "Bring the note up to date",
        "Owner",
        30,
        _note_contradicts,
    ),
)
