"""Variants of an edition: the whole, and cuts of it for readers who want less. The edition they are cut from is one.

Which one a reader gets is data: the recipient's own, unless the run asks for one. A cut is made when its first mail is,
from the frozen edition, and kept from then on (`reports.domain.late`); one that nobody gets is never made.
"""

from dataclasses import replace

from django.db.models import QuerySet

from reports.document import Document
from reports.domain.forms import File, content_id
from reports.models import FileKind, Variant
from reports.render import html_mail, text
from reports.render.frame_parts import Kind

# What an edition can be cut to; the rest is what a cut says of the others.
PARTS = tuple(kind for kind in Kind if kind is not Kind.REST)


def known() -> QuerySet[Variant]:
    """Return the variants there are, the whole edition first."""
    return Variant.objects.all()


def named(slug: str) -> Variant | None:
    """Return the variant of a slug; None where there is none, whatever was asked for."""
    return next((variant for variant in known() if variant.slug == slug), None)


def is_whole(variant: Variant | None) -> bool:
    """Tell whether a variant shows every part; so does none at all."""
    return variant is None or set(PARTS) <= set(variant.parts)


def cut(document: Document, variant: Variant | None) -> Document:
    """Return what a variant shows of an edition. Its figures are the edition's, and mean what they mean there. Pure."""
    if variant is None or is_whole(variant):
        return document
    return replace(document, parts=tuple(kind.value for kind in PARTS if kind in variant.parts))


def file_name(stem: str, variant: Variant, ending: str) -> str:
    """Return what a form of a cut is called: ``ceo-1.brief.html``."""
    return f"{stem}.{variant.slug}.{ending}"


def render(document: Document, variant: Variant, *, stem: str) -> tuple[File, File]:
    """Return a cut of an edition as HTML mail and as plain text."""
    shown = cut(document, variant)
    html = html_mail.render(shown, chart_cid=content_id)
    return (
        File(FileKind.CUT_HTML, file_name(stem, variant, "html"), "text/html; charset=utf-8", html.encode()),
        File(
            FileKind.CUT_TEXT,
            file_name(stem, variant, "txt"),
            "text/plain; charset=utf-8",
            text.render(shown).encode(),
        ),
    )
