"""Pages of sales channels: what is known of one over time, and the small forms that write it down."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock, months
from portfolio.domain import channel_rows, pages
from portfolio.domain.channel_rows import ChannelRefusedError
from portfolio.models import Channel, ChannelCount, ChannelGate, ChannelSpend, FunnelStep
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may, record
from portfolio.web.acts import Facts, act
from portfolio.web.channel_forms import (
    ChannelPlanForm,
    CommissionForm,
    CountForm,
    GateForm,
    NewChannelForm,
    PassForm,
    SeenForm,
    SpendForm,
)
from portfolio.web.entities import crumbs

act_methods = require_http_methods(["GET", "HEAD", "POST"])
MONTHS_SHOWN = 24
LOOKS_SHOWN = 24


def _channel(request: HttpRequest, pk: int, verb: str = "book") -> Channel:
    return record(request, Channel.objects.select_related("entity"), pk=pk, verb=verb)


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _today(channel: Channel, at: dt.datetime) -> dt.date:
    return clock.today(channel.entity.zone, at=at)


@require_safe
@access.staff
def channel_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a channel: where it stands, its gates, how it showed us, what it counted and what it cost."""
    channel = _channel(request, pk, "read")
    since = months.month_of(pages.as_of_date()) - MONTHS_SHOWN
    counted: dict[int, dict[str, Any]] = {}
    for row in ChannelCount.objects.filter(channel=channel, month__gt=since).order_by("-month"):
        counted.setdefault(row.month, {"source": row.source})[row.step] = row.count
    return render(
        request,
        "portfolio/channels/channel.html",
        {
            "channel": channel,
            "entity": channel.entity,
            "gates": list(channel.gate_rows.all()),
            "looks": list(channel.presences.all()[:LOOKS_SHOWN]),
            "commissions": list(channel.commissions.order_by("-effective_on")),
            "steps": [step.label for step in FunnelStep],
            "counts": [
                (month, [row.get(step.value) for step in FunnelStep], row["source"])
                for month, row in counted.items()
            ],
            "spends": list(ChannelSpend.objects.filter(channel=channel, month__gt=since).order_by("-month")),
            "books": may(request, "book", channel.entity),
            "crumbs": crumbs(channel.entity),
        },
    )


def _form(
    request: HttpRequest,
    channel: Channel,
    *,
    heading: str,
    lede: str,
    form: Any,
    do: Any,
    done: str,
    submit: str = "Save",
    facts: Facts | None = None,
) -> HttpResponse:
    return act(
        request,
        entity=channel.entity,
        heading=heading,
        lede=lede,
        facts=facts or [],
        form=form,
        submit=submit,
        do=do,
        refusal=ChannelRefusedError,
        done=done,
        back=reverse("portfolio:channel", args=[channel.pk]),
    )


