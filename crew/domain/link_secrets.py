"""The secrets of magic links: how they are made, what of them is kept, and what a typed code means.

A token is 256 random bits; its hash is kept. A short code is 8 of 28 characters, few enough to try them all against
a stolen table, so its hash is keyed; the key is derived from ``SECRET_KEY``, and ``SECRET_KEY_FALLBACKS`` still know
codes that were made under an older one.
"""

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import salted_hmac

# Digits and consonants that nobody takes for one another: no vowels (no words), no L, no 0 and 1.
ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
# 32 bytes in base64 without its padding.
TOKEN_LENGTH = 43
# What people and programs put around a code or behind a link.
_BETWEEN = re.compile(r"[\s.·_‐‑‒–—−-]+")
_TOKEN = re.compile(rf"[^\w-]*(?P<token>[\w-]{{{TOKEN_LENGTH}}})(?:[^\w-].*)?", re.ASCII | re.DOTALL)
_LONGEST_PART, _LONGEST_TYPED = 300, 64


class NotACodeError(ValueError):
    """What was typed cannot be a code; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A fresh secret, in clear: it is written into a mail or onto a screen and nowhere else."""

    token: str
    code: str

    @property
    def shown_code(self) -> str:
        """The code as people read it: ``WDJB-MJHT``."""
        return f"{self.code[:4]}-{self.code[4:]}"


def fresh() -> Secret:
    """Return a new token and a new code."""
    return Secret(secrets.token_urlsafe(32), "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def code_hash(code: str) -> str:
    """Return what is kept of a code."""
    return _keyed(code, settings.SECRET_KEY)


def code_hashes(code: str) -> list[str]:
    """Return what may have been kept of a code: under the present key, then under older ones."""
    return [_keyed(code, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def token_in(text: str) -> str:
    """Return the token that a part of an address bears, without what a sentence or a scanner put around it.

    An empty string where it bears none, or more than one can tell: cut off, doubled.
    """
    found = _TOKEN.fullmatch(text) if len(text) <= _LONGEST_PART else None
    return found["token"] if found else ""


def code_in(text: str) -> str:
    """Return the code that was typed: any case, with or without dashes and blanks, full-width forms too.

    Raises:
        NotACodeError: it cannot be one.
    """
    if len(text) > _LONGEST_TYPED:
        raise NotACodeError("That is too long for a code. A code is eight characters, for example WDJB-MJHT.")
    typed = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    if not typed:
        raise NotACodeError(
            "Type the code from the mail or the screen: eight characters, for example WDJB-MJHT."
        )
    odd = [character for character in typed if character not in ALPHABET]
    if odd:
        named = " " + odd[0] if odd[0].isascii() and odd[0].isprintable() else ""
        raise NotACodeError(
            f"No code holds the character{named or ' you typed'}. Codes are made of the digits 2 to 9 and of "
            "consonants without L; look at the mail again."
        )
    if len(typed) != CODE_LENGTH:
        raise NotACodeError(
            f"A code has {CODE_LENGTH} characters; you typed {len(typed)}. Look at the mail again."
        )
    return typed


def _keyed(code: str, key: str | bytes) -> str:
    return salted_hmac("crew.domain.link_secrets", code, secret=key, algorithm="sha256").hexdigest()
