"""What the pages of held editions and of commentary of the matrix are about."""

import datetime as dt
from typing import Any

from portfolio.models import Entity
from reports.domain import held, issue, runs
from reports.models import Binder, BinderFile, Commentary, Report, Trigger
from tests.crew.permissions.canaries import word
from tests.factories.crew import NOW, PersonFactory

DAY = dt.date(2026, 11, 10)


def records(report: Report, entity: Entity, letter: str) -> dict[str, Any]:
    """Have an edition about an entity wait, and write a piece for it."""
    queued = runs.queue(
        report=report,
        trigger=Trigger.PORTAL,
        as_of=DAY,
        at=NOW,
        entity=entity,
        send_to=[],
        hold=True,
        here=True,
    )
    run = runs.claim(run_id=queued.pk, at=NOW)
    assert run is not None
    draft = issue.build(report=report, entity=entity, as_of=DAY)
    held.hold(run=run, draft=draft, reasons=[word("books", letter)], at=NOW)
    said = Commentary.objects.create(
        report=report,
        entity=entity,
        body=word("books", letter),
        author=PersonFactory(),
        written_at=NOW,
        once=True,
    )
    return {"held": run.pk, "figure": min(draft.figures), "said": said.pk}


def binder() -> int:
    """Issue a binder whose files were asked for before, and return its number."""
    made = Binder.objects.create(number=1, as_of=DAY, issued_at=NOW)
    for name, media_type in (("binder-1.pdf", "application/pdf"), ("binder-1.xlsx", "application/zip")):
        BinderFile.objects.create(
            binder=made, name=name, media_type=media_type, content=b"-", sha256="0" * 64
        )
    return made.number
