"""One address for any record a figure is computed from: it leads to the page that shows the record."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from core import access
from portfolio.models import (
    Account,
    Asset,
    Booking,
    CapitalOption,
    Channel,
    ClientContract,
    Entity,
    HandoffFile,
    ImportFile,
    JournalEntry,
    KpiValue,
    MonthlyTarget,
    ProfitabilityModel,
    Responsibility,
    Stake,
)
from portfolio.web.access import record as record_or_404

# Records with a page of their own, and those that stand in a section of their entity's page.
PAGES = {
    "account": (Account, "portfolio:account"),
    "booking": (Booking, "portfolio:booking"),
    "entry": (JournalEntry, "portfolio:entry"),
    "import": (ImportFile, "portfolio:import"),
}
SECTIONS = {
    "asset": (Asset, "assets"),
    "channel": (Channel, "channels"),
    "contract": (ClientContract, "contracts"),
    "handoff": (HandoffFile, "handoff"),
    "kpi": (KpiValue, "kpis"),
    "model": (ProfitabilityModel, "models"),
    "option": (CapitalOption, "plans"),
    "responsibility": (Responsibility, "responsibilities"),
    "stake": (Stake, "stakes"),
    "target": (MonthlyTarget, "plans"),
}


@require_safe
@access.staff
def record(request: HttpRequest, model: str, pk: int) -> HttpResponse:
    """Lead to the page of the record that ``booking:12`` or ``stake:3`` names.

    Raises:
        Http404: no such kind of record, no such record, or not this person's to see.
    """
    if model in PAGES:
        kind, name = PAGES[model]
        record_or_404(request, kind._default_manager.all(), pk=pk)
        return redirect(name, pk=pk)
    if model in SECTIONS:
        kind, section = SECTIONS[model]
        found = record_or_404(request, kind._default_manager.select_related("entity"), pk=pk)
        entity: Entity = found.entity  # type: ignore[attr-defined]
        return redirect(f"{reverse('portfolio:entity', args=[entity.slug])}#{section}")
    raise Http404
