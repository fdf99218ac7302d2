"""SMTP, for the second way out: it tells a mail that was surely not taken from one whose fate is open.

Up to the last dot of a mail the server has taken nothing, so whatever goes wrong until then rules acceptance out. A
connection lost after it leaves doubt, and only the server's own answer ends that.
"""

import contextlib
import logging
import smtplib
import ssl
import threading
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.utils import DNS_NAME

from mail.transport import TurnedDownError, wire_bytes

logger = logging.getLogger(__name__)

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CONNECT_SECONDS = 5


class SmtpBackend(BaseEmailBackend):
    """A Django mail backend over SMTP. Each thread that uses it has a connection of its own.

    ``tls`` means encrypted from the start (``smtps``); without it the connection is encrypted as soon as the server
    offers that, and a password never travels in the clear except on this machine.
    """

    def __init__(
        self, *, host: str, port: int | None, username: str, password: str, tls: bool, **_: Any
    ) -> None:
        """Take where the server is and who we are there."""
        super().__init__()
        self._host, self._port = host, port or (465 if tls else 587)
        self._username, self._password, self._tls = username, password, tls
        self._mine = threading.local()
        self._all: list[smtplib.SMTP] = []

    def close(self) -> None:
        """Say goodbye on every connection."""
        while self._all:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._all.pop().quit()
        self._mine = threading.local()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send the messages; return how many.

        Raises:
            TurnedDownError: the server surely did not take it.
            OSError: the connection was lost when it may have taken it.
        """
        for email in email_messages:
            self._send(email)
        return len(email_messages)

    def _send(self, email: EmailMessage) -> None:
        content = wire_bytes(email)
        sender = parseaddr(email.from_email)[1]
        reader, *copies = [parseaddr(recipient)[1] for recipient in email.recipients()]
        server = self._ready(sender)
        try:
            _expect(server.rcpt(reader), reader)
            for copy in copies:
                code, words = server.rcpt(copy)
                if code >= 400:
                    logger.warning("The SMTP server takes no copy for %s: %s %r", copy, code, words)
            code, words = server.docmd("data")
            if code != 354:
                raise _turned_down(code, words)
        except TurnedDownError:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.rset()
            raise
        except (OSError, smtplib.SMTPException) as error:
            self._forget()
            raise TurnedDownError(
                f"The SMTP server was lost before it had the mail: {type(error).__name__}: {error}",
                passing=True,
            ) from error
        try:
            server.send(_dotted(content))
            code, words = server.getreply()
        except (OSError, smtplib.SMTPException):
            self._forget()
            raise
        if 400 <= code < 600:
            raise _turned_down(code, words)
        if not 200 <= code < 300:
            # What is neither yes nor no rules nothing out: doubt, and nothing more over this connection.
            self._forget()
            raise smtplib.SMTPResponseException(code, words)

    def _ready(self, sender: str) -> smtplib.SMTP:
        """Return a connection on which the server has heard who writes; a new one where the old one is dead."""
        server: smtplib.SMTP | None = getattr(self._mine, "server", None)
        if server is not None:
            try:
                _expect(server.mail(sender), sender)
            except TurnedDownError:
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    server.rset()
                raise
            except (OSError, smtplib.SMTPException):
                self._forget()
            else:
                return server
        try:
            server = self._connected()
            _expect(server.mail(sender), sender)
        except (OSError, smtplib.SMTPException) as error:
            self._forget()
            raise TurnedDownError(
                f"The SMTP server could not be used: {type(error).__name__}: {error}", passing=True
            ) from error
        return server

    def _connected(self) -> smtplib.SMTP:
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host,
                self._port,
                local_hostname=DNS_NAME.get_fqdn(),
                timeout=_CONNECT_SECONDS,
                context=ssl.create_default_context(),
            )
        else:
            server = smtplib.SMTP(
                self._host, self._port, local_hostname=DNS_NAME.get_fqdn(), timeout=_CONNECT_SECONDS
            )
        self._mine.server = server
        self._all.append(server)
        if server.sock is not None:
            server.sock.settimeout(settings.EMAIL_TIMEOUT)
        server.ehlo_or_helo_if_needed()
        if not self._tls and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
        elif not self._tls and self._username and self._host not in _LOOPBACK:
            self._forget()
            raise TurnedDownError(
                f"The SMTP server {self._host} offers no encryption, so our password is not told to it. "
                "Name one that does, or write the address as smtps://.",
                passing=True,
            )
        if self._username:
            server.login(self._username, self._password)
        return server

    def _forget(self) -> None:
        """Drop this thread's connection."""
        server: smtplib.SMTP | None = getattr(self._mine, "server", None)
        if server is not None:
            server.close()
            with contextlib.suppress(ValueError):
                self._all.remove(server)
            del self._mine.server


def _expect(answer: tuple[int, bytes], whom: str) -> None:
    code, words = answer
    if code >= 400:
        raise _turned_down(code, words, whom)


def _turned_down(code: int, words: bytes, whom: str = "") -> TurnedDownError:
    sentence = words.decode("utf-8", "replace")
    about = f" about {whom}" if whom else ""
    return TurnedDownError(f"The SMTP server answered {code}{about}: {sentence}", passing=code < 500)


def _dotted(content: bytes) -> bytes:
    """Return the bytes as they follow DATA: lines in CR LF, a leading dot doubled, a lone dot at the end."""
    body = content if content.endswith(b"\r\n") else content + b"\r\n"
    body = body.replace(b"\r\n.", b"\r\n..")
    return (b"." + body if body.startswith(b".") else body) + b".\r\n"
