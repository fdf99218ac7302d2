"""The mailbox pages: every message that left or will, as HTML, text and headers, and what a person decides about it.

Whoever may read the whole portfolio reads the mail; deciding is the owner's.
"""

import uuid
from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from core import access, clock
from mail.domain import compose, decisions, doubts, drafts, fates, mailings, queries, suppression, timeline
from mail.domain.content import SHOWN_IMAGES, Content, for_frame
from mail.models import Campaign, Kind, Message, State, Suppression
from mail.web.forms import MailboxForm, composer_label

# The document of a mail: it may style itself and show its own images, and nothing more. It runs no script, has no
# origin, loads nothing from anywhere, and only our own pages may frame it.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

TONES = {
    State.DRAFT: "info",
    State.QUEUED: "",
    State.SENDING: "info",
    State.SENT: "good",
    State.FAILED: "bad",
    State.IN_DOUBT: "watch",
    State.HELD: "watch",
    State.SUPPRESSED: "",
    State.DISCARDED: "",
}


@require_safe
@access.staff
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the messages, newest first, by state, kind, campaign, day, and by address or subject."""
    access.require(request.user, "read")
    form = MailboxForm(request.GET)
    asked = form.question() if form.is_valid() else None
    page = queries.mailbox(asked) if asked is not None else queries.Page((), None)
    keep = form.kept() if asked is not None else {}
    counts = queries.unsettled_counts()
    return render(
        request,
        "mail/mailbox.html",
        {
            "form": form,
            # The filters beyond search and state fold away until one is in use.
            "more_used": bool(keep.keys() - {"q", "state"}) or bool(form.errors.keys() - {"q", "state"}),
            "rows": [
                {
                    "message": row,
                    "tone": TONES[State(row.state)],
                    "fate": fates.of(row),
                    "kind": Kind(row.kind).label,
                }
                for row in page.messages
            ],
            "older": f"?{urlencode({**keep, 'before': page.older})}" if page.older else "",
            "newest": f"?{urlencode(keep)}" if asked and asked.before else "",
            "filtered": bool(keep) or asked is None,
            "failed_of_campaign": _failed_of_campaign(request, asked),
            "unsettled": counts,
            "doubtful": counts[State.IN_DOUBT],
            "zone": clock.zone(),
            "crumbs": [{"label": "Home", "url": "/"}],
        },
        status=200 if asked is not None else 400,
    )


@require_safe
@access.staff
def message(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one message: its mail, what happened to it, and what may be decided."""
    row = _visible(request, public_id)
    at = clock.now()
    return render(
        request,
        "mail/message.html",
        {
            "message": row,
            "tone": TONES[State(row.state)],
            "fate": fates.of(row),
            "over": timeline.transport_name(row.transport),
            "composer": composer_label(row.composer),
            "reading": queries.read(row, secrets=access.may(request.user, "own")),
            "events": timeline.of_message(row),
            "doubt": doubts.of_message(row, at=at) if row.state == State.IN_DOUBT else None,
            "held_by": _held_by(row),
            "may_go_again": compose.may_go_again(row),
            "may_decide": access.may(request.user, "own"),
            "doubtful": queries.doubtful_count(),
            "zone": clock.zone(),
            "zone_name": str(clock.zone()),
            "crumbs": [{"label": "Home", "url": "/"}, {"label": "Mail", "url": reverse("mail:mailbox")}],
        },
    )


