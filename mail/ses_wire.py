"""The wire to SES: signing one kind of request, and posting it over connections that stay open.

botocore does both for any request of any service, and takes most of a mail's time for it. What is said here is what botocore
says: the same headers signed by Signature Version 4, the same certificates trusted, the same exceptions for the same troubles,
so that nobody above can tell. Nothing is repeated.
"""

import collections
import functools
import hashlib
import hmac
import http.client
import select
import socket
import ssl
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

_KIND = "application/json"


class HandshakeError(SSLError, EndpointConnectionError):
    """No encrypted connection came about; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of SES, named as botocore names its parts."""

    status_code: int
    headers: http.client.HTTPMessage
    content: bytes


def signed(*, url: str, body: bytes, region: str, credentials: Any) -> dict[str, str]:
    """Return the headers of a POST of JSON to SES, signed with credentials as they now are."""
    place = urlsplit(url)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"content-type": _KIND, "host": place.netloc, "x-amz-date": stamp}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    asked = f"POST\n{place.path}\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/ses/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    signature = hmac.new(_key(credentials.secret_key, scope), text.encode(), "sha256").hexdigest()
    told = {name.title(): value for name, value in headers.items()}
    told["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return told


@functools.lru_cache(maxsize=8)
def _key(secret: str, scope: str) -> bytes:
    """Return the key of a day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class Line:
    """Open connections to one endpoint, without a proxy. Threads share it; each call has a connection to itself."""

    def __init__(
        self, *, url: str, authorities: str, connect_seconds: float, read_seconds: float, idle_seconds: float
    ) -> None:
        """Take the whole address to post to, and the file of authorities whose certificates are trusted."""
        self._url = url
        self._place = urlsplit(url)
        self._seconds = (connect_seconds, read_seconds, idle_seconds)
        self._trust = (
            ssl.create_default_context(cafile=authorities) if self._place.scheme == "https" else None
        )
        self._free: collections.deque[tuple[float, http.client.HTTPConnection]] = collections.deque()
        weakref.finalize(self, _close, self._free)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post once and return the answer.

        Raises:
            EndpointConnectionError: nobody is there; nothing was sent.
            ConnectTimeoutError: the same, after a while.
            HandshakeError: whoever is there could not prove who it is; nothing was sent.
            ReadTimeoutError: no answer came in time.
            ConnectionClosedError: the connection ended before there was an answer.
        """
        asked = self._head(body, headers) + body
        wire = self._kept() or self._opened()
        try:
            # In one write, and with a head that is made once: http.client takes longer for its own.
            wire.sock.sendall(asked)
            answer = http.client.HTTPResponse(wire.sock, method="POST")
            answer.begin()
            content = answer.read()
        except TimeoutError as error:
            wire.close()
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except (OSError, http.client.HTTPException) as error:
            wire.close()
            raise ConnectionClosedError(endpoint_url=self._url, error=error) from error
        if answer.will_close:
            wire.close()
        else:
            self._free.append((time.monotonic(), wire))
        return Answer(answer.status, answer.headers, content)

    def _head(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        lines = [f"{name}: {value}" for name, value in headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("A header of this request has a line break in it.")
        first = f"POST {self._place.path} HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Length: {len(body)}\r\n"
        return (first + "\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _kept(self) -> http.client.HTTPConnection | None:
        """Return a connection used a moment ago that the other end has not closed."""
        while True:
            try:
                used, wire = self._free.pop()
            except IndexError:
                return None
            if time.monotonic() - used < self._seconds[2] and not _has_ended(wire.sock):
                return wire
            wire.close()

    def _opened(self) -> http.client.HTTPConnection:
        host, port = self._place.hostname or "", self._place.port
        connect, read, _ = self._seconds
        wire = (
            http.client.HTTPConnection(host, port, timeout=connect)
            if self._trust is None
            else http.client.HTTPSConnection(host, port, timeout=connect, context=self._trust)
        )
        try:
            wire.connect()
            wire.sock.settimeout(read)
        except ssl.SSLError as error:
            wire.close()
            raise HandshakeError(endpoint_url=self._url, error=error) from error
        except TimeoutError as error:
            wire.close()
            raise ConnectTimeoutError(endpoint_url=self._url, error=error) from error
        except OSError as error:
            wire.close()
            raise EndpointConnectionError(endpoint_url=self._url, error=error) from error
        return wire


def _close(free: "collections.deque[tuple[float, http.client.HTTPConnection]]") -> None:
    """Close connections that nobody will use any more."""
    while free:
        free.pop()[1].close()


def _has_ended(sock: socket.socket) -> bool:
    """Tell whether an idle connection has something to read: then it is its end, or nothing we asked for."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))
