"""Subject lines that a report's mail is tried with: what they may say, who gets which, and what came of each.

A reader keeps his line over editions: it is drawn by a hash of the report, his address and the labels in use. With fewer
than two lines in use every mail bears the usual subject. A line is retired, never deleted or reworded: what its label
counts is what went out under these words.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from core import audit
from crew.models import Person
from mail.domain import fields
from mail.domain.compose import LONGEST_SUBJECT
from mail.models import Message, State
from reports.document import Document
from reports.figures import cell_text
from reports.models import Report, SubjectLine

PREFIX = "[EXEC REPORT] "
FIELDS = ("title", "period", "edition", "headline")
NEEDED = ("period", "edition")
LONGEST_LABEL = 20
LONGEST_TEMPLATE = 120
# More of a headline than this no list of mails shows.
LONGEST_HEADLINE = 100

_FIELD = re.compile(r"\{([^{}]*)\}")
# Only SES tells what readers do; what was opened or clicked was told of, whoever told it.
_TOLD_OF = Q(transport__startswith="ses") | Q(opened_at__isnull=False) | Q(clicked_at__isnull=False)


class SubjectRefusedError(ValueError):
    """A line that is refused: the message says why, ``field`` which of the two it is about."""

    def __init__(self, field: str, sentence: str) -> None:
        """Say why, and whether ``label`` or ``template`` is meant."""
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Told:
    """Of how many mails a thing was told, ``of`` those that SES tells of; ``at_most`` says so of the number.

    ``number`` None is not known, and ``why`` says why.
    """

    number: int | None
    of: int = 0
    at_most: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of the mails under one label; an empty label is the usual subject."""

    label: str
    line: SubjectLine | None
    sent: int
    opened: Told
    clicked: Told


def usual(document: Document) -> str:
    """Return a subject that names period and edition, so that editions do not thread."""
    head = document.head
    return f"{PREFIX}{head.title}, {head.period}, edition {document.number}"


def subject(*, document: Document, line: SubjectLine | None) -> str:
    """Return the subject of an edition's mail under a line, the usual one without; it always fits a header.

    What makes it too long is cut from the headline, then from the title.
    """
    if line is None:
        return usual(document)
    head = document.head
    first = "".join(cell_text(cell, document) for cell in document.headline[0]) if document.headline else ""
    values = {
        "title": _flat(head.title),
        "period": _flat(head.period),
        "edition": str(document.number),
        "headline": _cut(_flat(first).removesuffix(".") or _flat(head.title), LONGEST_HEADLINE),
    }
    for given in ("headline", "title", None):
        text = PREFIX + _FIELD.sub(lambda found: values[found[1]], line.template)
        if given is None or len(text) <= LONGEST_SUBJECT:
            break
        values[given] = _cut(values[given], max(len(values[given]) - (len(text) - LONGEST_SUBJECT), 0))
    return text


def check_template(text: str) -> str:
    """Return a template as it is kept: without the words every subject begins with.

    Raises:
        SubjectRefusedError: no subject can be made of it, or none that names period and edition.
    """
    plain = _line("template", text, "subject line", LONGEST_TEMPLATE + len(PREFIX))
    plain = _line("template", plain.removeprefix(PREFIX.strip()), "subject line", LONGEST_TEMPLATE)
    if not plain:
        raise SubjectRefusedError("template", "There is nothing in it; write what the subject says.")
    offered = ", ".join(f"{{{name}}}" for name in FIELDS)
    found = _FIELD.findall(plain)
    for name in found:
        if name not in FIELDS:
            raise SubjectRefusedError(
                "template", f"{{{name}}} is no field of a subject; there are {offered}."
            )
        if found.count(name) > 1:
            raise SubjectRefusedError("template", f"{{{name}}} stands in it twice; once is enough.")
    if set("{}") & set(_FIELD.sub("", plain)):
        raise SubjectRefusedError(
            "template", f"A brace stands alone in it; braces are for fields: {offered}."
        )
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise SubjectRefusedError(
            "template",
            f"It does not name the {' and the '.join(missing)}; without, mail programs take editions for one "
            f"conversation. Add {' and '.join(f'{{{name}}}' for name in missing)}.",
        )
    return plain


