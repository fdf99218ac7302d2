"""Pages of an entity's technology: one list of what is known, and a form for each kind of record.

Whatever is typed is masked before a form looks at it, so that no page shows a secret again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from portfolio.domain import pages
from portfolio.domain.queries import technology as queries
from portfolio.domain.technology import findings, names, snapshots, systems
from portfolio.domain.technology.refused import TechnologyRefusedError
from portfolio.models import (
    CacheRule,
    Deployment,
    DeploymentOutcome,
    DnsRecord,
    DomainName,
    Entity,
    SnapshotSource,
    TechFinding,
    TechSystem,
)
from portfolio.web import technology_forms as forms
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.acts import act
from portfolio.web.entities import crumbs

KEEP = "keep"
FORGOTTEN: dict[str, type[DomainName | DnsRecord | CacheRule]] = {
    "domain": DomainName,
    "dns": DnsRecord,
    "cache": CacheRule,
}


@require_safe
@access.staff
def technology(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is known of an entity's technology."""
    entity = entity_or_404(request, slug)
    as_of = pages.as_of_date()
    found = {"entity_ids": (entity.pk,), "as_of": as_of}
    noted = sorted(
        ((queries.state_of(row, on=as_of), row) for row in queries.tech_findings(**found)),
        key=lambda entry: (("open", "muted", "fixed").index(entry[0]), -entry[1].severity, entry[1].key),
    )
    costs = sorted(queries.tech_costs(**found), key=lambda row: (-row.month, -row.amount_minor))
    return render(
        request,
        "portfolio/technology/page.html",
        {
            "entity": entity,
            "as_of": as_of,
            "findings": noted,
            "systems": queries.tech_systems(**found),
            "costs": [row for row in costs if row.month >= costs[0].month - 1] if costs else [],
            "deployments": tuple(reversed(queries.deployments(**found))),
            "domains": queries.domain_names(**found),
            "records": queries.dns_records(**found),
            "caches": queries.cache_rules(**found),
            "keeps": may(request, KEEP, entity),
            "crumbs": crumbs(entity),
        },
    )


class _Asked(NamedTuple):
    """What a form is headed, what it explains, and what its button says."""

    heading: str
    lede: str
    submit: str
    facts: tuple[tuple[str, str], ...] = ()


