"""What no hand may break: seats within capacity, no crew on a bareboat charter, a link's trail append-only."""

from django.db import migrations

from core.guards import Guard, append_only

FULL = "Every seat of this event is taken."
TOO_SMALL = "More guests are on this event than that capacity."
BAREBOAT = "A bareboat charter is crewed by its charterer, never by the portal."

TAKEN = (
    "(SELECT count(*) FROM crew_guest WHERE event_id = NEW.event_id AND state <> 'removed' AND id <> NEW.id)"
)
ABOARD = "(SELECT count(*) FROM crew_guest WHERE event_id = NEW.id AND state <> 'removed')"
SEATS = "(SELECT capacity FROM crew_event WHERE id = NEW.event_id)"


def _sqlite(name: str, when: str, condition: str, sentence: str) -> str:
    return f"CREATE TRIGGER {name} {when} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{sentence}'); END"


def _postgresql(name: str, when: str, condition: str, sentence: str, lock: str = "") -> list[str]:
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {lock} "
        f"IF {condition} THEN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation'; "
        f"END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


# Two people who add the last guest at once stand in line at the event's row.
LOCK = "PERFORM 1 FROM crew_event WHERE id = NEW.event_id FOR UPDATE;"

SEAT = f"NEW.state <> 'removed' AND {TAKEN} >= {SEATS}"
NO_CREW = "EXISTS (SELECT 1 FROM crew_event WHERE id = NEW.event_id AND mode = 'bareboat_12')"
CREWED = "NEW.mode = 'bareboat_12' AND EXISTS (SELECT 1 FROM crew_position WHERE event_id = NEW.id)"
SMALLER = f"{ABOARD} > NEW.capacity"

# On SQLite a row has no id before it is inserted, so the count is taken after: the new guest is left out of it.
SEATS_GUARD = Guard(
    sqlite=[
        _sqlite("crew_guest_seat_insert", "AFTER INSERT ON crew_guest", SEAT, FULL),
        _sqlite("crew_guest_seat_update", "AFTER UPDATE OF state, event_id ON crew_guest", SEAT, FULL),
        _sqlite("crew_event_capacity", "BEFORE UPDATE OF capacity ON crew_event", SMALLER, TOO_SMALL),
    ],
    undo_sqlite=[
        f"DROP TRIGGER {name}"
        for name in ("crew_guest_seat_insert", "crew_guest_seat_update", "crew_event_capacity")
    ],
    postgresql=[
        *_postgresql(
            "crew_guest_seat", "BEFORE INSERT OR UPDATE OF state, event_id ON crew_guest", SEAT, FULL, LOCK
        ),
        *_postgresql("crew_event_capacity", "BEFORE UPDATE OF capacity ON crew_event", SMALLER, TOO_SMALL),
    ],
    undo_postgresql=[
        "DROP TRIGGER crew_guest_seat ON crew_guest",
        "DROP FUNCTION crew_guest_seat()",
        "DROP TRIGGER crew_event_capacity ON crew_event",
        "DROP FUNCTION crew_event_capacity()",
    ],
)

CREW_GUARD = Guard(
    sqlite=[
        _sqlite("crew_position_bareboat_insert", "BEFORE INSERT ON crew_position", NO_CREW, BAREBOAT),
        _sqlite(
            "crew_position_bareboat_update", "BEFORE UPDATE OF event_id ON crew_position", NO_CREW, BAREBOAT
        ),
        _sqlite("crew_event_bareboat", "BEFORE UPDATE OF mode ON crew_event", CREWED, BAREBOAT),
    ],
    undo_sqlite=[
        f"DROP TRIGGER {name}"
        for name in ("crew_position_bareboat_insert", "crew_position_bareboat_update", "crew_event_bareboat")
    ],
    postgresql=[
        *_postgresql(
            "crew_position_bareboat",
            "BEFORE INSERT OR UPDATE OF event_id ON crew_position",
            NO_CREW,
            BAREBOAT,
            LOCK,
        ),
        *_postgresql("crew_event_bareboat", "BEFORE UPDATE OF mode ON crew_event", CREWED, BAREBOAT),
    ],
    undo_postgresql=[
        "DROP TRIGGER crew_position_bareboat ON crew_position",
        "DROP FUNCTION crew_position_bareboat()",
        "DROP TRIGGER crew_event_bareboat ON crew_event",
        "DROP FUNCTION crew_event_bareboat()",
    ],
)


class Migration(migrations.Migration):
    dependencies = [("crew", "0010_links"), ("core", "0004_rate_counts")]

    operations = [
        SEATS_GUARD,
        CREW_GUARD,
        append_only("crew_linkevent", "The trail of a link is append-only."),
    ]
