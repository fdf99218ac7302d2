"""What we ask of SNS over the network: the certificate that a message is signed with, and to confirm a subscription.

Nothing here decides where it may go: `mail.domain.sns.admit` has, before. Both are plain requests with a short time-out, a
limit on the answer's size, and no redirects. Certificates are kept in the process; a failure only for seconds, so that SNS's next
try finds the network mended.
"""

import logging
import threading
import time
from collections import OrderedDict
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

TIMEOUT = 5.0
LARGEST = 16 * 1024
# SNS changes its certificate about once a year, and regions have their own.
KEPT = 8
PAUSE = 5.0
# How long a request waits for another's fetch before it tells SNS to come again.
PATIENCE = 1.0

logger = logging.getLogger(__name__)


class UnavailableError(Exception):
    """SNS did not answer as it should; the message is a sentence. To be tried again."""


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing: what is not there is not to be had."""


_opener = build_opener(_NoRedirects)
_lock = threading.Lock()
_kept: OrderedDict[str, x509.Certificate] = OrderedDict()
_failed: OrderedDict[str, float] = OrderedDict()


def fetch(url: str) -> x509.Certificate:
    """Return the certificate at an address that `mail.domain.sns.admit` let through.

    Raises:
        UnavailableError: it cannot be had now, or is none.
    """
    certificate = _kept.get(url)
    if certificate is not None:
        return certificate
    # One at a time: whoever posts names of certificates that do not exist shall not keep every thread waiting.
    if not _lock.acquire(timeout=PATIENCE):
        raise UnavailableError("Another certificate is being fetched.")
    try:
        return _kept.get(url) or _fetch(url)
    finally:
        _lock.release()


def confirm(*, home: str, topic_arn: str, token: str) -> None:
    """Tell SNS that we want what this topic sends, by the token it gave us; a second time changes nothing.

    Raises:
        UnavailableError: SNS did not say yes.
    """
    asked = urlencode({"Action": "ConfirmSubscription", "TopicArn": topic_arn, "Token": token})
    _get(f"{home}/?{asked}")


def forget() -> None:
    """Forget every certificate and failure."""
    with _lock:
        _kept.clear()
        _failed.clear()


def _fetch(url: str) -> x509.Certificate:
    if _failed.get(url, 0) > time.monotonic():
        raise UnavailableError("The certificate could not be had a moment ago.")
    try:
        certificate = x509.load_pem_x509_certificate(_get(url))
        certificate.public_key()
    except (UnavailableError, UnsupportedAlgorithm, ValueError) as error:
        _failed[url] = time.monotonic() + PAUSE
        _failed.move_to_end(url)
        while len(_failed) > KEPT:
            _failed.popitem(last=False)
        logger.warning("A certificate of SNS cannot be had: %s", error)
        raise UnavailableError("The certificate cannot be had.") from error
    _failed.pop(url, None)
    _kept[url] = certificate
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return certificate


def _get(url: str) -> bytes:
    """Return the content of a page, at most `LARGEST` bytes of it, within twice the time-out."""
    deadline = time.monotonic() + TIMEOUT
    content = b""
    try:
        # The scheme is https, or that of the endpoint the operator set.
        with _opener.open(url, timeout=TIMEOUT) as page:  # nosec B310
            if page.status != HTTPStatus.OK:
                raise UnavailableError(f"SNS answered {page.status}.")
            while chunk := page.read1(LARGEST):
                content += chunk
                if len(content) > LARGEST or time.monotonic() > deadline:
                    raise UnavailableError("SNS answered too much, or too slowly.")
    except (OSError, HTTPException) as error:
        raise UnavailableError(f"SNS did not answer ({type(error).__name__}).") from error
    return content
