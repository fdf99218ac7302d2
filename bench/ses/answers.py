"""How SES answers: the words of API v2 (JSON) and of v1 (XML)."""

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

V1 = "http://ses.amazonaws.com/doc/2010-12-01/"
_V1_STATUS = {"Throttling": 400, "MessageRejected": 400, "InternalFailure": 500, "ServiceUnavailable": 503}
_V1_NAMES = {
    "TooManyRequestsException": "Throttling",
    "BadRequestException": "InvalidParameterValue",
    "InternalServiceErrorException": "InternalFailure",
}
_V2_STATUS = {
    "TooManyRequestsException": 429,
    "NotFoundException": 404,
    "InternalServiceErrorException": 500,
    "ServiceUnavailable": 503,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``error`` is the name of a refusal, for the header of v2."""

    status: int
    body: bytes
    kind: str = "application/json"
    error: str = ""

    def wire(self) -> bytes:
        """Return the answer as it travels."""
        extra = f"x-amzn-ErrorType: {self.error}\r\n" if self.error else ""
        head = (
            f"HTTP/1.1 {self.status} -\r\nContent-Type: {self.kind}\r\n{extra}x-amzn-RequestId: local\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


def told(value: object, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status, json.dumps(value).encode())


def _xml(action: str, inside: str) -> Answer:
    text = (
        f'<{action}Response xmlns="{V1}"><{action}Result>{inside}</{action}Result>'
        f"<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></{action}Response>"
    )
    return Answer(200, text.encode(), "text/xml")


def accepted(version: int, message_id: str) -> Answer:
    """Say yes."""
    if version == 2:
        return told({"MessageId": message_id})
    return _xml("SendRawEmail", f"<MessageId>{message_id}</MessageId>")


def refused(version: int, error: str, sentence: str) -> Answer:
    """Say no, by the name the error has in that version."""
    if version == 2:
        body = json.dumps({"message": sentence}).encode()
        return Answer(_V2_STATUS.get(error, 400), body, error=error)
    code = _V1_NAMES.get(error, error)
    text = (
        f'<ErrorResponse xmlns="{V1}"><Error><Type>Sender</Type><Code>{code}</Code>'
        f"<Message>{escape(sentence)}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
    )
    return Answer(_V1_STATUS.get(code, 400), text.encode(), "text/xml")


def quota(version: int, *, rate: float, daily: float, used: float, production: bool) -> Answer:
    """Tell what the account may send."""
    if version == 2:
        limits = {"Max24HourSend": daily, "MaxSendRate": rate, "SentLast24Hours": used}
        return told({
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "HEALTHY",
            "ProductionAccessEnabled": production,
            "SendQuota": limits,
            "SendingEnabled": True,
        })  # fmt: skip
    return _xml(
        "GetSendQuota",
        f"<Max24HourSend>{daily}</Max24HourSend><MaxSendRate>{rate}</MaxSendRate>"
        f"<SentLast24Hours>{used}</SentLast24Hours>",
    )


def identity(*, domain: bool, verified: bool) -> Answer:
    """Tell about an address or a domain."""
    return told({
        "IdentityType": "DOMAIN" if domain else "EMAIL_ADDRESS",
        "FeedbackForwardingStatus": True,
        "VerifiedForSendingStatus": verified,
        "VerificationStatus": "SUCCESS" if verified else "PENDING",
        "DkimAttributes": {
            "SigningEnabled": verified,
            "Status": "SUCCESS" if verified else "NOT_STARTED",
            "Tokens": [],
            "SigningAttributesOrigin": "AWS_SES",
        },
        "MailFromAttributes": {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
    })  # fmt: skip
