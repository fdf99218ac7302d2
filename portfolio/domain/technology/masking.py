"""Masking at the door: what looks like a secret is blanked before anything is stored, shown again, mailed or logged.

`mask` goes over every text that people, notes and collectors give about the technology. It would rather blank a word too
many than let a key stand: what was meant can be said in other words, a leaked key has to be changed.
"""

import re
from typing import Any

MASKED = "[masked secret]"

# What a value looks like that is nothing but a secret, and what it is called where it stood.
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "[masked private key]",
        re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)", re.DOTALL),
    ),
    ("[masked Stripe key]", re.compile(r"\b(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{6,}")),
    ("[masked AWS key]", re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b")),
    (
        "[masked token]",
        re.compile(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{12,}|xox[abprs]-[\w-]{8,}"
            r"|AIza[\w-]{20,}|SG\.[\w-]{10,}\.[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
        ),
    ),
)
# A password in an address: https://name:password@host.
_IN_ADDRESS = re.compile(r"(?P<start>://[^\s:/@]{1,200}:)(?P<value>[^\s/@]{1,200})(?=@)")
# A name that says its value is secret, an equals sign or a colon, and the value.
_NAMED = re.compile(
    r"""(?P<name>(?:secret|passw(?:or)?d|passphrase|token|api[_-]?key|access[_-]?key|signing[_-]?key
        |private[_-]?key|credential)[\w.-]{0,30}["']?)
        (?P<sign>\s{0,3}[=:]\s{0,3})
        (?P<value>["'][^"'\n]{4,}["']|[^\s"'|,;)\]\[]{4,})""",
    re.IGNORECASE | re.VERBOSE,
)  # fmt: skip
# A run of letters, digits and the signs of base 64.
_RUN = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{20,}={0,2}(?![A-Za-z0-9+/_=-])")
_HEX = re.compile(r"[0-9a-fA-F]{32,}")
_PIECES = re.compile(r"[+/_=-]+")
_WORD = re.compile(r"[A-Z]?[a-z]{0,24}|[A-Z]{1,12}|[0-9]{1,8}")


def mask(text: str) -> str:
    """Return a text with everything that looks like a secret blanked; a text without any comes back as it is."""
    for called, shape in _SHAPES:
        text = shape.sub(called, text)
    text = _IN_ADDRESS.sub(lambda found: f"{found['start']}{MASKED}", text)
    text = _NAMED.sub(_named, text)
    return _RUN.sub(lambda found: MASKED if _is_random(found[0]) else found[0], text)


def mask_bytes(data: bytes) -> bytes:
    """Return a file with every secret in it blanked, whatever its encoding; a file without any comes back as it is."""
    return mask(data.decode("latin-1")).encode("latin-1")


def mask_all(value: Any) -> Any:
    """Return plain JSON values with every text in them masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: mask_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_all(item) for item in value]
    return value


def _named(found: re.Match[str]) -> str:
    """Blank a named value, unless it reads like a word of a sentence ("secret: readable in the configuration")."""
    value = found["value"]
    spoken = ":" in found["sign"] and value.isalpha() and value.islower()
    masked = value.startswith("[masked")
    return found[0] if spoken or masked else f"{found['name']}{found['sign']}{MASKED}"


def _is_random(run: str) -> bool:
    """Tell a key from a path, a slug or a long name: its pieces are neither words nor numbers."""
    if _HEX.search(run):
        return True
    pieces = [piece for piece in _PIECES.split(run) if piece]
    if all(_WORD.fullmatch(piece) for piece in pieces):
        return False
    kinds = sum(any(test(sign) for sign in run) for test in (str.islower, str.isupper, str.isdigit))
    return kinds == 3 or (kinds == 2 and any(len(piece) >= 20 and not piece.isalpha() for piece in pieces))