@act_methods
@access.staff
def add_channel(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down a channel that is not listed yet."""
    entity = entity_or_404(request, slug, verb="book")
    return act(
        request,
        entity=entity,
        heading="Add a channel",
        lede="A place bookings could come from. It begins as not listed; say next what is before it.",
        facts=[],
        form=NewChannelForm(_posted(request)),
        submit="Add the channel",
        do=lambda data: channel_rows.open_channel(entity=entity, **data, by=request.user, at=clock.now()),
        refusal=ChannelRefusedError,
        done="The channel is written down.",
        back=f"{reverse('portfolio:entity', args=[entity.slug])}#channels",
    )


@act_methods
@access.staff
def plan_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is next for a channel, who takes it, and what it is expected to bring."""
    channel = _channel(request, pk)
    names = ("next_step", "next_owner", "expected_minor", "expected_source")
    form = ChannelPlanForm(
        _posted(request),
        currency=channel.entity.currency,
        initial={name: getattr(channel, name) for name in names},
    )
    return _form(
        request,
        channel,
        heading=f"What is next for {channel}",
        lede="Reports show the next step with its owner, and rank the channels that are not live by what they leave.",
        form=form,
        do=lambda _: channel_rows.plan(channel=channel, plan=form.plan(), by=request.user, at=clock.now()),
        done=f"What is next for {channel} is written down.",
    )


@act_methods
@access.staff
def add_gate(request: HttpRequest, pk: int) -> HttpResponse:
    """Set one more gate before a channel."""
    channel = _channel(request, pk)
    return _form(
        request,
        channel,
        heading=f"A gate before {channel}",
        lede="What must be done before guests can book there. A paper that somebody else issues puts the channel behind "
        "those that wait for none.",
        form=GateForm(_posted(request)),
        do=lambda data: channel_rows.add_gate(channel=channel, **data, by=request.user, at=clock.now()),
        done="The gate is set.",
        submit="Set the gate",
    )


@act_methods
@access.staff
def pass_gate(request: HttpRequest, pk: int, gate: int) -> HttpResponse:
    """Say that a gate is passed."""
    channel, at = _channel(request, pk), clock.now()
    found = get_object_or_404(ChannelGate.objects.select_related("channel__entity"), pk=gate, channel=channel)
    return _form(
        request,
        channel,
        heading=f"{found} of {channel}",
        lede="Say since when it is passed and what shows it. A channel with no open gate can be listed.",
        facts=[("Passed", found.passed_on or "not yet"), ("Source", found.source or "not stated")],
        form=PassForm(_posted(request), initial={"on": pages.as_of_date()}),
        do=lambda data: channel_rows.pass_gate(
            gate=found, **data, today=_today(channel, at), by=request.user, at=at
        ),
        done=f"“{found}” of {channel} is passed.",
        submit="Pass the gate",
    )


@act_methods
@access.staff
def look_at_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down how a channel showed us on a day."""
    channel, at = _channel(request, pk), clock.now()
    form = SeenForm(_posted(request), currency=channel.entity.currency, initial={"on": pages.as_of_date()})
    return _form(
        request,
        channel,
        heading=f"How {channel} shows us",
        lede="Write down what a guest sees there on one day. Leave out what you did not look up.",
        form=form,
        do=lambda data: channel_rows.see(
            channel=channel,
            on=data["on"],
            seen=form.seen(),
            source=data["source"],
            today=_today(channel, at),
            by=request.user,
            at=at,
        ),
        done=f"How {channel} shows us is written down.",
    )


@act_methods
@access.staff
def count_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Set what a channel counted in a month."""
    channel, at = _channel(request, pk), clock.now()
    form = CountForm(_posted(request))
    return _form(
        request,
        channel,
        heading=f"What {channel} counted",
        lede="The channel’s own statistics of one month. What stood there for the month is replaced; the trail keeps it.",
        form=form,
        do=lambda data: channel_rows.count(
            channel=channel,
            month=data["month"],
            counts=form.counts(),
            source=data["source"],
            this_month=months.month_of(_today(channel, at)),
            by=request.user,
            at=at,
        ),
        done="The counts are written down.",
    )


@act_methods
@access.staff
def spend_on_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Set what a channel cost in a month beside its commission."""
    channel, at = _channel(request, pk), clock.now()
    form = SpendForm(_posted(request), currency=channel.entity.currency)
    return _form(
        request,
        channel,
        heading=f"What {channel} cost",
        lede="Money and work of one month, beside the commission. What stood there for the month is replaced; the trail "
        "keeps it.",
        form=form,
        do=lambda data: channel_rows.spend(
            channel=channel,
            month=data["month"],
            spent=form.spent(),
            source=data["source"],
            this_month=months.month_of(_today(channel, at)),
            by=request.user,
            at=at,
        ),
        done="The cost is written down.",
    )


@act_methods
@access.staff
def agree_commission(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down a commission that holds from a day on."""
    channel = _channel(request, pk)
    return _form(
        request,
        channel,
        heading=f"Commission of {channel}",
        lede="It holds from its day on. Earlier figures keep the one that held then.",
        form=CommissionForm(_posted(request), initial={"effective_on": pages.as_of_date()}),
        do=lambda data: channel_rows.agree_commission(
            channel=channel,
            effective_on=data["effective_on"],
            rate_bp=int(data["rate"] * 100),
            source=data["source"],
            by=request.user,
            at=clock.now(),
        ),
        done="The commission is written down.",
    )


urlpatterns = [
    path("entities/<slug:slug>/channels/add/", add_channel, name="add_channel"),
    path("channels/<int:pk>/", channel_page, name="channel"),
    path("channels/<int:pk>/plan/", plan_channel, name="plan_channel"),
    path("channels/<int:pk>/gates/add/", add_gate, name="add_gate"),
    path("channels/<int:pk>/gates/<int:gate>/pass/", pass_gate, name="pass_gate"),
    path("channels/<int:pk>/look/", look_at_channel, name="look_at_channel"),
    path("channels/<int:pk>/counts/", count_channel, name="count_channel"),
    path("channels/<int:pk>/spend/", spend_on_channel, name="spend_on_channel"),
    path("channels/<int:pk>/commission/", agree_commission, name="agree_commission"),
]
