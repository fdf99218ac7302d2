"""The mailbox pages: every message that left or will, as HTML, text and headers, and what a person decides about it.

Whoever may read the whole portfolio reads the mail; deciding is the owner's.
"""

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from core import access, clock
from mail.domain import decisions, queries
from mail.domain.content import SHOWN_IMAGES, Content, for_frame
from mail.models import Message, State
from mail.web.forms import MailboxForm

# The document of a mail: it may style itself and show its own images, and nothing more. It runs no script, has no
# origin, loads nothing from anywhere, and only our own pages may frame it.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

TONES = {
    State.QUEUED: "",
    State.SENDING: "info",
    State.SENT: "good",
    State.FAILED: "bad",
    State.IN_DOUBT: "watch",
    State.HELD: "watch",
    State.SUPPRESSED: "",
}


@require_safe
@access.staff
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the messages, newest first, by state and by address or subject."""
    access.require(request.user, "read")
    form = MailboxForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else None
    page = queries.mailbox(**_question(asked)) if asked is not None else queries.Page((), None)
    keep = {name: asked[name] for name in ("q", "state") if asked[name]} if asked else {}
    return render(
        request,
        "mail/mailbox.html",
        {
            "form": form,
            "rows": [{"message": row, "tone": TONES[State(row.state)]} for row in page.messages],
            "older": f"?{urlencode({**keep, 'before': page.older})}" if page.older else "",
            "newest": f"?{urlencode(keep)}" if asked and asked["before"] else "",
            "filtered": bool(keep) or asked is None,
            "unsettled": queries.unsettled_counts(),
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
    return render(
        request,
        "mail/message.html",
        {
            "message": row,
            "tone": TONES[State(row.state)],
            "reading": queries.read(row, secrets=access.may(request.user, "own")),
            "events": queries.timeline(row),
            "may_decide": access.may(request.user, "own"),
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
def arrived(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Settle a message in doubt as sent: it arrived."""
    return _decide(request, public_id, decisions.confirm_arrival, "Noted: it arrived.")


@require_POST
@access.staff
def again(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Send a message in doubt again: it did not arrive."""
    return _decide(request, public_id, decisions.send_again, "Queued again; it goes out within seconds.")


def _visible(request: HttpRequest, public_id: uuid.UUID, duty: str = "read") -> Message:
    access.require(request.user, duty)
    return get_object_or_404(Message, public_id=public_id)


def _content(request: HttpRequest, row: Message) -> Content:
    content = queries.read(row, secrets=access.may(request.user, "own")).content
    if content is None:
        raise Http404
    return content


def _question(asked: dict[str, Any]) -> dict[str, Any]:
    return {"state": asked["state"], "search": asked["q"], "before": asked["before"]}


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
    path("<uuid:public_id>/", message, name="message"),
    path("<uuid:public_id>/html", html, name="html"),
    path("<uuid:public_id>/file", file, name="file"),
    path("<uuid:public_id>/parts/<int:number>", part, name="part"),
    path("<uuid:public_id>/retry", retry, name="retry"),
    path("<uuid:public_id>/arrived", arrived, name="arrived"),
    path("<uuid:public_id>/again", again, name="again"),
]