def _ask(
    request: HttpRequest,
    entity: Entity,
    form: forms.MaskedForm,
    asked: _Asked,
    deed: Callable[[dict[str, Any]], str],
    anchor: str,
) -> HttpResponse:
    """Show a form of technology, or do what it asks for and lead back to where it shows."""
    return act(
        request,
        entity=entity,
        heading=asked.heading,
        lede=asked.lede,
        facts=asked.facts,
        form=form,
        submit=asked.submit,
        do=deed,
        refusal=TechnologyRefusedError,
        back=f"{reverse('portfolio:technology', args=[entity.slug])}#{anchor}",
        within="Technology",
    )


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _now(request: HttpRequest) -> dict[str, Any]:
    return {"by": request.user, "at": clock.now()}


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_finding(request: HttpRequest, slug: str) -> HttpResponse:
    """Note a finding."""
    entity = entity_or_404(request, slug, verb=KEEP)
    form = forms.FindingForm(_posted(request), entity=entity, initial={"seen_on": pages.as_of_date()})

    def deed(said: dict[str, Any]) -> str:
        seen = forms.seen(said, key=said["title"], source="Entered by hand")
        return f"“{findings.note(entity=entity, seen=seen, on=said['seen_on'], **_now(request))}” is noted."

    asked = _Asked(
        "Note a finding",
        "What is to be put right, and what it was seen by. Say where a secret stands, never the secret itself: what looks "
        "like one is blanked before anything is kept.",
        "Note the finding",
    )
    return _ask(request, entity, form, asked, deed, "findings")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Say a finding anew: its words or weights have changed."""
    found = record(request, TechFinding.objects.select_related("entity"), pk=pk, verb=KEEP)
    initial = {
        **{name: getattr(found, name) for name in ("kind", "title", "severity", "exposure", "effort", "evidence", "remedy")},
        "system": found.system_id, "seen_on": pages.as_of_date(),
    }  # fmt: skip
    form = forms.FindingForm(_posted(request), entity=found.entity, initial=initial)

    def deed(said: dict[str, Any]) -> str:
        seen = forms.seen(said, key=found.key)
        findings.check_newer(finding=found, on=said["seen_on"])
        findings.note(entity=found.entity, seen=seen, on=said["seen_on"], **_now(request))
        return f"“{said['title']}” is up to date."

    asked = _Asked("Change the finding", "Its own day, on which it changed, is kept.", "Change the finding")
    return _ask(request, found.entity, form, asked, deed, "findings")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def fix_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a finding was put right."""
    found = record(request, TechFinding.objects.select_related("entity"), pk=pk, verb=KEEP)
    form = forms.FixForm(_posted(request), initial={"fixed_on": pages.as_of_date()})

    def deed(said: dict[str, Any]) -> str:
        findings.fix(finding=found, on=said["fixed_on"], **_now(request))
        return f"“{found}” is fixed."

    asked = _Asked(
        "Say it is fixed", "Seen again later, it is open again.", "It is fixed", (("Finding", found.title),)
    )
    return _ask(request, found.entity, form, asked, deed, "findings")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def mute_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a finding aside until a day."""
    found = record(request, TechFinding.objects.select_related("entity"), pk=pk, verb=KEEP)
    form = forms.MuteForm(_posted(request))

    def deed(said: dict[str, Any]) -> str:
        until = said["until"]
        findings.mute(finding=found, until=until, reason=said["reason"], today=clock.today(), **_now(request))
        return f"“{found}” is set aside until {until:%-d %B %Y}."

    asked = _Asked(
        "Set it aside", "Until that day it is among no actions; the report prints it as muted, with the reason.",
        "Set it aside", (("Finding", found.title),),
    )  # fmt: skip
    return _ask(request, found.entity, form, asked, deed, "findings")


@require_POST
@access.staff
def unmute_finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a finding count again."""
    found = record(request, TechFinding.objects.select_related("entity"), pk=pk, verb=KEEP)
    try:
        findings.unmute(finding=found, **_now(request))
    except TechnologyRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{found}” counts again.")
    return redirect("portfolio:technology", slug=found.entity.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_system(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a system down."""
    entity = entity_or_404(request, slug, verb=KEEP)
    form = forms.SystemForm(_posted(request))

    def deed(said: dict[str, Any]) -> str:
        made = systems.add(
            entity=entity, said=systems.SystemSaid(**said, source="Entered by hand"), **_now(request)
        )
        return f"{made} is written down."

    asked = _Asked("Add a system", "Something that runs: a function, a site, a store.", "Add the system")
    return _ask(request, entity, form, asked, deed, "systems")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_system(request: HttpRequest, pk: int) -> HttpResponse:
    """Describe a system anew."""
    found = record(request, TechSystem.objects.select_related("entity"), pk=pk, verb=KEEP)
    columns = ("name", "kind", "exposure", "supported_until")
    form = forms.SystemForm(_posted(request), initial={name: getattr(found, name) for name in columns})

    def deed(said: dict[str, Any]) -> str:
        systems.change(system=found, said=systems.SystemSaid(**said, source=found.source), **_now(request))
        return f"{found} is up to date."

    asked = _Asked("Change the system", "Findings and measures of it stay as they are.", "Change the system")
    return _ask(request, found.entity, form, asked, deed, "systems")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_cost(request: HttpRequest, slug: str) -> HttpResponse:
    """Enter what a service cost in a month."""
    entity = entity_or_404(request, slug, verb=KEEP)
    form = forms.CostForm(
        _posted(request), currency=entity.currency, initial={"covers_on": pages.as_of_date()}
    )

    def deed(said: dict[str, Any]) -> str:
        cost = snapshots.CostSeen(
            entity, said["month"], said["service"], said["amount"], said["forecast"], said["saveable"], said["saving"]
        )  # fmt: skip
        snapshots.take(source=SnapshotSource.HAND, covers_on=said["covers_on"], costs=[cost], **_now(request))
        return f"The cost of {said['service']} is entered."

    asked = _Asked(
        "Enter a cost", "What the provider’s statement says of one service in one month. Entered again, it is replaced.",
        "Enter the cost",
    )  # fmt: skip
    return _ask(request, entity, form, asked, deed, "cost")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_measure(request: HttpRequest, slug: str) -> HttpResponse:
    """Enter what was measured of a system on a day."""
    entity = entity_or_404(request, slug, verb=KEEP)
    form = forms.MeasureForm(_posted(request), entity=entity, initial={"on": pages.as_of_date()})

    def deed(said: dict[str, Any]) -> str:
        seen = snapshots.MeasureSeen(said["system"], said["on"], said["name"], said["value"])
        snapshots.take(source=SnapshotSource.HAND, covers_on=said["on"], measures=[seen], **_now(request))
        return f"What was measured of {said['system']} is entered."

    asked = _Asked("Enter a measure", "One figure of one system on one day.", "Enter the measure")
    return _ask(request, entity, form, asked, deed, "systems")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def add_deployment(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a release down."""
    entity = entity_or_404(request, slug, verb=KEEP)
    form = forms.DeploymentForm(_posted(request))

    def deed(said: dict[str, Any]) -> str:
        release = systems.Release(
            said["released_at"], said["what"], said["outcome"], said["change"], said["restored_at"],
            source="Entered by hand",
        )  # fmt: skip
        return f"“{systems.release(entity=entity, said=release, **_now(request))}” is written down."

    asked = _Asked("Add a deployment", f"Times are in {clock.zone().key}.", "Add the deployment")
    return _ask(request, entity, form, asked, deed, "deployments")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def restore_deployment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say when a release that failed was made good."""
    found = record(request, Deployment.objects.select_related("entity"), pk=pk, verb=KEEP)
    form = forms.RestoreForm(_posted(request))

    def deed(said: dict[str, Any]) -> str:
        systems.restore(deployment=found, restored_at=said["restored_at"], **_now(request))
        return f"“{found}” was made good."

    asked = _Asked(
        "Say when it was made good", f"The time is in {clock.zone().key}.", "It was made good",
        (("Deployment", str(found)), ("Outcome", DeploymentOutcome(found.outcome).label)),
    )  # fmt: skip
    return _ask(request, found.entity, form, asked, deed, "deployments")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def say_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down what is known of a domain name."""
    entity = entity_or_404(request, slug, verb=KEEP)
    form = forms.DomainForm(_posted(request))

    def deed(said: dict[str, Any]) -> str:
        row = names.DomainSaid(**said, source="Entered by hand")
        return f"{names.say_domain(entity=entity, said=row, on=pages.as_of_date(), **_now(request))} is up to date."

    asked = _Asked(
        "Write down a domain name", "Written down again, what is known of it is replaced.", "Write it down"
    )
    return _ask(request, entity, form, asked, deed, "names")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def say_record(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down a DNS record."""
    entity = entity_or_404(request, slug, verb=KEEP)
    form = forms.RecordForm(_posted(request))

    def deed(said: dict[str, Any]) -> str:
        row = names.RecordSaid(**said, source="Entered by hand")
        return f"{names.say_record(entity=entity, said=row, on=pages.as_of_date(), **_now(request))} is up to date."

    asked = _Asked(
        "Write down a DNS record",
        "The same record again brings its time and its state up to date.",
        "Write it down",
    )
    return _ask(request, entity, form, asked, deed, "names")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def say_cache(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down for how long a place says that a path is kept."""
    entity = entity_or_404(request, slug, verb=KEEP)
    form = forms.CacheForm(_posted(request))

    def deed(said: dict[str, Any]) -> str:
        names.say_cache(entity=entity, **said, source="Entered by hand", **_now(request))
        return f"What {said['said_by']} says of {said['path']} is up to date."

    asked = _Asked(
        "Write down a cache time", "Two places that differ about one path are a finding.", "Write it down"
    )
    return _ask(request, entity, form, asked, deed, "caches")


@require_POST
@access.staff
def forget(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Take away a name, a record or a cache time that is no more.

    Raises:
        Http404: there is no such kind of record.
    """
    model = FORGOTTEN.get(kind)
    if model is None:
        raise Http404
    rows: QuerySet[Any] = model._default_manager.select_related("entity")
    found = record(request, rows, pk=pk, verb=KEEP)
    names.forget(row=found, **_now(request))
    messages.success(request, f"{found} is taken away.")
    return redirect("portfolio:technology", slug=found.entity.slug)


_OF = "entities/<slug:slug>/technology/"
urlpatterns = [
    path(_OF, technology, name="technology"),
    path(f"{_OF}findings/add/", add_finding, name="add_tech_finding"),
    path(f"{_OF}systems/add/", add_system, name="add_tech_system"),
    path(f"{_OF}cost/add/", add_cost, name="add_tech_cost"),
    path(f"{_OF}measures/add/", add_measure, name="add_tech_measure"),
    path(f"{_OF}deployments/add/", add_deployment, name="add_deployment"),
    path(f"{_OF}domains/add/", say_domain, name="say_domain"),
    path(f"{_OF}records/add/", say_record, name="say_dns_record"),
    path(f"{_OF}caches/add/", say_cache, name="say_cache"),
    path("technology/findings/<int:pk>/change/", change_finding, name="change_tech_finding"),
    path("technology/findings/<int:pk>/fix/", fix_finding, name="fix_tech_finding"),
    path("technology/findings/<int:pk>/mute/", mute_finding, name="mute_tech_finding"),
    path("technology/findings/<int:pk>/unmute/", unmute_finding, name="unmute_tech_finding"),
    path("technology/systems/<int:pk>/change/", change_system, name="change_tech_system"),
    path("technology/deployments/<int:pk>/restore/", restore_deployment, name="restore_deployment"),
    path("technology/<slug:kind>/<int:pk>/forget/", forget, name="forget_tech"),
]
