"""Every environment variable Quarterdeck reads: its name, type, default and one line of help.

`config.settings` asks for values here and nowhere else. The typed readers are `config.readers`; all problems are
told in one message, a sentence each, so that a deployment is mended in one go. `.env.example` and the table in
`docs/operating.md` are printed from the same declarations:

    python -m config.env --example    the text of .env.example
    python -m config.env --table      the Markdown table of docs/operating.md

A `.env` file beside `manage.py` is read too; it never overrides the real environment. No secret has a default.
"""

import os
import sys
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from config.readers import (
    BASE_DIR,
    DECLARED,
    InvalidValueError,
    Required,
    Values,
    by_slug,
    database_url,
    email,
    emails,
    flag,
    integer,
    names,
    path,
    read_file,
    sqlite,
    text,
    url,
)

SHORTEST_SECRET = 50
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _long_enough(given: str) -> None:
    if len(given) < SHORTEST_SECRET:
        raise InvalidValueError(
            f"has {len(given)} characters; at least {SHORTEST_SECRET} random ones are needed, for example from: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )


def _is_zone(given: str) -> None:
    if given not in available_timezones():
        raise InvalidValueError(f"is {given!r}; use a time zone name such as America/Los_Angeles.")


def _hosts(values: Values) -> tuple[str, ...]:
    host = urlsplit(values[BASE_URL]).hostname or ""
    loopback = ("localhost", "127.0.0.1", "[::1]")
    return loopback if host in LOOPBACK else (host,)


def _broker(values: Values) -> str:
    return values[REDIS_URL] or "filesystem://localhost"


def _from_address(values: Values) -> str:
    return _needed_by_ses(values, "quarterdeck@example.com")


def _audit_address(values: Values) -> str:
    return _needed_by_ses(values, "")


def _region(values: Values) -> str:
    return _needed_by_ses(values, "us-east-1")


def _needed_by_ses(values: Values, otherwise: str) -> str:
    if values[MAIL_TRANSPORT] == "ses":
        raise InvalidValueError(
            "is not set, and MAIL_TRANSPORT is ses. Set it, or choose MAIL_TRANSPORT=mailbox."
        )
    return otherwise


# The variables themselves, in the order of .env.example.

SECRET_KEY = text(
    "SECRET_KEY",
    help="Signs sessions and codes. At least 50 random characters, never in version control.",
    check=_long_enough,
)
BASE_URL = url(
    "BASE_URL",
    help="The address people reach Quarterdeck at; links in mails start with it. https turns secure cookies and HSTS on.",
    schemes=("http", "https"),
    example="https://quarterdeck.example.com",
)
ALLOWED_HOSTS = names(
    "ALLOWED_HOSTS",
    help="Host names that are answered.",
    default=_hosts,
    shown="the host of BASE_URL",
)
BEHIND_PROXY = flag(
    "BEHIND_PROXY",
    help="A reverse proxy of yours ends TLS, and sets X-Forwarded-Proto and X-Forwarded-For on every request.",
)
DEBUG = flag("DEBUG", help="Django's error pages with source. Never on a machine others reach.")
DEMO = flag(
    "DEMO", help="Allows the sample portfolio, and sign-in links on loopback. Never with real records."
)
DATA_DIR = path(
    "DATA_DIR",
    help="Where Quarterdeck keeps what it writes: database, mailbox, wake-ups.",
    default=BASE_DIR / "var",
    shown="./var",
)
DATABASE_URL = database_url(
    "DATABASE_URL",
    help="The database; SQLite or PostgreSQL.",
    default=lambda values: sqlite(values[DATA_DIR] / "quarterdeck.sqlite3"),
    shown="sqlite file below DATA_DIR",
    example="postgres://quarterdeck:password@localhost:5432/quarterdeck",
)
REDIS_URL = url(
    "REDIS_URL",
    help="One Redis for cache and wake-ups, where several machines share the work.",
    schemes=("redis", "rediss", "unix"),
    default="",
    shown="none: files below DATA_DIR",
    example="redis://localhost:6379/0",
)
CELERY_BROKER_URL = url(
    "CELERY_BROKER_URL",
    help="Where wake-ups for the worker travel, if not by REDIS_URL.",
    schemes=("filesystem", "redis", "rediss", "amqp", "amqps", "sqs"),
    default=_broker,
    shown="REDIS_URL, else files below DATA_DIR",
)
WEB_THREADS = integer("WEB_THREADS", help="Threads of each web process.", default=8, least=1, most=64)
WEB_PROCESSES = integer("WEB_PROCESSES", help="Web processes.", default=1, least=1, most=64)
WORKER_PROCESSES = integer("WORKER_PROCESSES", help="Celery worker processes.", default=2, least=1, most=64)
MAIL_TRANSPORT = text(
    "MAIL_TRANSPORT",
    help="ses sends through Amazon SES; mailbox writes .eml files below DATA_DIR and sends nothing.",
    default="ses",
    choices=("ses", "mailbox"),
)
AWS_REGION = text(
    "AWS_REGION",
    help="The region of SES. Credentials are found as boto3 finds them: role, profile, or AWS_ACCESS_KEY_ID.",
    default=_region,
    shown="required by ses",
    example="us-west-2",
)
SES_FROM_ADDRESS = email(
    "SES_FROM_ADDRESS",
    help="The verified address that mail comes from.",
    default=_from_address,
    shown="required by ses",
    example="quarterdeck@example.com",
)
SES_CONFIGURATION_SET = text(
    "SES_CONFIGURATION_SET",
    help="The SES configuration set whose events report delivery, bounces and complaints.",
    default="",
    shown="none",
)
AWS_SES_ENDPOINT_URL = url(
    "AWS_SES_ENDPOINT_URL",
    help="Another endpoint that speaks SES, for tests.",
    schemes=("http", "https"),
    default="",
    shown="the region's own",
)
SNS_TOPIC_ARNS = names(
    "SNS_TOPIC_ARNS",
    help="The SNS topics whose events of SES are believed; all others are refused.",
    default=(),
    shown="none: events are refused",
    example="arn:aws:sns:us-west-2:123456789012:quarterdeck-mail",
)
MAIL_FALLBACK_URL = url(
    "MAIL_FALLBACK_URL",
    help="A second way out, taken for mail that SES surely did not take: smtp://user:password@host:587 or ses://REGION.",
    schemes=("smtp", "smtps", "ses"),
    default="",
    shown="none",
)
ADMIN_BCC_ADDRESS = email(
    "ADMIN_BCC_ADDRESS",
    help="Receives a blind copy of each report for audit. Mail with a link or code is never copied.",
    default=_audit_address,
    shown="required by ses",
    example="audit@example.com",
)
REPORT_RECIPIENTS = emails(
    "REPORT_RECIPIENTS",
    help="Who receives reports when a schedule or command names nobody.",
    default=(),
    shown="nobody",
    example="owner@example.com, cfo@example.com",
)
POSTAL_ADDRESS = text(
    "POSTAL_ADDRESS",
    help="The postal address in the footer of campaign mail, as CAN-SPAM asks.",
    default=lambda values: "1 Harbor Way, Long Beach, CA 90802" if values[DEMO] else "",
    shown="an invented one with DEMO, else none",
    example="1 Harbor Way, Long Beach, CA 90802",
)
STRIPE_API_KEYS = by_slug(
    "STRIPE_API_KEYS",
    help="The key by which each entity's Stripe account is read; a restricted one that may only read is enough.",
    default={},
    shown="none: events wait",
    example="qos=rk_live_…,jada=rk_live_…",
)
STRIPE_WEBHOOK_SECRETS = by_slug(
    "STRIPE_WEBHOOK_SECRETS",
    help="The secret that signs what Stripe posts to /stripe/SLUG/. While one replaces the other, both stand there with a vertical bar between.",
    default={},
    shown="none: nothing is taken",
    example="qos=whsec_…|whsec_…,jada=whsec_…",
)
STRIPE_API_BASE = url(
    "STRIPE_API_BASE",
    help="Where Stripe's API is; another address only for a stand-in on this machine.",
    schemes=("http", "https"),
    default="https://api.stripe.com",
)
HANDOFFS_DIR = path(
    "HANDOFFS_DIR",
    help="The folder of handoff files (*.md) that a refresh reads.",
    default=lambda values: BASE_DIR / "demo" / "handoffs" if values[DEMO] else values[DATA_DIR] / "handoffs",
    shown="demo/handoffs with DEMO, else DATA_DIR/handoffs",
)
QUARTERDECK_ZONE = text(
    "QUARTERDECK_ZONE",
    help="The portfolio's own time zone: its days and months. Instants are stored in UTC whatever it says.",
    default="America/Los_Angeles",
    check=_is_zone,
)
LOG_LEVEL = text(
    "LOG_LEVEL",
    help="The least important thing that is logged.",
    default="INFO",
    choices=("DEBUG", "INFO", "WARNING", "ERROR"),
)


def _contradictions(values: Values) -> list[str]:
    """Return a sentence for each pair of values that cannot both be meant."""
    found = []
    loopback = urlsplit(values[BASE_URL]).hostname in LOOPBACK
    if values[DEBUG] and not loopback:
        found.append(
            "DEBUG is on, but BASE_URL is not on this machine: error pages would show source to the world."
        )
    if values[DEMO] and not loopback:
        found.append(
            "DEMO is on, but BASE_URL is not on this machine: its sign-in links would let anybody in."
        )
    if urlsplit(values[STRIPE_API_BASE]).scheme != "https" and not loopback:
        found.append(
            "STRIPE_API_BASE is not https, but BASE_URL is not on this machine: the keys of Stripe would travel in the open."
        )
    return found


def values() -> Values:
    """Return what the process environment says, without looking at a file."""
    return Values(os.environ, contradictions=_contradictions)


def load() -> Values:
    """Return what the process environment says, after adding what only the ``.env`` file says.

    ``ENV_FILE`` names another file; ``ENV_FILE=`` (empty) reads none. Names that Quarterdeck does not declare are
    passed on too, because boto3 reads its own (``AWS_ACCESS_KEY_ID``).

    Raises:
        ImproperlyConfigured: with a sentence for each problem.
    """
    chosen = os.environ.get("ENV_FILE", ".env")
    if chosen:
        for name, value in read_file(BASE_DIR / chosen).items():
            os.environ.setdefault(name, value)
    return values()


def example() -> str:
    """Return the text of ``.env.example``: every variable, commented out where it has a default."""
    parts = [
        "# Printed by `python -m config.env --example`; do not edit by hand.",
        "# Copy to .env, or set the same names in the environment, which wins. `bin/up` writes a .env for a laptop.",
    ]
    for variable in DECLARED.values():
        required = isinstance(variable.default, Required)
        parts += [
            "",
            f"# {variable.help}",
            f"# {variable.kind}; {'' if required else 'default: '}{variable.shown}",
        ]
        parts.append(f"{'' if required else '# '}{variable.name}={variable.example}")
    return "\n".join(parts) + "\n"


def table() -> str:
    """Return the Markdown table of `docs/operating.md`."""
    rows = ["| variable | is | default | what it does |", "|---|---|---|---|"]
    for variable in DECLARED.values():
        kind = variable.kind.replace("|", " or ")
        rows.append(f"| `{variable.name}` | {kind} | {variable.shown} | {variable.help} |")
    return "\n".join(rows) + "\n"


def main(arguments: list[str]) -> int:
    """Print what was asked for; return the exit status."""
    printers = {"--example": example, "--table": table}
    if len(arguments) != 1 or arguments[0] not in printers:
        sys.stderr.write("Usage: python -m config.env --example | --table\n")
        return 2
    sys.stdout.write(printers[arguments[0]]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
