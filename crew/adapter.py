"""How django-allauth behaves here: nobody signs up by themselves, and the only mail it sends is a sign-in code."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core import clock
from crew.domain import codes, people
from crew.models import Person
from mail.domain import sealing

CODE_MAIL = "account/email/login_code"


class UnknownMailError(LookupError):
    """allauth wants to send a mail that this portal does not send."""


class AccountAdapter(DefaultAccountAdapter):
    """Connects allauth's sign-in by code with our people, outbox and audit trail."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "That is not the code we sent. Check it, or ask for a new one.",
        "too_many_login_attempts": "That was the wrong code too often. Ask for a new one.",
        "rate_limited": "You asked for several codes in a short time. Wait a minute, then ask again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: people are added by the owner, with a duty."""
        return False

    def generate_login_code(self) -> str:
        """Return a fresh code, sealed: allauth keeps it in the session, whose row the database must not give away."""
        return sealing.seal(super().generate_login_code()).decode()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put a sign-in code into the outbox; it goes to the person's own address, however it was typed.

        Raises:
            UnknownMailError: allauth asks for any other mail, which no setting of ours makes it do.
        """
        if template_prefix != CODE_MAIL:
            raise UnknownMailError(f"No mail is defined for {template_prefix!r}; see crew.adapter.")
        person = Person.objects.filter(email__iexact=email.strip(), is_active=True).first()
        if person is not None:
            codes.send_code(person=person, code=sealing.unseal(context["code"].encode()), at=clock.now())

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign in on a fresh session and write it into the audit trail."""
        super().login(request, user)
        # A link opened in this browser before had it forgotten soon (`crew.sessions.keep_briefly`).
        request.session.set_expiry(None)
        people.note_sign_in(person=_person(user), at=clock.now(), way="code")

    def logout(self, request: HttpRequest) -> None:
        """Sign out and write it into the audit trail."""
        if request.user.is_authenticated:
            people.note_sign_out(person=_person(request.user), at=clock.now())
        super().logout(request)

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Send somebody whose account was closed between asking for a code and typing it back to the start."""
        messages.error(request, "This code no longer works. Ask for a new one.")
        return redirect("account_login")


def _person(user: Any) -> Person:
    return cast(Person, user)  # AUTH_USER_MODEL
