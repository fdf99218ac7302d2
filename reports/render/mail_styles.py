"""The styles of a mail, written into its tags: what a mail needs even where its head is dropped.

Which styles a tag has rests on its name and its classes alone, so css_inline is asked once for each kind of tag there is and
not for each mail. All text comes in escaped, so a ``<`` begins a tag of ours.
"""

import functools
import re
from pathlib import Path

import css_inline
from django.conf import settings

_TAG = re.compile("<[a-z][^>]*>")
_TAG_OR_QUOTE = re.compile("<[a-z][^>]*>|&quot;")
# What differs from one tag to the next of its kind.
_OWN = re.compile('(?<= )(alt|href|id|src)="([^"]*)"')
# A tag that cannot stand by itself, and where it can.
_WITHIN = {
    "td": "<table><tbody><tr>{}",
    "th": "<table><tbody><tr>{}",
    "tr": "<table><tbody>{}",
    "tbody": "<table>{}",
    "thead": "<table>{}",
    "caption": "<table>{}",
    # The only style that asks what a tag stands in: of emphasis, which a commentary alone has.
    "em": '<p class="co">{}',
}


def styled(markup: str) -> str:
    """Return markup with the styles of `mail/report.css` in its tags, written as a browser would write it."""
    markup = markup.replace("&#x27;", "'").replace("\xa0", "&nbsp;")
    if "&quot;" in markup:
        return _TAG_OR_QUOTE.sub(lambda found: '"' if found[0] == "&quot;" else tag(found[0]), markup)
    return _TAG.sub(lambda found: tag(found[0]), markup)


def tag(opening: str) -> str:
    """Return an opening tag with its styles."""
    own = _OWN.findall(opening)
    if not own:
        return _kind(opening)
    made = _kind(_OWN.sub(r'\1="\1"', opening))
    for name, value in own:
        made = made.replace(f' {name}="{name}"', f' {name}="{value}"', 1)
    return made


@functools.cache
def head() -> str:
    """Return the styles that stand in a mail's head: what repeats with every cell, the phone's and the night's."""
    return (_folder() / "report_head.css").read_text().strip()


@functools.cache
def _kind(opening: str) -> str:
    """Return a tag of which there are few kinds with its styles."""
    name = re.split("[ >]", opening[1:], maxsplit=1)[0]
    sheet = (_folder() / "report.css").read_text()
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True, extra_css=sheet)
    made = inliner.inline(_WITHIN.get(name, "{}").format(opening))
    return re.findall(f"<{name}(?: [^>]*)?>", made)[-1]


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "templates" / "mail"
