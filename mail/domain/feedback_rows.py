"""The four statements that nearly every event costs, written out.

SQLite lets one in to write at a time, senders included, and Django takes ten times as long to make such a statement up as
the database to do it. A blast brings three events for each mail, so what they cost is what the sender waits for. All else
that feedback does is rare, and Django's.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.db import connection

from mail.models import EventKind, Message, MessageEvent

# The column that keeps when a thing happened first. A bounce has two, see `mail.domain.feedback`.
FACTS: Mapping[str, str] = MappingProxyType({
    EventKind.DELIVERY: "delivered_at",
    EventKind.COMPLAINT: "complained_at",
    EventKind.OPEN: "opened_at",
    EventKind.CLICK: "clicked_at",
    EventKind.REJECT: "rejected_at",
})  # fmt: skip

# In the order of the model, which is how `Message.from_db` takes them.
_COLUMNS = ("id", "campaign_id", "to_address", "address_key", "state")
# The only words put in are these.
_FIND = f"SELECT {', '.join(_COLUMNS)} FROM mail_message WHERE "  # noqa: S608
_NOTE = "INSERT INTO mail_notification (sns_id, topic_arn, received_at) VALUES (%s, %s, %s) RETURNING id"
_TELL = (
    "INSERT INTO mail_messageevent (notification_id, message_id, provider_message_id, recipient, kind, detail, at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
_KEEP = {
    kind: f"UPDATE mail_message SET {column} = %s WHERE id = %s AND ({column} IS NULL OR {column} > %s)"  # noqa: S608
    for kind, column in FACTS.items()
}


def find(*, public_id: uuid.UUID | None, provider_message_id: str) -> Message | None:
    """Return the message that an event names, by its row, else by the id SES gave it; locked, its other columns deferred.

    Who settles it meanwhile sees the event's row, or we see its state. SQLite needs no lock: nobody else writes now.
    """
    # The second half says nothing new, but without it SQLite does not see that the index of such ids serves.
    where, value = "provider_message_id = %s AND NOT (provider_message_id = '')", provider_message_id
    if public_id is not None:
        where = "public_id = %s"
        value = Message._meta.get_field("public_id").get_db_prep_value(public_id, connection)
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    with connection.cursor() as cursor:
        cursor.execute(f"{_FIND}{where} LIMIT 1{lock}", [value])
        row = cursor.fetchone()
    return None if row is None else Message.from_db(connection.alias, _COLUMNS, row)


def note(*, sns_id: str, topic_arn: str, at: dt.datetime) -> int:
    """Write down a message of SNS and return its row's id.

    Raises:
        IntegrityError: it is known.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [sns_id, topic_arn, _stored(at)])
        return int(cursor.fetchone()[0])


def tell(events: Iterable[MessageEvent]) -> None:
    """Write down events, in one order, so that two who share a row cannot wait for each other.

    Raises:
        IntegrityError: one is known.
    """
    values = [
        (
            event.notification_id,
            event.message_id,
            event.provider_message_id,
            event.recipient,
            event.kind,
            event.detail,
            _stored(event.at),
        )
        for event in sorted(events, key=lambda event: event.recipient)
    ]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(_TELL, values)


def keep_earliest(*, message: Message, kind: str, at: dt.datetime) -> None:
    """Set a fact that is not known yet, or known of a later instant."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP[kind], [_stored(at), message.pk, _stored(at)])


def _stored(at: dt.datetime) -> dt.datetime | str:
    """Return an instant as the engine takes it: SQLite as text."""
    stored: dt.datetime | str = connection.ops.adapt_datetimefield_value(at)  # type: ignore[assignment]
    return stored
