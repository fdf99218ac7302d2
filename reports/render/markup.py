"""Small pieces of HTML that the page and the mail share. All text passes through Django's escaping here."""

import re
from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# No column of a table, on a phone or in a mail, holds a longer word in one line.
_LONGEST = 24
_STEP = 16


def joined(parts: Iterable[str]) -> SafeString:
    """Join markup whose every piece of text is escaped already."""
    return mark_safe("".join(parts))  # noqa: S308  # nosec B308 B703


def with_breaks(text: str) -> SafeString:
    """Return text escaped, with places to break (``<wbr>``) in words that are too long for a column."""
    if len(text) <= _LONGEST:
        return escape(text)
    return joined(
        escape(bit)
        if len(bit) <= _LONGEST
        else "<wbr>".join(escape(bit[at : at + _STEP]) for at in range(0, len(bit), _STEP))
        for bit in re.split(r"(\s+)", text)
    )