@require_safe
@access.staff
@xframe_options_sameorigin
def html(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Answer with the mail's own HTML, for the frame on the message page."""
    content = _content(request, _visible(request, public_id))
    if not content.html:
        raise Http404
    return HttpResponse(for_frame(content), headers={"Content-Security-Policy": FRAME_POLICY})


@require_safe
@access.staff
def file(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Answer with the whole mail as an ``.eml`` file, where it was kept as it left."""
    row = _visible(request, public_id)
    raw = queries.kept_bytes(row, secrets=access.may(request.user, "own"))
    if raw is None:
        raise Http404
    return _download(raw, f"{row.public_id}.eml", "message/rfc822")


@require_safe
@access.staff
def part(request: HttpRequest, public_id: uuid.UUID, number: int) -> HttpResponse:
    """Answer with one part of the mail; a file is offered for saving, never opened in the portal's name."""
    content = _content(request, _visible(request, public_id))
    if not 1 <= number <= len(content.parts):
        raise Http404
    chosen = content.parts[number - 1]
    known = chosen.mimetype in SHOWN_IMAGES or chosen.mimetype == "application/pdf"
    return _download(
        chosen.content,
        chosen.filename or f"part-{number}",
        chosen.mimetype if known else "application/octet-stream",
    )


@require_POST
@access.staff
def retry(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Try a failed message again."""
    return _decide(request, public_id, decisions.retry, "Queued again; it goes out within seconds.")


@require_POST
@access.staff
def release(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Send a draft that somebody looked at."""
    return _decide(request, public_id, drafts.release, "It goes out within seconds.")


@require_POST
@access.staff
def discard(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Throw a draft away."""
    return _decide(request, public_id, drafts.discard, "Thrown away; it is never sent.")


@require_POST
@access.staff
def arrived(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Settle a message in doubt as sent: it arrived."""
    return _decide(request, public_id, decisions.confirm_arrival, "Noted: it arrived.")


@require_POST
@access.staff
def again(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Send a message in doubt again: it did not arrive."""
    return _decide(request, public_id, decisions.send_again, "Queued again; it goes out within seconds.")


@require_POST
@access.staff
def resend_failed(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send a campaign again to those it failed to reach, and to nobody else."""
    access.require(request.user, "own")
    campaign = get_object_or_404(Campaign, pk=pk)
    try:
        again = mailings.resend_failed(campaign=campaign, by=request.user, at=clock.now())
    except decisions.DecisionRefusedError as error:
        messages.error(request, str(error))
    else:
        if again:
            messages.success(request, f"Queued again for the {again} that failed; they go out by themselves.")
        else:
            messages.info(request, "Nobody was missed: no mail of this campaign has failed.")
    return redirect(f"{reverse('mail:mailbox')}?{urlencode({'campaign': campaign.pk})}")


def _visible(request: HttpRequest, public_id: uuid.UUID, duty: str = "read") -> Message:
    access.require(request.user, duty)
    return get_object_or_404(Message.objects.select_related("campaign"), public_id=public_id)


def _content(request: HttpRequest, row: Message) -> Content:
    content = queries.read(row, secrets=access.may(request.user, "own")).content
    if content is None:
        raise Http404
    return content


def _failed_of_campaign(request: HttpRequest, asked: queries.Question | None) -> int:
    """Return how many mails of the campaign asked for failed, where whoever asks may send them again."""
    if asked is None or asked.campaign is None or not access.may(request.user, "own"):
        return 0
    return mailings.failed(campaign=asked.campaign)


def _held_by(row: Message) -> Suppression | None:
    """Return what stops a suppressed message still; None where it may be tried again."""
    return suppression.holding_for([row]).get(row.pk) if row.state == State.SUPPRESSED else None


def _decide(
    request: HttpRequest, public_id: uuid.UUID, decision: Callable[..., None], done: str
) -> HttpResponseBase:
    row = _visible(request, public_id, "own")
    try:
        decision(message=row, by=request.user, at=clock.now())
    except decisions.DecisionRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    if request.POST.get("back") == "doubt":
        return redirect("mail:doubt")
    return redirect("mail:message", public_id=public_id)


def _download(content: bytes, name: str, mimetype: str) -> HttpResponse:
    response = HttpResponse(content, content_type=mimetype)
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=name) or ""
    )
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


urlpatterns = [
    path("", mailbox, name="mailbox"),
    path("campaigns/<int:pk>/resend-failed", resend_failed, name="resend_failed"),
    path("<uuid:public_id>/", message, name="message"),
    path("<uuid:public_id>/html", html, name="html"),
    path("<uuid:public_id>/file", file, name="file"),
    path("<uuid:public_id>/parts/<int:number>", part, name="part"),
    path("<uuid:public_id>/retry", retry, name="retry"),
    path("<uuid:public_id>/release", release, name="release"),
    path("<uuid:public_id>/discard", discard, name="discard"),
    path("<uuid:public_id>/arrived", arrived, name="arrived"),
    path("<uuid:public_id>/again", again, name="again"),
]
