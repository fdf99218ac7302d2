"""The campaign desk: drafts, what is under way and what is over, and everything a person does with one of them.

Whoever may read the whole portfolio sees it; writing, starting and stopping are the owner's.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse, reverse_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from mail.domain import (
    campaign_copies,
    campaign_lists,
    campaign_results,
    campaigns,
    lists,
    preflight,
    queries,
)
from mail.domain.campaign_drafts import CampaignRefusedError, Draft
from mail.domain.campaign_lists import Reach, Tally
from mail.domain.content import for_frame
from mail.models import Campaign, CampaignState, MailingList, Segment
from mail.web import campaign_asides, campaign_words
from mail.web.campaign_forms import CampaignForm, Choices, CopyForm, SendTestForm, WhyForm
from mail.web.lists import HOME, MAIL
from mail.web.mailbox import FRAME_POLICY

PAST_A_PAGE = 25
_CAMPAIGNS = {"label": "Campaigns", "url": reverse_lazy("mail:campaigns")}
_GOING = (CampaignState.SENDING, CampaignState.PAUSED)


@require_safe
@access.staff
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Show drafts, campaigns under way and past ones, each with whom it goes to and what became of it."""
    access.require(request.user, "read")
    alive = list(campaign_lists.campaigns(past=False))
    past = Paginator(campaign_lists.campaigns(past=True), PAST_A_PAGE).get_page(request.GET.get("page"))
    shown = [*alive, *past]
    tallies = campaign_lists.tallies([row.pk for row in shown])
    reach = campaign_lists.reach({row.mailing_list_id for row in shown if row.state == CampaignState.DRAFT})

    def row(campaign: Campaign) -> dict[str, Any]:
        tally = tallies.get(campaign.pk, Tally())
        part = reach.get((campaign.mailing_list_id, campaign.segment_id), Reach())
        is_draft = campaign.state == CampaignState.DRAFT
        under_way = tally.recipients + campaign.unwritten  # type: ignore[attr-defined]
        return {
            "campaign": campaign,
            "tone": campaign_words.TONES[CampaignState(campaign.state)],
            "recipients": part.reachable if is_draft else under_way,
            "counts": tally,
            "at": campaign.created_at if is_draft else campaign.started_at,
        }

    groups: list[dict[str, Any]] = [
        {"anchor": "going", "title": "Under way", "rows": [row(c) for c in alive if c.state in _GOING]},
        {
            "anchor": "drafts",
            "title": "Drafts",
            "drafts": True,
            "rows": [row(c) for c in alive if c.state == CampaignState.DRAFT],
        },
        {"anchor": "past", "title": "Past", "rows": [row(c) for c in past], "page_obj": past},
    ]
    return _page(
        request,
        "list",
        {
            "groups": [group for group in groups if group["rows"]],
            "has_lists": bool(shown) or MailingList.objects.exists(),
        },
        crumbs=[],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def new_campaign(request: HttpRequest) -> HttpResponseBase:
    """Write a campaign down as a draft."""
    access.require(request.user, "own")
    form = CampaignForm(
        request.POST if request.method == "POST" else None,
        audiences=_audiences(),
        initial={"audience": request.GET.get("list", "")},
    )
    if form.is_valid():
        try:
            made = campaigns.create(draft=_draft(form), by=request.user, at=clock.now())
        except CampaignRefusedError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Saved as a draft. Look at the mail, then send yourself a test.")
            return redirect("mail:campaign", pk=made.pk)
    return _form_page(request, form, "New campaign", reverse("mail:campaigns"))


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def change_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change a draft; what has left that state is only looked at."""
    campaign = _campaign(request, pk, "own")
    if campaign.state != CampaignState.DRAFT and request.method != "POST":
        messages.info(request, "Only a draft can be changed.")
        return redirect("mail:campaign", pk=pk)
    form = CampaignForm(
        request.POST if request.method == "POST" else None, audiences=_audiences(), initial=_typed(campaign)
    )
    if form.is_valid():
        try:
            campaigns.change(campaign=campaign, draft=_draft(form), by=request.user, at=clock.now())
        except CampaignRefusedError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Saved.")
            return redirect("mail:campaign", pk=pk)
    return _form_page(
        request,
        form,
        f"Change {campaign.name}",
        reverse("mail:campaign", args=[pk]),
        _crumb(campaign),
    )


@require_safe
@access.staff
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one campaign; asked by htmx, only what changes while it is sent, so that a reason being typed is kept.

    Once it is in another state, the whole page is loaded anew.
    """
    row = _campaign(request, pk)
    if not request.htmx:  # type: ignore[attr-defined]
        return _campaign_page(request, row)
    seen = request.GET.get("seen", "")
    if seen.partition("-")[0] != row.state:
        return HttpResponse(headers={"HX-Refresh": "true"})
    counted = campaign_results.progress(campaign=row)
    progress = campaign_words.progress(row, counted, at=clock.now())
    context = {
        "campaign": row,
        "progress": progress,
        # Only where it says something else than before: a screen reader reads it out.
        "moved_on": seen != progress["stage"],
        "next": progress["sentence"],
        "tone": campaign_words.TONES[CampaignState(row.state)],
        "may_release": access.may(request.user, "own") and _waits(row),
        "rest": campaign_asides.rest(row, counted) if _waits(row) else 0,
    }
    return render(request, "mail/campaigns/live.html", context)


@require_safe
@access.staff
def campaign_checks(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the checks before the start: they ask SES and the name service, so a draft's page does not wait for them."""
    row = _campaign(request, pk)
    if row.state != CampaignState.DRAFT:
        return redirect("mail:campaign", pk=pk)
    found = preflight.checks(campaign=row, at=clock.now())
    checks = campaign_words.checks(found)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "mail/campaigns/checks.html", {"campaign": row, "checks": checks})
    return _campaign_page(request, row, checks=checks)


@require_safe
@access.staff
@xframe_options_sameorigin
def campaign_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the campaign's mail as HTML, for the frame on its page."""
    content = campaign_asides.preview(_campaign(request, pk)).content
    if content is None:
        raise Http404
    return HttpResponse(for_frame(content), headers={"Content-Security-Policy": FRAME_POLICY})


@require_POST
@access.staff
def test_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the mail to one address, marked as a test."""
    row = _campaign(request, pk, "own")
    form = SendTestForm(request.POST)
    if form.is_valid():
        address = form.cleaned_data["address"]
        try:
            sent = campaigns.send_test(campaign=row, address=address, by=request.user, at=clock.now())
        except CampaignRefusedError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"A test is on its way to {sent.to_address}.")
            return redirect("mail:campaign", pk=pk)
    return _campaign_page(request, row, test_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def start_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Say once more what would leave, and start it; pressing twice starts it once."""
    row = _campaign(request, pk, "own")
    at = clock.now()
    refused: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            campaigns.start(campaign=row, by=request.user, at=at)
        except CampaignRefusedError as error:
            refused = error.problems
            row = _campaign(request, pk, "own")
        else:
            messages.success(request, f"{row.name} is started. The first cohort goes out now.")
            return redirect("mail:campaign", pk=pk)
    if row.state != CampaignState.DRAFT:
        messages.info(request, f"{row.name} was started before; it is {row.get_state_display().lower()}.")
        return redirect("mail:campaign", pk=pk)
    found = preflight.checks(campaign=row, at=at)
    reach = lists.reachable(mailing_list=row.mailing_list, segment=row.segment)
    return _page(
        request,
        "start",
        {
            "campaign": row,
            "refused": refused,
            "facts": [
                *campaign_words.start_facts(row, reach, campaign_lists.pace(at=at)),
                {"label": "Test", "text": campaign_asides.tested(row)},
            ],
            "troubles": campaign_words.checks(found)["open"],
            "blocked": preflight.blocks(found),
        },
        crumbs=[_CAMPAIGNS, _crumb(row)],
        status=422 if refused else 200,
    )


@require_POST
@access.staff
def pause_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Stop a campaign under way for now."""
    return _act(
        request, pk, campaigns.pause, "pause_form", "Paused. Nothing more leaves until it is resumed."
    )


@require_POST
@access.staff
def resume_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Let a paused campaign go on."""
    return _act(request, pk, campaigns.resume, "resume_form", "It goes on.")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def release_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask whether the rest is to go without waiting for what becomes of the first cohort, and let it go; once."""
    row = _campaign(request, pk, "own")
    if request.method == "POST":
        try:
            campaigns.release(campaign=row, by=request.user, at=clock.now())
        except CampaignRefusedError as error:
            return _campaign_page(request, _campaign(request, pk, "own"), refused=str(error))
        when = "once it is resumed" if row.state == CampaignState.PAUSED else "now"
        messages.success(request, f"The rest goes out {when}.")
        return redirect("mail:campaign", pk=pk)
    if not _waits(row):
        messages.info(request, f"Nothing of {row.name} waits to be let go.")
        return redirect("mail:campaign", pk=pk)
    counted = campaign_results.progress(campaign=row)
    return _page(
        request,
        "release_confirm",
        {
            "campaign": row,
            "rest": campaign_asides.rest(row, counted),
            "counted": counted,
            "rule": campaign_words.rule(row),
            "next": campaign_words.what_next(row, counted),
        },
        crumbs=[_CAMPAIGNS, _crumb(row)],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def copy_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask whom a copy is for, and write it down as a new draft."""
    row = _campaign(request, pk, "own")
    if row.state == CampaignState.DRAFT:
        messages.info(request, "This campaign is a draft; change it instead of copying it.")
        return redirect("mail:campaign", pk=pk)
    asked = campaign_asides.copying(row)
    form = CopyForm(request.POST if request.method == "POST" else None, others=asked.get("others", 0))
    if form.is_valid():
        leave_out = asked["choice"] and form.cleaned_data["leave_out"]
        try:
            made = campaign_copies.copy(campaign=row, leave_out=leave_out, by=request.user, at=clock.now())
        except CampaignRefusedError as error:
            _refuse(form, error)
        else:
            messages.success(request, "Copied as a new draft. Nothing leaves before you start it.")
            return redirect("mail:campaign", pk=made.pk)
    return _page(
        request,
        "copy",
        {"campaign": row, "form": form, "asked": asked},
        crumbs=[_CAMPAIGNS, _crumb(row)],
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def cancel_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask whether a campaign is to end for good, and end it."""
    row = _campaign(request, pk, "own")
    form = WhyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            campaigns.cancel(campaign=row, why=form.cleaned_data["why"], by=request.user, at=clock.now())
        except CampaignRefusedError as error:
            _refuse(form, error)
        else:
            messages.success(request, f"{row.name} is cancelled.")
            return redirect("mail:campaign", pk=pk)
    elif CampaignState.CANCELLED not in campaigns.MOVES[CampaignState(row.state)]:
        messages.info(request, f"{row.name} has ended already.")
        return redirect("mail:campaign", pk=pk)
    return _page(
        request,
        "cancel",
        {
            "campaign": row,
            "form": form,
            "lede": campaign_words.before_cancelling(row),
            "said": campaign_asides.cancelling(row, campaign_results.progress(campaign=row)),
        },
        crumbs=[_CAMPAIGNS, _crumb(row)],
        status=422 if form.errors else 200,
    )


def _act(
    request: HttpRequest, pk: int, deed: Callable[..., Campaign], name: str, done: str
) -> HttpResponseBase:
    """Do what needs a reason; a refusal is shown on the campaign's page beside the reason that was typed."""
    row = _campaign(request, pk, "own")
    form = WhyForm(request.POST, needed=deed is campaigns.pause or row.stopped)
    if form.is_valid():
        try:
            deed(campaign=row, why=form.cleaned_data["why"], by=request.user, at=clock.now())
        except CampaignRefusedError as error:
            _refuse(form, error)
        else:
            messages.success(request, done)
            return redirect("mail:campaign", pk=pk)
    row = _campaign(request, pk, "own")
    problems = [str(problem) for problem in form.non_field_errors()]
    return _campaign_page(request, row, refused=" ".join(problems), **{name: form})


def _campaign_page(request: HttpRequest, row: Campaign, *, refused: str = "", **more: Any) -> HttpResponse:
    state = CampaignState(row.state)
    begun = row.started_at is not None
    counted = campaign_results.progress(campaign=row)
    events = campaign_words.history(row)
    context = {
        "campaign": row,
        "tone": campaign_words.TONES[state],
        "next": campaign_words.what_next(row, counted),
        "refused": refused,
        "progress": campaign_words.progress(row, counted, at=clock.now()) if begun else None,
        "results": campaign_words.results(row) if begun and state != CampaignState.SENDING else None,
        "preview": campaign_asides.preview(row),
        "facts": campaign_words.facts(row),
        "events": events,
        "zone_name": str(clock.zone()),
        "test_form": SendTestForm(initial={"address": request.user.email}),  # type: ignore[union-attr]
        "pause_form": WhyForm(),
        "resume_form": WhyForm(needed=row.stopped),
        "tested": campaign_asides.tested(row) if state == CampaignState.DRAFT else "",
        "paused_by": campaign_asides.paused_by(events),
        "may_release": _waits(row),
        "rest": campaign_asides.rest(row, counted) if _waits(row) else 0,
        **more,
    }
    wrong = bool(refused or any(isinstance(form, forms.Form) and form.errors for form in more.values()))
    return _page(request, "campaign", context, crumbs=[_CAMPAIGNS], status=422 if wrong else 200)


def _waits(row: Campaign) -> bool:
    return row.state in _GOING and row.released_at is None


def _campaign(request: HttpRequest, pk: int, duty: str = "read") -> Campaign:
    access.require(request.user, duty)
    return get_object_or_404(Campaign.objects.select_related("mailing_list", "segment"), pk=pk)


def _crumb(row: Campaign) -> dict[str, Any]:
    return {"label": row.name, "url": reverse("mail:campaign", args=[row.pk])}


def _audiences() -> Choices:
    """Return every list with its segments, as the form offers them: ``3`` a list, ``3:7`` a segment of it."""
    parts: dict[int, list[tuple[str, str]]] = {}
    for segment in Segment.objects.order_by("name", "id"):
        choice = (f"{segment.mailing_list_id}:{segment.pk}", f"Only {segment.name}")
        parts.setdefault(segment.mailing_list_id, []).append(choice)
    return [
        (row.name, [(str(row.pk), f"Everybody on {row.name}"), *parts.get(row.pk, [])])
        for row in MailingList.objects.all()
    ]


def _draft(form: CampaignForm) -> Draft:
    data = dict(form.cleaned_data)
    list_id, _, segment_id = data.pop("audience").partition(":")
    for name in CampaignForm.MODEL:
        data[f"{name}_minor"] = data.pop(name)
    return Draft(
        mailing_list=MailingList.objects.get(pk=list_id),
        segment=Segment.objects.get(pk=segment_id) if segment_id else None,
        **data,
    )


def _typed(row: Campaign) -> dict[str, Any]:
    """Return a draft as its form would have been filled in."""
    same = ("name", "subject", "from_name", "reply_to", "body", *CampaignForm.CARE)
    return {
        **{name: getattr(row, name) for name in same},
        **{name: getattr(row, f"{name}_minor") for name in CampaignForm.MODEL},
        "audience": f"{row.mailing_list_id}:{row.segment_id}" if row.segment_id else str(row.mailing_list_id),
    }


def _refuse(form: forms.Form, error: CampaignRefusedError) -> None:
    for problem in error.problems:
        form.add_error(None, problem)


def _form_page(
    request: HttpRequest, form: CampaignForm, title: str, cancel_url: str, *crumbs: dict[str, Any]
) -> HttpResponse:
    return _page(
        request,
        "form",
        {"form": form, "title": title, "cancel_url": cancel_url},
        crumbs=[_CAMPAIGNS, *crumbs],
        status=422 if form.errors else 200,
    )


def _page(
    request: HttpRequest,
    name: str,
    context: dict[str, Any],
    *,
    crumbs: Sequence[dict[str, Any]],
    status: int = 200,
) -> HttpResponse:
    frame = {
        "doubtful": queries.doubtful_count(),
        "may_act": access.may(request.user, "own"),
        "zone": clock.zone(),
        "crumbs": [HOME, MAIL, *crumbs],
    }
    return render(request, f"mail/campaigns/{name}.html", {**frame, **context}, status=status)


urlpatterns = [
    path("campaigns/", campaign_list, name="campaigns"),
    path("campaigns/new", new_campaign, name="new_campaign"),
    path("campaigns/<int:pk>/", campaign, name="campaign"),
    path("campaigns/<int:pk>/checks", campaign_checks, name="campaign_checks"),
    path("campaigns/<int:pk>/html", campaign_html, name="campaign_html"),
    path("campaigns/<int:pk>/change", change_campaign, name="change_campaign"),
    path("campaigns/<int:pk>/test", test_campaign, name="test_campaign"),
    path("campaigns/<int:pk>/start", start_campaign, name="start_campaign"),
    path("campaigns/<int:pk>/pause", pause_campaign, name="pause_campaign"),
    path("campaigns/<int:pk>/resume", resume_campaign, name="resume_campaign"),
    path("campaigns/<int:pk>/release", release_campaign, name="release_campaign"),
    path("campaigns/<int:pk>/copy", copy_campaign, name="copy_campaign"),
    path("campaigns/<int:pk>/cancel", cancel_campaign, name="cancel_campaign"),
]
