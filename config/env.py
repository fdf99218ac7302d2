"""Every environment variable Quarterdeck reads: its name, type, default and one line of help.

`config.settings` asks for values here and nowhere else. All problems are collected and told in one message, a
sentence each, so that a deployment is mended in one go. `.env.example` and the table in `docs/operating.md` are
printed from the same declarations:

    python -m config.env --example    the text of .env.example
    python -m config.env --table      the Markdown table of docs/operating.md

A `.env` file beside `manage.py` is read too; it never overrides the real environment. No secret has a default.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

T = TypeVar("T")

BASE_DIR = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 50


class InvalidValueError(ValueError):
    """A variable's text cannot be read as its type; the message completes the sentence "NAME …"."""


class _UnknownError(KeyError):
    """A variable was asked for whose own text could not be read."""


class _Required:
    """Marks a variable that has no default."""


REQUIRED = _Required()


@dataclass(frozen=True, eq=False)
class Variable(Generic[T]):
    """One environment variable: how it is read, what it is when absent, and what to tell people."""

    name: str
    kind: str
    read: Callable[[str], T]
    default: T | Callable[["Values"], T] | _Required
    help: str
    shown: str
    example: str


class Values:
    """What the environment says, typed. ``values[env.BASE_URL]`` is a ``str``, ``values[env.DEBUG]`` a ``bool``."""

    def __init__(self, source: Mapping[str, str]) -> None:
        """Read every declared variable from a mapping of names to texts.

        Raises:
            ImproperlyConfigured: one message with a sentence for each variable that is missing or unreadable.
        """
        self._values: dict[str, Any] = {}
        problems: list[str] = []
        for variable in DECLARED.values():
            try:
                self._values[variable.name] = self._value(variable, source)
            except InvalidValueError as error:
                problems.append(f"{variable.name} {error}")
            except _UnknownError:
                continue  # Its default hangs on a variable that is told already.
        if not problems:
            problems = list(_contradictions(self))
        if problems:
            raise ImproperlyConfigured(_message(problems))

    def __getitem__(self, variable: Variable[T]) -> T:
        """Return the value of a declared variable."""
        if variable.name not in self._values:
            raise _UnknownError(variable.name)
        value: T = self._values[variable.name]
        return value

    def _value(self, variable: Variable[T], source: Mapping[str, str]) -> T:
        text_given = source.get(variable.name, "").strip()
        if text_given:
            return variable.read(text_given)
        if isinstance(variable.default, _Required):
            raise InvalidValueError(f"is not set. {variable.help}")
        if callable(variable.default):
            return variable.default(self)
        return variable.default


DECLARED: dict[str, Variable[Any]] = {}


def _declare(
    name: str,
    kind: str,
    read: Callable[[str], T],
    default: T | Callable[[Values], T] | _Required,
    help_line: str,
    shown: str | None,
    example: str,
) -> Variable[T]:
    if name in DECLARED:
        raise ValueError(f"{name} is declared twice.")
    if shown is None:
        shown = "required" if isinstance(default, _Required) else _shown(default)
    variable = Variable(name, kind, read, default, help_line, shown, example)
    DECLARED[name] = variable
    return variable


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, tuple | list):
        return ",".join(str(item) for item in default)
    return str(default)


# The typed readers.


def text(
    name: str,
    *,
    help: str,
    default: str | Callable[[Values], str] | _Required = REQUIRED,
    choices: tuple[str, ...] = (),
    check: Callable[[str], None] | None = None,
    shown: str | None = None,
    example: str = "",
) -> Variable[str]:
    """Declare a variable that is one line of text, from a list of choices where one is given."""

    def read(given: str) -> str:
        if choices and given not in choices:
            raise InvalidValueError(f"is {given!r}; it must be one of {', '.join(choices)}.")
        if check is not None:
            check(given)
        return given

    return _declare(name, "|".join(choices) or "text", read, default, help, shown, example)


