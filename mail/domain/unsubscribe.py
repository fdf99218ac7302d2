"""Unsubscribing: the address in a campaign's mail by which its reader stops it, without signing in (RFC 8058).

The address bears a token: the message's public id and a keyed digest of it. Nothing of it is stored, and nobody makes
one without ``SECRET_KEY`` (a digest of 128 bits, so guesses need no counting); ``SECRET_KEY_FALLBACKS`` keep older
mail's tokens good. Whoever holds the mail may stop what comes to its address and start again what its reader
stopped, and learns no more than which lists it is on.
"""

import base64
import binascii
import datetime as dt
import functools
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils.crypto import constant_time_compare

from core.limits import Limit, take
from mail.domain import suppression
from mail.models import Campaign, Kind, MailingList, Message, Reason, Scope, Subscriber, Suppression

# Where the page stands; config/urls.py puts it there.
PLACE = "/u/"
ONE_CLICK = ("List-Unsubscribe", "One-Click")

# Stopping is never refused; starting again is, so that no script writes into the trail without end.
ON_AGAIN = Limit("mail_on_again", most=20, seconds=3600)

_ID_BYTES, _DIGEST_BYTES = 16, 16
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_SALT = "mail.domain.unsubscribe"
_ON_AGAIN = "The reader turned it on again on their own page."


class UnknownTokenError(ValueError):
    """No mail of ours bears this token: cut short, changed, or made up."""


class ChoiceRefusedError(ValueError):
    """A reader's choice that cannot be kept; the message is a sentence."""


class ConfirmFirstError(ChoiceRefusedError):
    """The reader reported our mail as spam, so they are asked once more before any comes again."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token stands for: the mail that bore it and the list it went to, None where that is not known."""

    message: Message
    mailing_list: MailingList | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether campaigns (of one list, or all where ``mailing_list`` is None) come, and what stopped them."""

    mailing_list: MailingList | None
    stopped_by: Suppression | None

    @property
    def on(self) -> bool:
        """Tell whether they come."""
        return self.stopped_by is None

    @property
    def may_resume(self) -> bool:
        """Tell whether the reader stopped them, and so may start them again."""
        return self.stopped_by is not None and self.stopped_by.reason in suppression.OWN_WORD

    @property
    def asks_first(self) -> bool:
        """Tell whether starting them again wants a second yes."""
        return self.stopped_by is not None and self.stopped_by.reason == Reason.COMPLAINT


@dataclass(frozen=True, slots=True)
class Preferences:
    """What an address gets: all campaigns, each list it is on, and whether it is dead (then only codes and links)."""

    campaigns: Choice
    lists: tuple[Choice, ...]
    dead: Suppression | None


def token(public_id: uuid.UUID) -> str:
    """Return the token of a message: 43 letters, digits, dashes and underscores."""
    return _token(public_id, settings.SECRET_KEY)


def link(message: Message) -> str:
    """Return the whole address of a message's unsubscribe page."""
    return f"{settings.BASE_URL.rstrip('/')}{PLACE}{token(message.public_id)}"


def headers(message: Message, *, page: str = "") -> tuple[tuple[str, str], ...]:
    """Return the headers that make a mail program show its own unsubscribe button; none but for a campaign's mail.

    ``page`` is the message's `link`, where the caller has it already.
    """
    if message.kind != Kind.COMMERCIAL:
        return ()
    name, value = ONE_CLICK
    return (("List-Unsubscribe", f"<{page or link(message)}>"), ("List-Unsubscribe-Post", f"{name}={value}"))


def read(*, token: str) -> Ticket:
    """Return what a token stands for.

    Raises:
        UnknownTokenError: no mail of a campaign bears it.
    """
    public_id = _public_id(token)
    message = (
        Message.objects.filter(public_id=public_id, kind=Kind.COMMERCIAL)
        .select_related("campaign__mailing_list")
        .defer("sealed")
        .first()
        if public_id is not None
        else None
    )
    if message is None:
        raise UnknownTokenError("No mail of ours bears this address.")
    return Ticket(message, _list_of(message))


def stop(*, token: str, scope: Scope, at: dt.datetime, list_id: int | None = None) -> Ticket:
    """Stop the campaigns of a token's own list (or of the list named), or all campaigns; once more changes nothing.

    Raises:
        UnknownTokenError: no mail of a campaign bears the token.
        ChoiceRefusedError: the list named is none of this address.
    """
    ticket = read(token=token)
    if scope == Scope.LIST and list_id is None and ticket.mailing_list is not None:
        list_id = ticket.mailing_list.pk
    opt_out(
        address_key=ticket.message.address_key,
        # A mail whose list nobody knows any more is stopped all the same.
        scope=Scope.COMMERCIAL if list_id is None else scope,
        list_id=list_id,
        ticket=ticket,
        by=None,
        at=at,
    )
    return ticket


def resume(
    *, token: str, scope: Scope, at: dt.datetime, list_id: int | None = None, confirmed: bool = False
) -> Ticket:
    """Let the campaigns of a list, or campaigns as such, come again; where they do, nothing changes.

    Raises:
        UnknownTokenError: no mail of a campaign bears the token.
        ConfirmFirstError: they were stopped by a complaint, and the reader has not said yes a second time.
        ChoiceRefusedError: the reader did not stop them, or the list named is none of this address.
    """
    ticket = read(token=token)
    opt_in(
        address_key=ticket.message.address_key,
        scope=scope,
        list_id=list_id,
        ticket=ticket,
        confirmed=confirmed,
        by=None,
        at=at,
    )
    return ticket


