"""An event that names a mail by the id alone that SES gave it finds it, or nothing, without reading all mail there is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mail.domain import feedback
from mail.domain.feedback import Answer
from tests.mail import letters
from tests.mail.campaigning import minutes
from tests.mail.ses_told import body, envelope, row


@pytest.mark.django_db
def test_an_id_that_ses_gave_is_looked_up_by_its_index() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL reads a table of a few rows whole, whatever indexes it has.")
    at = letters.AT + minutes(1)
    nobodys = body(
        row(), "Bounce", at=letters.AT, mail={"messageId": "0100-nobody", "tags": {}, "headers": []}
    )

    with CaptureQueriesContext(connection) as asked:
        assert feedback.receive(envelope=envelope(nobodys, at=at), at=at) is Answer.NOT_OURS

    looked = [one["sql"] for one in asked if "provider_message_id" in one["sql"]]
    assert len(looked) == 2
    with connection.cursor() as cursor:
        for statement in looked:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            assert "mail_by_provider_id" in str(cursor.fetchall())
