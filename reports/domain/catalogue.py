"""The catalogue: a report's row for every lens, and which entities a report can be about."""

from typing import Any

from django.apps import apps as present
from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS

from portfolio.models import Entity
from reports.lenses import LENSES
from reports.models import Report


class UnfitEntityError(ValueError):
    """A report was asked for about an entity that it does not look at: of another trade, or archived."""


def bring(*, apps: Apps = present, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make the rows of reports that have none; called after every migration, whose state of the models is ``apps``.

    A row that is there is its owner's, and stays as it is.
    """
    try:
        rows = apps.get_model("reports", "Report")._default_manager.using(using)
    except LookupError:  # Migrated back to before there were reports.
        return
    known = set(rows.values_list("slug", flat=True))
    rows.bulk_create(
        [
            rows.model(
                slug=lens.slug,
                lens=lens.slug,
                title=lens.title,
                reader=lens.reader,
                family=lens.family.value,
                from_name=lens.from_name,
                position=lens.position,
            )
            for lens in LENSES.values()
            if lens.slug not in known
        ],
        ignore_conflicts=True,
    )


def fits(report: Report, kind: str) -> bool:
    """Tell whether a report can be about an entity of a kind."""
    lens = LENSES.get(report.lens)
    return lens is None or not lens.kinds or kind in lens.kinds


def check(*, report: Report, entity: Entity | None) -> None:
    """Refuse a report about an entity it does not look at; None is all that it does look at.

    Raises:
        UnfitEntityError: the entity is of another kind, or archived.
    """
    if entity is not None and not entity.active:
        raise UnfitEntityError(
            f"{entity.name} is archived, so no report looks at it; choose another entity, or pause what asks for this."
        )
    if entity is not None and not fits(report, entity.kind):
        kinds = " and ".join(LENSES[report.lens].kinds)
        raise UnfitEntityError(
            f"{report.title} looks at entities of the kind {kinds}; {entity.name} is of the kind {entity.kind}."
        )
