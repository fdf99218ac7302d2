"""Amazon SES, API version 2: django-ses's backend over a lean client that threads may share.

`SesBackend` is django-ses's with another connection. boto3's client takes several milliseconds of CPU for a call, most of
them in parts that a single fixed call does not need. `Client` has botocore find the credentials (role, profile, environment,
refreshed in time), certificates and proxies, and signs and posts by `mail.ses_wire`. It repeats nothing: whoever repeats
a mail must know what became of it.
"""

import base64
import functools
import json
import os
import re
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.httpsession import URLLib3Session, get_cert_path
from botocore.utils import get_environ_proxies
from django.conf import settings
from django.core.mail import EmailMessage
from django_ses import SESBackend

from mail import ses_wire
from mail.transport import wire_bytes

# More than the sender threads of one process, so that each keeps its connection.
CONNECTIONS = 64
CONNECT_SECONDS = 5
# A connection that was idle longer is not used again: the other end may be closing it just when a mail goes out.
IDLE_SECONDS = 15
_SEND = "/v2/email/outbound-emails"
# What a row can keep, and an event can be found by.
_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,120}", re.ASCII)


class NoCredentialsNowError(NoCredentialsError):
    """There are no credentials, or they cannot be renewed now; nothing was sent."""

    fmt = "{error}"


class UnreadableAnswerError(Exception):
    """SES said yes, but not what it called the mail."""