def flag(name: str, *, help: str, default: bool = False, example: str = "") -> Variable[bool]:
    """Declare a variable that is on or off."""

    def read(given: str) -> bool:
        word = given.lower()
        if word in {"1", "on", "true", "yes"}:
            return True
        if word in {"0", "off", "false", "no"}:
            return False
        raise InvalidValueError(f"is {given!r}; write 1 for on or 0 for off.")

    return _declare(name, "flag", read, default, help, None, example)


def integer(name: str, *, help: str, default: int, least: int, most: int, example: str = "") -> Variable[int]:
    """Declare a variable that is a whole number between two bounds, both included."""

    def read(given: str) -> int:
        if not (given.isascii() and given.isdigit()) or not least <= int(given) <= most:
            raise InvalidValueError(f"is {given!r}; it must be a whole number from {least} to {most}.")
        return int(given)

    return _declare(name, f"{least}–{most}", read, default, help, None, example)


def url(
    name: str,
    *,
    help: str,
    schemes: tuple[str, ...],
    default: str | Callable[[Values], str] | _Required = REQUIRED,
    shown: str | None = None,
    example: str = "",
) -> Variable[str]:
    """Declare a variable that is an address with one of the given schemes; a trailing slash is dropped."""

    def read(given: str) -> str:
        scheme = _split(given).scheme
        if scheme not in schemes:
            raise InvalidValueError(
                f"starts with {scheme or 'no scheme'!r}; it must be an address with {' or '.join(schemes)}."
            )
        if scheme in {"http", "https"} and not _split(given).hostname:
            raise InvalidValueError(f"is {given!r}; it names no host.")
        return given.rstrip("/")

    return _declare(name, "address", read, default, help, shown, example)


def email(
    name: str,
    *,
    help: str,
    default: str | Callable[[Values], str] | _Required = REQUIRED,
    shown: str | None = None,
    example: str = "",
) -> Variable[str]:
    """Declare a variable that is one e-mail address, with or without a display name."""
    return _declare(name, "e-mail", _one_address, default, help, shown, example)


def emails(
    name: str,
    *,
    help: str,
    default: tuple[str, ...] | Callable[[Values], tuple[str, ...]] | _Required = REQUIRED,
    shown: str | None = None,
    example: str = "",
) -> Variable[tuple[str, ...]]:
    """Declare a variable that is a comma list of e-mail addresses."""

    def read(given: str) -> tuple[str, ...]:
        return tuple(_one_address(part.strip()) for part in given.split(",") if part.strip())

    return _declare(name, "e-mails, comma between", read, default, help, shown, example)


def names(
    name: str,
    *,
    help: str,
    default: tuple[str, ...] | Callable[[Values], tuple[str, ...]],
    shown: str | None = None,
    example: str = "",
) -> Variable[tuple[str, ...]]:
    """Declare a variable that is a comma list of names."""

    def read(given: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in given.split(",") if part.strip())

    return _declare(name, "names, comma between", read, default, help, shown, example)


def path(
    name: str,
    *,
    help: str,
    default: Path | Callable[[Values], Path],
    shown: str,
    example: str = "",
) -> Variable[Path]:
    """Declare a variable that is a folder or file; a relative one starts at the repository."""

    def read(given: str) -> Path:
        return (BASE_DIR / Path(given).expanduser()).resolve()

    return _declare(name, "path", read, default, help, shown, example)


def database_url(
    name: str, *, help: str, default: Callable[[Values], dict[str, Any]], shown: str, example: str = ""
) -> Variable[dict[str, Any]]:
    """Declare a variable that names the database: ``sqlite:///FILE`` or ``postgres://user:password@host:port/name``."""
    return _declare(name, "address", read_database_url, default, help, shown, example)


def read_database_url(given: str) -> dict[str, Any]:
    """Return the ENGINE, NAME, USER, PASSWORD, HOST and PORT of a database address.

    ``sqlite:///var/books.sqlite3`` is relative to the repository, ``sqlite:////srv/books.sqlite3`` absolute.

    Raises:
        InvalidValueError: another scheme, no database name, or a port that is no number.
    """
    parts = _split(given)
    if parts.scheme == "sqlite":
        file = unquote(parts.path.removeprefix("/"))
        if parts.netloc or not file:
            raise InvalidValueError("names no file; write sqlite:///var/quarterdeck.sqlite3.")
        return sqlite(BASE_DIR / file)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise InvalidValueError("must start with sqlite:/// or postgres://.")
    try:
        port = parts.port
    except ValueError as error:
        raise InvalidValueError("has a port that is no number from 0 to 65535.") from error
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise InvalidValueError("names no database; write postgres://user:password@host:5432/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
    }


