"""The wire to SES says what botocore says, keeps connections, and trusts nobody who cannot prove who they are."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError, SSLError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mail import ses_wire

pytestmark = pytest.mark.once

BODY = b'{"Content": "Ahoy"}'


@pytest.mark.parametrize("token", [None, "a-session"])
@pytest.mark.parametrize("host", ["email.us-west-2.amazonaws.com", "127.0.0.1:4566"])
def test_the_signature_is_the_one_botocore_makes(token: str | None, host: str) -> None:
    url = f"https://{host}/v2/email/outbound-emails"
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token)
    with time_machine.travel(dt.datetime(2026, 11, 21, 16, 0, tzinfo=dt.UTC), tick=False):
        ours = ses_wire.signed(url=url, body=BODY, region="us-west-2", credentials=credentials)
        request = AWSRequest("POST", url, {"Content-Type": "application/json"}, BODY)
        SigV4Auth(credentials, "ses", "us-west-2").add_auth(request)
    theirs = dict(request.headers.items())
    assert ours.pop("Host") == host
    assert {name.lower(): value for name, value in ours.items()} == {
        name.lower(): value for name, value in theirs.items()
    }


class Server:
    """Answers each request on each connection, as many as it is told, and then closes it or falls silent."""

    def __init__(
        self, *, answers: int = 100, silent: bool = False, trust: ssl.SSLContext | None = None
    ) -> None:
        self.answers, self.silent, self.trust = answers, silent, trust
        self.connections = 0
        self.heard: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.closed = threading.Event()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                wire, _ = self.listener.accept()
                self.connections += 1
                if self.trust is not None:
                    wire = self.trust.wrap_socket(wire, server_side=True)
                with wire:
                    for _ in range(self.answers):
                        heard = wire.recv(65_536)
                        if not heard:
                            break
                        self.heard.append(heard)
                        if self.silent:
                            self.over.wait(10)
                            break
                        wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                    wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                if self.listener.fileno() < 0:
                    return
            self.closed.set()

    def close(self) -> None:
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    running: list[Server] = []
    yield running
    for server in running:
        server.close()


def line(
    server: Server, *, scheme: str = "http", authorities: str = "", read_seconds: float = 5
) -> ses_wire.Line:
    return ses_wire.Line(
        url=f"{scheme}://127.0.0.1:{server.port}/v2/email/outbound-emails",
        authorities=authorities,
        connect_seconds=5,
        read_seconds=read_seconds,
        idle_seconds=15,
    )


def test_a_connection_that_was_closed_while_idle_is_not_used_again(servers: list[Server]) -> None:
    servers.append(Server(answers=1))
    wire = line(servers[0])
    for turn in (1, 2, 3):
        assert wire.post(BODY, {}).content == b"{}"
        assert servers[0].closed.wait(10)
        servers[0].closed.clear()
        assert servers[0].connections == turn


def test_silence_and_an_end_before_the_answer_are_told_apart(servers: list[Server]) -> None:
    servers += [Server(silent=True), Server(answers=0)]
    with pytest.raises(ReadTimeoutError):
        line(servers[0], read_seconds=0.2).post(BODY, {})
    with pytest.raises(ConnectionClosedError):
        line(servers[1]).post(BODY, {})


def certificate(folder: Path) -> tuple[str, ssl.SSLContext]:
    """Return the file of a certificate for this machine, and what a server with its key shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - dt.timedelta(days=1), now + dt.timedelta(days=1)
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "public.pem", folder / "private.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(public, private)
    return str(public), shown


def test_only_who_proves_who_they_are_is_told_anything(servers: list[Server], tmp_path: Path) -> None:
    trusted, shown = certificate(tmp_path)
    (tmp_path / "other").mkdir()
    another, _ = certificate(tmp_path / "other")
    servers.append(Server(trust=shown))
    with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        line(servers[0], scheme="https", authorities=another).post(BODY, {})
    assert line(servers[0], scheme="https", authorities=trusted).post(BODY, {}).status_code == 200


@pytest.mark.parametrize("bad", ["a\r\nX-Other: b", "a\nb", "a\rb"])
def test_a_header_with_a_line_break_is_refused_before_anybody_hears_of_it(
    servers: list[Server], bad: str
) -> None:
    servers.append(Server())
    wire = line(servers[0])

    with pytest.raises(ValueError, match="line break"):
        wire.post(BODY, {"Host": "127.0.0.1", "X-Amz-Security-Token": bad})
    assert servers[0].connections == 0


def test_a_request_is_whole_and_in_one_write(servers: list[Server]) -> None:
    servers.append(Server())
    said = line(servers[0]).post(BODY, {"Host": "here", "Content-Type": "application/json"})

    assert (said.status_code, said.content) == (200, b"{}")
    assert servers[0].heard == [
        b"POST /v2/email/outbound-emails HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Length: 19\r\n"
        b"Host: here\r\nContent-Type: application/json\r\n\r\n" + BODY
    ]