class SesBackend(SESBackend):
    """django-ses's backend, speaking to SES through `Client`. One may be used by many threads at once."""

    def __init__(self, *, region: str = "", fail_silently: bool = False, **_: Any) -> None:
        """Take what Django passes to every backend, and the region where it is not the house's own."""
        self.connection: Client | None
        endpoint = settings.AWS_SES_REGION_ENDPOINT_URL
        # An endpoint that stands in for SES does so for every region.
        if region and endpoint == f"https://{settings.AWS_SES_REGION_ENDPOINT}":
            endpoint = f"https://email.{region}.amazonaws.com"
        super().__init__(
            fail_silently=fail_silently,
            use_ses_v2=True,
            aws_region_name=region or None,
            aws_region_endpoint=endpoint,
        )

    def open(self) -> bool:
        """Take the client of this process for our account and region; return whether there was none before.

        Raises:
            BotoCoreError: the credentials' own settings make no sense.
        """
        if self.connection:
            return False
        self.connection = _client(
            self._region_name,
            self._endpoint_url,
            self._session_profile,
            self._access_key_id,
            self._access_key,
            self._session_token,
            settings.EMAIL_TIMEOUT,
        )
        return True

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send each message by one call and note what SES called it; return how many SES took.

        What django-ses does beside that, its blacklist, throttle and signal, is done elsewhere here.
        """
        self.open()
        for message in email_messages:
            answer = self.connection.send_email(**self._get_v2_parameters(message))  # type: ignore[union-attr]
            message.extra_headers["message_id"] = answer["MessageId"]
        return len(email_messages)

    def account(self) -> dict[str, Any]:
        """Return what SES says of the account: quotas, sandbox. By boto3's own client: it is asked rarely.

        Raises:
            BotoCoreError: SES could not be asked.
            ClientError: SES answered something else.
        """
        answer: dict[str, Any] = self._real().get_account()
        return answer

    def identity(self, name: str) -> dict[str, Any]:
        """Return what SES says of one identity, an address or a domain.

        Raises:
            BotoCoreError: SES could not be asked.
            ClientError: SES does not know it, or answered something else.
        """
        answer: dict[str, Any] = self._real().get_email_identity(EmailIdentity=name)
        return answer

    def _real(self) -> Any:
        session: boto3.Session = self.create_session()
        once = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=settings.EMAIL_TIMEOUT,
            retries={"total_max_attempts": 1},
        )
        return session.client(
            "sesv2", region_name=self._region_name, endpoint_url=self._endpoint_url, config=once
        )

    def _get_v2_parameters(self, message: EmailMessage, *_: object) -> dict[str, Any]:
        """Return what `Client.send_email` takes: the mail's own bytes, made once, below the headers meant for SES.

        SES removes those headers. The tag names the outbox row in every event; without a configuration set SES ignores it.
        """
        head = ""
        if "X-Quarterdeck-Message" in message.extra_headers:
            head = f"X-SES-MESSAGE-TAGS: quarterdeck={message.extra_headers['X-Quarterdeck-Message']}\r\n"
        if settings.SES_CONFIGURATION_SET:
            head += f"X-SES-CONFIGURATION-SET: {settings.SES_CONFIGURATION_SET}\r\n"
        return {
            "FromEmailAddress": message.from_email,
            "Destination": {"ToAddresses": message.recipients()},
            "Content": {"Raw": {"Data": head.encode("ascii") + wire_bytes(message)}},
        }


class Client:
    """The one call of SES that mail makes often. Threads share it; it holds no state of a call."""

    def __init__(
        self,
        *,
        region: str,
        endpoint: str,
        session: botocore.session.Session,
        read_seconds: float,
    ) -> None:
        """Take the region, the address of SES there, and where credentials come from."""
        self._region = region
        self._url = endpoint.rstrip("/") + _SEND
        self._session = session
        self._timeouts = (CONNECT_SECONDS, read_seconds)
        self._credentials: Credentials | None = None
        self._lock = threading.Lock()
        self._http: URLLib3Session | None = None
        self._used = 0.0
        self._authorities = get_cert_path(session.get_config_variable("ca_bundle") or True)
        self._proxies = get_environ_proxies(self._url)
        self._line: ses_wire.Line | None = None
        if urlsplit(self._url).scheme not in self._proxies:
            self._line = ses_wire.Line(
                url=self._url,
                authorities=self._authorities,
                connect_seconds=CONNECT_SECONDS,
                read_seconds=read_seconds,
                idle_seconds=IDLE_SECONDS,
            )

    def send_email(self, **asked: Any) -> dict[str, Any]:
        """Send one mail and return the answer as boto3 would.

        Raises:
            NoCredentialsNowError: nothing was sent.
            BotoCoreError: SES could not be reached (`EndpointConnectionError` and its like), or its answer was lost.
            ClientError: SES answered no.
            UnreadableAnswerError: SES answered yes in words that cannot be read.
        """
        raw = asked["Content"]["Raw"]
        asked["Content"] = {"Raw": {**raw, "Data": base64.b64encode(raw["Data"]).decode("ascii")}}
        body = json.dumps(asked).encode()
        headers = ses_wire.signed(url=self._url, body=body, region=self._region, credentials=self._frozen())
        answer = self._post(body, headers)
        if answer.status_code != 200:
            raise _refusal(answer)
        try:
            message_id = json.loads(answer.content)["MessageId"]
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableAnswerError("the answer of SES names no message") from error
        if not isinstance(message_id, str) or not _MESSAGE_ID.fullmatch(message_id):
            raise UnreadableAnswerError("the answer of SES names no message as SES names them")
        return {
            "MessageId": message_id,
            "ResponseMetadata": {
                "HTTPStatusCode": 200,
                "RequestId": answer.headers.get("x-amzn-requestid", ""),
            },
        }

    def _frozen(self) -> Any:
        """Return the credentials of this moment, renewed where they were about to end."""
        try:
            with self._lock:
                if self._credentials is None:
                    self._credentials = self._session.get_credentials()
            if self._credentials is not None:
                return self._credentials.get_frozen_credentials()
        except Exception as error:
            # A role is assumed by a call of its own; its failure must not be taken for an answer about the mail.
            raise NoCredentialsNowError(error=f"{type(error).__name__}: {error}") from error
        raise NoCredentialsNowError(error="NoCredentialsError: Unable to locate credentials")

    def _post(self, body: bytes, headers: dict[str, str]) -> Any:
        """Post over a connection of our own; where a proxy stands between, botocore knows the way."""
        if self._line is not None:
            return self._line.post(body, headers)
        return self._connections().send(AWSRequest("POST", self._url, headers, body).prepare())

    def _connections(self) -> URLLib3Session:
        """Return the open connections through a proxy, new ones where nobody has used them for a while."""
        now = time.monotonic()
        with self._lock:
            if self._http is None or now - self._used > IDLE_SECONDS:
                self._http = URLLib3Session(
                    verify=self._authorities,
                    proxies=self._proxies,
                    timeout=self._timeouts,
                    max_pool_connections=CONNECTIONS,
                    # Else the body waits for the other end to acknowledge the headers.
                    socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
                )
            self._used = now
            return self._http


@functools.lru_cache(maxsize=8)
def _client(
    region: str,
    endpoint: str,
    profile: str | None,
    key: str | None,
    secret: str | None,
    token: str | None,
    read_seconds: float,
) -> Client:
    """Return this process's client; looking for credentials and certificates is dear."""
    session = botocore.session.Session(profile=profile)
    if profile:
        session.get_scoped_config()  # raises where nobody has such a profile
    elif key and secret:
        session.set_credentials(key, secret, token)
    return Client(region=region, endpoint=endpoint, session=session, read_seconds=read_seconds)


# Open connections are not shared with a child process, which would read answers meant for its parent.
os.register_at_fork(after_in_child=_client.cache_clear)


def _refusal(answer: Any) -> ClientError:
    """Return an answer of SES that is not a yes as boto3 would raise it."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = None
    told = body if isinstance(body, dict) else {}
    code = str(
        answer.headers.get("x-amzn-errortype") or told.get("__type") or told.get("code") or answer.status_code
    )
    return ClientError(
        {
            "Error": {
                # `ErrorType:http://…` in the header, `namespace#ErrorType` in the body.
                "Code": code.partition(":")[0].rpartition("#")[2],
                "Message": str(told.get("message") or told.get("Message") or ""),
            },
            "ResponseMetadata": {
                "HTTPStatusCode": answer.status_code,
                "RequestId": str(answer.headers.get("x-amzn-requestid", "")),
            },
        },
        "SendEmail",
    )