def add(*, report: Report, label: str, template: str, by: Person | None, at: dt.datetime) -> SubjectLine:
    """Try a report's mail with one more line, from the next edition on.

    Raises:
        SubjectRefusedError: it cannot be one, or the label is taken.
    """
    plain = check_template(template)
    name = _line("label", label, "label", LONGEST_LABEL)
    if not name:
        raise SubjectRefusedError("label", "Give it a label, such as A; its openings are counted under that.")
    if report.subject_lines.filter(label__iexact=name).exists():
        raise _taken(name)
    try:
        with transaction.atomic():
            row = SubjectLine.objects.create(report=report, label=name, template=plain)
            _record("add", row, by, at)
    except IntegrityError as error:
        raise _taken(name) from error
    return row


def set_active(*, line: SubjectLine, active: bool, by: Person, at: dt.datetime) -> bool:
    """Retire a line or bring it back; return whether that changed anything."""
    with transaction.atomic():
        changed = SubjectLine.objects.filter(pk=line.pk, active=not active).update(active=active)
        if changed:
            _record("bring_back" if active else "retire", line, by, at)
    return bool(changed)


def in_use(*, report: Report) -> list[SubjectLine]:
    """Return the lines that a report's mail is tried with, by label; none where there are fewer than two."""
    rows = list(report.subject_lines.filter(active=True).order_by("label", "id"))
    return rows if len(rows) > 1 else []


def choose(*, lines: Sequence[SubjectLine], report: str, address: str) -> SubjectLine | None:
    """Return the line of a reader, always the same one of the same lines; None where there are none.

    Each label draws a number for him by hash and the highest has him. So where a line goes, only its readers change theirs.
    """

    def drawn(line: SubjectLine) -> bytes:
        return hashlib.sha256(f"{report}\n{address.lower()}\n{line.label}".encode()).digest()

    return max(lines, key=drawn, default=None)


def tallies(*, report: Report, prefix: str, every: bool = True) -> list[Tally]:
    """Return what came of each label among the mails whose dedupe keys begin so; two queries.

    With ``every`` line of the report, those nothing went out under too. The usual subject stands last where it went out.
    """
    lines = {line.label: line for line in report.subject_lines.order_by("label", "id")}
    sent = Q(state=State.SENT)
    # One mail, one count, whoever of its receivers opened it how often; which of them it was SES does not tell.
    copied = ~Q(bcc_address="")
    rows = (
        Message.objects.filter(dedupe_key__startswith=prefix)
        .order_by()
        .values(label=Coalesce(KT("payload__label"), Value(""), output_field=TextField()))
        .annotate(
            sent=Count("pk", filter=sent),
            told=Count("pk", filter=sent & _TOLD_OF),
            opened=Count("opened_at"),
            clicked=Count("clicked_at"),
            copied=Count("pk", filter=sent & copied),
        )
    )
    counted = {row["label"]: row for row in rows}
    known = [label for label in lines if every or label in counted]
    others = sorted(label for label in counted if label not in lines)
    return [
        _tally(label, lines.get(label), counted.get(label))
        for label in (*known, *(label for label in others if label), *([""] if "" in others else []))
    ]


def _tally(label: str, line: SubjectLine | None, row: Mapping[str, Any] | None) -> Tally:
    if row is None or not row["sent"]:
        none = Told(None, why="none was sent yet")
        return Tally(label, line, 0, none, none)
    if not row["told"]:
        none = Told(None, why="only SES tells what readers do")
        return Tally(label, line, row["sent"], none, none)
    opened, clicked = (
        Told(row[name], of=row["told"], at_most=bool(row["copied"] and row[name]))
        for name in ("opened", "clicked")
    )
    return Tally(label, line, row["sent"], opened, clicked)


def _line(field: str, text: str, what: str, longest: int) -> str:
    try:
        plain = fields.one_line(text, what=what, longest=longest)
    except fields.UnsendableError as error:
        raise SubjectRefusedError(field, str(error)) from error
    # What is not printable else turns or hides what stands beside it.
    odd = next((sign for sign in plain if not sign.isprintable() and not sign.isspace()), None)
    if odd is not None:
        raise SubjectRefusedError(
            field, f"The {what} holds the character U+{ord(odd):04X}, which does not show. Remove it."
        )
    return plain


def _flat(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: max(longest - 1, 0)].rstrip()}…"


def _taken(label: str) -> SubjectRefusedError:
    return SubjectRefusedError(
        "label", f"There is a line {label!r} already; its counts are its own, so give this one another label."
    )


def _record(verb: str, row: SubjectLine, by: Person | None, at: dt.datetime) -> None:
    audit.record(
        action=f"reports:subject:{verb}",
        subject=row,
        at=at,
        by=by,
        data={"report": row.report.slug, "label": row.label, "template": row.template},
    )
