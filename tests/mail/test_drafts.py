"""A letter that waits for a person: nothing sends it but a person, and what has become untrue is refused."""

import datetime as dt
from typing import Any

import pytest

from core.models import AuditEvent
from crew.models import Person
from mail.domain import claims, compose, drafts, outbox
from mail.domain.decisions import DecisionRefusedError
from mail.models import Message, State
from tests.factories import people

AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(days=400)

UNTRUE: set[str] = set()


def _compose(message: Message, secret: str | None) -> compose.Composed:
    if message.payload["id"] in UNTRUE:
        raise compose.CannotComposeError("The invoice has been paid meanwhile.")
    return compose.Composed(subject=message.subject, text="Please pay.")


compose.register("tests.draft", _compose)


def lay_in(key: str = "letter:1", **changes: Any) -> Message:
    return outbox.draft(
        dedupe_key=key, composer="tests.draft", payload={"id": key}, to_address="ana@example.com",
        subject="A reminder", at=AT, **changes,
    )  # fmt: skip


@pytest.fixture
def owner(db: None) -> Person:
    return people.owner(name="Olive Owner")


def test_no_claim_sees_a_draft_however_long_it_waits(db: None) -> None:
    draft = lay_in()

    assert draft.state == State.DRAFT
    assert not claims.due(at=LATER).exists()
    assert lay_in().pk == draft.pk, "drafting twice makes one"


@pytest.mark.django_db(transaction=True)
def test_a_draft_leaves_when_a_person_sends_it_and_not_twice() -> None:
    owner, draft = people.owner(name="Olive Owner"), lay_in("letter:2")

    drafts.release(message=draft, by=owner, at=AT)

    assert [row.pk for row in claims.claim_batch(limit=5, at=AT)] == [draft.pk]
    with pytest.raises(DecisionRefusedError, match="no draft any more: it is sending"):
        drafts.release(message=draft, by=owner, at=AT)
    assert AuditEvent.objects.get(action="mail:message:release").actor == owner


def test_a_draft_that_has_become_untrue_is_refused_and_can_be_thrown_away(owner: Person) -> None:
    draft = lay_in("letter:3")
    UNTRUE.add("letter:3")

    with pytest.raises(DecisionRefusedError, match=r"paid meanwhile\. Throw this letter away\."):
        drafts.release(message=draft, by=owner, at=AT)
    draft.refresh_from_db()
    assert draft.state == State.DRAFT

    drafts.discard(message=draft, by=owner, at=AT)
    draft.refresh_from_db()
    assert (draft.state, draft.error) == (State.DISCARDED, "Thrown away by Olive Owner.")
    with pytest.raises(DecisionRefusedError, match="it is thrown away"):
        drafts.discard(message=draft, by=owner, at=AT)


def test_the_mailbox_offers_a_draft_to_the_owner_and_tells_what_became_of_it(
    owner: Person, client: Any
) -> None:
    draft = lay_in("letter:4")
    client.force_login(owner)

    page = client.get(f"/mail/{draft.public_id}/").content.decode()
    assert "Waits for a person" in page
    assert "Throw away" in page
    answer = client.post(f"/mail/{draft.public_id}/discard", follow=True).content.decode()
    assert "Thrown away by Olive Owner." in answer
    assert draft.subject in client.get("/mail/?state=discarded").content.decode()
