"""What may stand in an address or a header: checked once on the way in, written once on the way out.

Text from people ends up in header lines, and mail software splits lines at more than CR and LF. So every control
character and every kind of line separator is refused, not stripped: a name that needs one is a mistake or an attack.
"""

import re
import unicodedata
from email.header import Header
from email.utils import formataddr

LONGEST_ADDRESS = 254
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# Control characters, lone surrogates, line and paragraph separators; and private characters, which show as something else
# to each reader, and which stand for names and links inside a campaign's body.
_REFUSED = frozenset({"Cc", "Co", "Cs", "Zl", "Zp"})


class UnsendableError(ValueError):
    """An address or header text that no mail can bear; the message is a sentence for people."""


def one_line(text: str, *, what: str, longest: int) -> str:
    """Return text fit for one header line, its outer blanks removed.

    Raises:
        UnsendableError: it holds a control character or line separator, or has more than ``longest`` characters.
    """
    # Nothing refused is printable; most text is, and then need not be looked at one by one.
    for place, character in enumerate("" if text.isprintable() else text, start=1):
        if unicodedata.category(character) in _REFUSED:
            raise UnsendableError(
                f"The {what} holds the character U+{ord(character):04X} at place {place}, which a mail header "
                "cannot bear. Remove it."
            )
    trimmed = text.strip()
    if len(trimmed) > longest:
        raise UnsendableError(f"The {what} has {len(trimmed)} characters; at most {longest} fit. Shorten it.")
    return trimmed


def address(text: str, *, what: str) -> str:
    """Return one bare address, its domain in lower-case ASCII (an international domain as punycode).

    The local part is kept as written: only its owner knows whether case matters there. Quoted local parts
    (``"a b"@example.com``), display names and lists are refused, so that one row is always one recipient.

    Raises:
        UnsendableError: the text is anything else.
    """
    line = one_line(text, what=what, longest=LONGEST_ADDRESS)
    local, at, domain = line.rpartition("@")
    refusal = UnsendableError(f"The {what} {line!r} is not one mail address; write it as name@example.com.")
    if not at or not _LOCAL.fullmatch(local) or len(local) > 64:
        raise refusal
    try:
        # What is ASCII already stays as it is; asking for its encoding all the same is slow.
        ascii_domain = (domain if domain.isascii() else domain.encode("idna").decode("ascii")).lower()
    except UnicodeError:
        raise refusal from None
    labels = ascii_domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise refusal
    whole = f"{local}@{ascii_domain}"
    if len(whole) > LONGEST_ADDRESS:
        raise refusal
    return whole


def storable(text: str) -> str:
    """Return text as the database can hold it: others send what PostgreSQL refuses (NUL, lone surrogates)."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def mailbox(name: str, bare_address: str) -> str:
    """Return ``"Name" <address>`` as it stands in a header and in the envelope: ASCII, one line."""
    if not name:
        return bare_address
    if name.isascii() and "=?" not in name:
        return formataddr((name, bare_address))
    return f"{_encoded(name)} <{bare_address}>"


def subject(text: str) -> str:
    """Return a subject as its header line bears it; what would read as an encoded word is encoded itself."""
    return _encoded(text) if "=?" in text else text


def _encoded(text: str) -> str:
    # Header folds long text with line breaks; in one line, encoded words stand with a blank between.
    return " ".join(Header(text, "utf-8").encode(linesep="").split())
