"""Every ``can`` of the portal. Pages, partials, commands and, later, the API ask here and nothing else.

A duty allows a set of verbs: ``read`` books and reports, ``keep`` books (import, post), ``book`` (bookings),
``run`` reports, ``own`` (schedules, grants, adoption, mail). Lower floors ask through `core.access`.
"""

from typing import Any

from crew.models.grant import Duty, StaffGrant

ALLOWS: dict[str, frozenset[str]] = {
    Duty.OWNER: frozenset({"read", "keep", "book", "run", "own"}),
    Duty.BOOKKEEPER: frozenset({"read", "keep", "run"}),
    Duty.BOOKINGS: frozenset({"read", "book"}),
    Duty.READER: frozenset({"read"}),
}
VERBS: frozenset[str] = frozenset().union(*ALLOWS.values())


class StaffPolicy:
    """Answers `core.access` from live staff grants, read once per person object, so once a request."""

    def entity_ids(self, person: Any, duty: str) -> frozenset[int] | None:
        """Return the entities a person may act on with a verb; None means the whole portfolio."""
        ids = {entity for entity, verbs in self._grants(person) if duty in verbs}
        return None if None in ids else frozenset(i for i in ids if i is not None)

    def may(self, person: Any, duty: str, entity_id: int | None) -> bool:
        """Tell whether a person may do a verb on one entity, or on the whole portfolio when none is named."""
        ids = self.entity_ids(person, duty)
        return ids is None or (entity_id is not None and entity_id in ids)

    def _grants(self, person: Any) -> list[tuple[int | None, frozenset[str]]]:
        if not person.is_authenticated or not person.is_active:
            return []
        if not hasattr(person, "_staff_verbs"):
            person._staff_verbs = [
                (entity_id, ALLOWS[duty])
                for entity_id, duty in StaffGrant.objects.live()
                .filter(person_id=person.pk)
                .values_list("entity_id", "duty")
            ]
        return person._staff_verbs