def sqlite(file: Path) -> dict[str, Any]:
    """Return the database setting of a SQLite file."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}


def _split(given: str) -> Any:
    try:
        return urlsplit(given)
    except ValueError as error:
        raise InvalidValueError(f"is not an address: {error}.") from error


def _one_address(given: str) -> str:
    _, address = parseaddr(given)
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidValueError(f"is {given!r}; it must be an e-mail address such as reports@example.com.") from error
    if "\n" in given or "\r" in given:
        raise InvalidValueError("holds a line break; an e-mail address is one line.")
    return given


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
    return loopback if host in {"localhost", "127.0.0.1", "::1"} else (host,)


def _broker(values: Values) -> str:
    return values[REDIS_URL] or "filesystem://"


def _from_address(values: Values) -> str:
    return _needed_by_ses(values, "quarterdeck@example.com")


def _audit_address(values: Values) -> str:
    return _needed_by_ses(values, "")


def _region(values: Values) -> str:
    return _needed_by_ses(values, "us-east-1")


def _needed_by_ses(values: Values, otherwise: str) -> str:
    if values[MAIL_TRANSPORT] == "ses":
        raise InvalidValueError("is not set, and MAIL_TRANSPORT is ses. Set it, or choose MAIL_TRANSPORT=mailbox.")
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
DEMO = flag("DEMO", help="Allows the sample portfolio, and sign-in links on loopback. Never with real records.")
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
    default="",
    shown="none",
    example="1 Harbor Way, Long Beach, CA 90802",
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
    loopback = urlsplit(values[BASE_URL]).hostname in {"localhost", "127.0.0.1", "::1"}
    if values[DEBUG] and not loopback:
        found.append("DEBUG is on, but BASE_URL is not on this machine: error pages would show source to the world.")
    if values[DEMO] and not loopback:
        found.append("DEMO is on, but BASE_URL is not on this machine: its sign-in links would let anybody in.")
    return found


def _message(problems: list[str]) -> str:
    lines = "\n".join(f"  - {problem}" for problem in problems)
    return (
        f"The environment needs {len(problems)} change{'s' if len(problems) > 1 else ''} "
        f"(each variable is explained in .env.example; bin/up writes a .env for this machine):\n{lines}"
    )


def read_file(file: Path) -> dict[str, str]:
    """Return the names and texts of a ``.env`` file; an absent file is empty.

    A line is ``NAME=text``; blank lines and lines that start with ``#`` are skipped; a text may stand in quotes.

    Raises:
        ImproperlyConfigured: a line that is none of these, by its number, or a file that cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{file} cannot be read: {error}.") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name.isidentifier():
            raise ImproperlyConfigured(f"{file}, line {number}: write NAME=value, or start the line with #.")
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name] = value
    return found


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
    return Values(os.environ)


def make_folders(*folders: Path) -> None:
    """Create folders, and those above them, where they are missing.

    Raises:
        ImproperlyConfigured: a folder cannot be made.
    """
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImproperlyConfigured(
                f"{folder} cannot be made ({error.strerror}). Set DATA_DIR to a folder this user may write."
            ) from error


def example() -> str:
    """Return the text of ``.env.example``: every variable, commented out where it has a default."""
    parts = [
        "# Printed by `python -m config.env --example`; do not edit by hand.",
        "# Copy to .env, or set the same names in the environment, which wins. `bin/up` writes a .env for a laptop.",
    ]
    for variable in DECLARED.values():
        required = isinstance(variable.default, _Required)
        parts += ["", f"# {variable.help}", f"# {variable.kind}; {'' if required else 'default: '}{variable.shown}"]
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
