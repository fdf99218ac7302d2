"""Typed readers of environment variables: text, flag, integer, url, email, path, database address.

Each reader declares a variable; `Values` reads all declared ones at once and tells every problem in one message.
Which variables Quarterdeck has, and what they mean, is said next door in `config.env`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

BASE_DIR = Path(__file__).resolve().parent.parent

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class InvalidValueError(ValueError):
    """A variable's text cannot be read as its type; the message completes the sentence "NAME …"."""


class UnknownValueError(KeyError):
    """A variable was asked for whose own text could not be read."""


class Required:
    """Marks a variable that has no default."""


REQUIRED = Required()


@dataclass(frozen=True, eq=False)
class Variable(Generic[T_co]):
    """One environment variable: how it is read, what it is when absent, and what to tell people."""

    name: str
    kind: str
    read: Callable[[str], T_co]
    default: T_co | Callable[["Values"], T_co] | Required
    help: str
    shown: str
    example: str


class Values:
    """What the environment says, typed. ``values[env.BASE_URL]`` is a ``str``, ``values[env.DEBUG]`` a ``bool``."""

    def __init__(
        self,
        source: Mapping[str, str],
        *,
        contradictions: Callable[["Values"], Iterable[str]] = lambda values: (),
    ) -> None:
        """Read every declared variable from a mapping of names to texts.

        ``contradictions`` returns a sentence for each pair of values that cannot both be meant; it is asked when
        each value for itself is well.

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
            except UnknownValueError:
                continue  # Its default hangs on a variable that is told already.
        if not problems:
            problems = list(contradictions(self))
        if problems:
            raise ImproperlyConfigured(_message(problems))

    def __getitem__(self, variable: Variable[T]) -> T:
        """Return the value of a declared variable."""
        if variable.name not in self._values:
            raise UnknownValueError(variable.name)
        value: T = self._values[variable.name]
        return value

    def _value(self, variable: Variable[T], source: Mapping[str, str]) -> T:
        text_given = source.get(variable.name, "").strip()
        if text_given:
            return variable.read(text_given)
        if isinstance(variable.default, Required):
            raise InvalidValueError(f"is not set. {variable.help}")
        if callable(variable.default):
            return variable.default(self)
        return variable.default


DECLARED: dict[str, Variable[Any]] = {}


def _declare(
    name: str,
    kind: str,
    read: Callable[[str], T],
    default: T | Callable[[Values], T] | Required,
    help_line: str,
    shown: str | None,
    example: str,
) -> Variable[T]:
    if name in DECLARED:
        raise ValueError(f"{name} is declared twice.")
    if shown is None:
        shown = "required" if isinstance(default, Required) else _shown(default)
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
    default: str | Callable[[Values], str] | Required = REQUIRED,
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
    default: str | Callable[[Values], str] | Required = REQUIRED,
    shown: str | None = None,
    example: str = "",
) -> Variable[str]:
    """Declare a variable that is an address with one of the given schemes; a web address loses its last slash."""

    def read(given: str) -> str:
        scheme = _split(given).scheme
        if scheme not in schemes:
            raise InvalidValueError(
                f"starts with {scheme or 'no scheme'!r}; it must be an address with {' or '.join(schemes)}."
            )
        if scheme in {"http", "https"} and not _split(given).hostname:
            raise InvalidValueError(f"is {given!r}; it names no host.")
        return given.rstrip("/") if scheme in {"http", "https"} else given

    return _declare(name, "address", read, default, help, shown, example)


def email(
    name: str,
    *,
    help: str,
    default: str | Callable[[Values], str] | Required = REQUIRED,
    shown: str | None = None,
    example: str = "",
) -> Variable[str]:
    """Declare a variable that is one e-mail address, with or without a display name."""
    return _declare(name, "e-mail", _one_address, default, help, shown, example)


def emails(
    name: str,
    *,
    help: str,
    default: tuple[str, ...] | Callable[[Values], tuple[str, ...]] | Required = REQUIRED,
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


def by_slug(
    name: str, *, help: str, default: Mapping[str, str], shown: str, example: str
) -> Variable[Mapping[str, str]]:
    """Declare a variable that gives entities, by their slugs, a secret each; a refusal never repeats one."""

    def read(given: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for number, part in enumerate(given.split(","), start=1):
            slug, _, value = (piece.strip() for piece in part.partition("="))
            if (
                not re.fullmatch("[a-z0-9-]{1,50}", slug)
                or not value
                or not value.isascii()
                or not value.isprintable()
            ):
                raise InvalidValueError(
                    f"has a part {number} that is not written as slug=value; separate parts by commas."
                )
            if slug in found:
                raise InvalidValueError(f"names {slug} twice; give each entity one value.")
            found[slug] = value
        return MappingProxyType(found)

    return _declare(name, "slug=value, comma between", read, default, help, shown, example)


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


def _split(given: str) -> SplitResult:
    try:
        return urlsplit(given)
    except ValueError as error:
        raise InvalidValueError(f"is not an address: {error}.") from error


def _one_address(given: str) -> str:
    _, address = parseaddr(given)
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidValueError(
            f"is {given!r}; it must be an e-mail address such as reports@example.com."
        ) from error
    if "\n" in given or "\r" in given:
        raise InvalidValueError("holds a line break; an e-mail address is one line.")
    return given


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
