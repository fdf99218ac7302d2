"""One address for any record a figure is computed from: it leads to the page that shows the record."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from core import access
from portfolio.models import (
    Account,
    Asset,
    BlockedNights,
    Booking,
    BookingCost,
    CacheRule,
    CapitalOption,
    Channel,
    ChannelCount,
    ChannelGate,
    ChannelPresence,
    ChannelSpend,
    Client,
    ClientContract,
    DeliveryJob,
    Deployment,
    DnsRecord,
    DomainName,
    Entity,
    ExpenseFlag,
    Expiry,
    HandoffFile,
    ImportFile,
    Invoice,
    JobCrew,
    JobGate,
    JobIncident,
    JournalEntry,
    KpiValue,
    MaintenanceTicket,
    Milestone,
    MonthlyTarget,
    NightRate,
    Payment,
    PlanMilestone,
    ProfitabilityModel,
    Rebillable,
    Responsibility,
    Stake,
    Stay,
    TechCost,
    TechFinding,
    TechMeasure,
    TechSystem,
    WorkEntry,
)
from portfolio.web.access import record as record_or_404

# Records with a page of their own, those that stand in a section of their entity's page, and those shown with another
# record: by which of their columns, and what that one is called.
PAGES = {
    "account": (Account, "portfolio:account"),
    "booking": (Booking, "portfolio:booking"),
    "channel": (Channel, "portfolio:channel"),
    "client": (Client, "portfolio:client"),
    "entry": (JournalEntry, "portfolio:entry"),
    "import": (ImportFile, "portfolio:import"),
    "invoice": (Invoice, "portfolio:invoice"),
    "payment": (Payment, "portfolio:payment"),
}
SECTIONS = {
    "asset": (Asset, "assets"),
    "blocked": (BlockedNights, "rental#nights"),
    "cache": (CacheRule, "technology#caches"),
    "contract": (ClientContract, "contracts"),
    "deployment": (Deployment, "technology#deployments"),
    "dns": (DnsRecord, "technology#names"),
    "domain": (DomainName, "technology#names"),
    "expiry": (Expiry, "rental#papers"),
    "handoff": (HandoffFile, "handoff"),
    "kpi": (KpiValue, "kpis"),
    "milestone_plan": (PlanMilestone, "milestones"),
    "model": (ProfitabilityModel, "models"),
    "option": (CapitalOption, "plans"),
    "rate": (NightRate, "rental#rates"),
    "responsibility": (Responsibility, "responsibilities"),
    "stake": (Stake, "stakes"),
    "target": (MonthlyTarget, "plans"),
    "tech_cost": (TechCost, "technology#cost"),
    "tech_finding": (TechFinding, "technology#findings"),
    "tech_system": (TechSystem, "technology#systems"),
    "ticket": (MaintenanceTicket, "rental#repairs"),
}
# Papers made of a record: of which, by which page, in which form.
PAPERS = {"statement": (Client, "portfolio:client_statement", "pdf")}
SHOWN_WITH = {
    "channel_gate": (ChannelGate, "channel", "channel"),
    "cost": (BookingCost, "booking", "booking"),
    "count": (ChannelCount, "channel", "channel"),
    "flag": (ExpenseFlag, "entry", "entry"),
    "gate": (JobGate, "job__booking", "booking"),
    "incident": (JobIncident, "job__booking", "booking"),
    "job": (DeliveryJob, "booking", "booking"),
    "job_crew": (JobCrew, "job__booking", "booking"),
    "measure": (TechMeasure, "system", "tech_system"),
    "milestone": (Milestone, "contract__client", "client"),
    "presence": (ChannelPresence, "channel", "channel"),
    "rebillable": (Rebillable, "contract__client", "client"),
    "spend": (ChannelSpend, "channel", "channel"),
    "stay": (Stay, "booking", "booking"),
    "work": (WorkEntry, "contract__client", "client"),
}


@require_safe
@access.staff
def record(request: HttpRequest, model: str, pk: int) -> HttpResponse:
    """Lead to the page of the record that ``booking:12`` or ``stake:3`` names.

    Raises:
        Http404: no such kind of record, no such record, or not this person's to see.
    """
    if model in SHOWN_WITH:
        shown, column, owner = SHOWN_WITH[model]
        found_pk = shown._default_manager.filter(pk=pk).values_list(column, flat=True).first()
        if found_pk is None:
            raise Http404
        model, pk = owner, found_pk
    if model in PAPERS:
        of, name, form = PAPERS[model]
        record_or_404(request, of._default_manager.all(), pk=pk)
        return redirect(name, pk=pk, kind=form)
    if model in PAGES:
        kind, name = PAGES[model]
        record_or_404(request, kind._default_manager.all(), pk=pk)
        return redirect(name, pk=pk)
    if model in SECTIONS:
        kind, section = SECTIONS[model]
        found = record_or_404(request, kind._default_manager.select_related("entity"), pk=pk)
        entity: Entity | None = found.entity  # type: ignore[attr-defined]
        if model == "milestone_plan":
            return redirect("portfolio:milestones")
        if entity is None:
            return redirect("portfolio:portfolio_plans")
        # A section of its entity's page, or of another one that is named before it.
        page, _, anchor = section.rpartition("#")
        return redirect(f"{reverse('portfolio:' + (page or 'entity'), args=[entity.slug])}#{anchor}")
    raise Http404