def preferences(address_key: str, *, ticket: Ticket | None = None) -> Preferences:
    """Return what an address gets. A token's own list is among its lists even if it has been taken off. Two queries."""
    live = suppression.live(address_key)
    lists = {
        row.mailing_list_id: row.mailing_list
        for row in Subscriber.objects.filter(address_key=address_key).select_related("mailing_list")
    }
    lists |= {row.mailing_list.pk: row.mailing_list for row in live if row.mailing_list is not None}
    if ticket is not None and ticket.mailing_list is not None:
        lists[ticket.mailing_list.pk] = ticket.mailing_list
    of_list = {row.mailing_list_id: row for row in live if row.scope == Scope.LIST}
    wide = {row.scope: row for row in live if row.scope != Scope.LIST}
    return Preferences(
        campaigns=Choice(None, wide.get(Scope.COMMERCIAL)),
        lists=tuple(
            Choice(one, of_list.get(one.pk))
            for one in sorted(lists.values(), key=lambda one: one.name.lower())
        ),
        dead=wide.get(Scope.ALL),
    )


def opt_out(
    *,
    address_key: str,
    scope: Scope,
    list_id: int | None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    ticket: Ticket | None = None,
) -> None:
    """Stop all campaigns to an address, or those of a list it is on; once more changes nothing.

    Raises:
        ChoiceRefusedError: the list named is none of this address.
    """
    mailing_list = None
    if scope != Scope.COMMERCIAL:
        mailing_list = _choice(address_key, Scope.LIST, list_id, ticket).mailing_list
    suppression.add(
        address=address_key,
        scope=scope,
        reason=Reason.UNSUBSCRIBED,
        mailing_list=mailing_list,
        message=ticket.message if ticket is not None else None,
        by=by,
        at=at,
    )


def opt_in(
    *,
    address_key: str,
    scope: Scope,
    list_id: int | None,
    confirmed: bool,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    ticket: Ticket | None = None,
) -> None:
    """Let campaigns come again that their reader has stopped; where they come, nothing changes.

    Raises:
        ConfirmFirstError: they were stopped by a complaint, and the reader has not said yes a second time.
        ChoiceRefusedError: the reader did not stop them, turned them on and off too often in this hour, or the list
            named is none of this address.
    """
    choice = _choice(address_key, scope, list_id, ticket)
    if choice.stopped_by is None:
        return
    if not choice.may_resume:
        raise ChoiceRefusedError(
            f"{suppression.sentence(choice.stopped_by)} You did not stop this yourself, so only we can start it again. "
            "Write to us."
        )
    if choice.asks_first and not confirmed:
        raise ConfirmFirstError("You reported our mail as spam. Say once more that you want it again.")
    if not take(ON_AGAIN, address_key, at=at):
        raise ChoiceRefusedError("It was turned on and off many times in this hour. Try again in an hour.")
    try:
        suppression.lift(suppression=choice.stopped_by, why=_ON_AGAIN, by=by, at=at)
    except suppression.AlreadyLiftedError:
        return


def mask(address: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it: ``m•••@example.com``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _choice(address_key: str, scope: Scope, list_id: int | None, ticket: Ticket | None) -> Choice:
    found = preferences(address_key, ticket=ticket)
    if scope == Scope.COMMERCIAL:
        return found.campaigns
    for choice in found.lists:
        if choice.mailing_list is not None and choice.mailing_list.pk == list_id:
            return choice
    raise ChoiceRefusedError("This address is on no such list. Choose one of those below.")


def _list_of(message: Message) -> MailingList | None:
    if message.campaign is not None:
        return message.campaign.mailing_list
    # A test mail is no row of its campaign, so that it does not count among its results.
    pk = message.payload.get("campaign") if isinstance(message.payload, dict) else None
    if not isinstance(pk, int):
        return None
    campaign = Campaign.objects.filter(pk=pk).select_related("mailing_list").first()
    return campaign.mailing_list if campaign is not None else None


def _public_id(token: str) -> uuid.UUID | None:
    """Return the public id that a token of ours bears, None for any other text."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        public_id = uuid.UUID(bytes=base64.urlsafe_b64decode(token + "=")[:_ID_BYTES])
    except (binascii.Error, ValueError):
        return None
    # The whole token is compared, so that none has a second spelling.
    known = [_token(public_id, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return public_id if any(constant_time_compare(token, one) for one in known) else None


@functools.lru_cache(maxsize=8)
def _derived(key: str | bytes) -> bytes:
    """Return the key that tokens are made with, as Django's `salted_hmac` derives it."""
    secret = key.encode() if isinstance(key, str) else key
    return hashlib.sha256(_SALT.encode() + secret).digest()


def _token(public_id: uuid.UUID, key: str | bytes) -> str:
    digest = hmac.digest(_derived(key), public_id.hex.encode(), "sha256")[:_DIGEST_BYTES]
    return base64.urlsafe_b64encode(public_id.bytes + digest).rstrip(b"=").decode()
