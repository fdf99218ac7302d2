"""The pages of actions: whose they are, one with its history, giving it away, writing one down, and what words mean."""

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
from time_machine import travel

from crew.models import Person
from portfolio.models import Entity
from reports.domain import owners
from reports.domain.cards import cards
from reports.models import Action, ActionState, Finding, FindingState, OwnerName, Report
from reports.web import actions as pages
from tests.factories import people
from tests.reports.conftest import NOW, as_
from tests.reports.test_calendar import an_action

pytestmark = [pytest.mark.django_db, pytest.mark.once]

DUE = dt.date(2026, 11, 20)


@pytest.fixture
def listing(ceo: Report, qos: Entity) -> Action:
    return an_action(ceo, "qos", "Put a listing up", DUE)


def ask(person: Person, path: str, data: dict[str, Any] | None = None) -> Any:
    """Ask for a page, or send a form, and return what comes at the end."""
    with travel(NOW, tick=False):
        client = as_(person)
        address = f"/reports/actions/{path}"
        return client.get(address) if data is None else client.post(address, data, follow=True)


def test_the_list_shows_whose_an_action_is_and_can_be_narrowed(
    listing: Action, ceo: Report, dc: Entity, owner: Person, bookkeeper: Person
) -> None:
    an_action(ceo, "qos", "Mine to do", DUE, owner)
    late = an_action(ceo, "qos", "Long overdue", dt.date(2026, 10, 1), bookkeeper)
    Action.objects.filter(pk=late.pk).update(carried=3, escalated_on=dt.date(2026, 11, 10))
    titles = {row.title for row in Action.objects.all()}

    def shown(query: str) -> set[str]:
        body = ask(owner, query).content.decode()
        return {title for title in titles if f">{title}</a>" in body}

    assert shown("") == shown("?whose=anything") == titles
    assert shown("?whose=mine") == {"Mine to do"}
    assert shown("?whose=nobody") == {"Put a listing up"}
    assert shown("?whose=escalated") == {"Long overdue"}
    body = ask(owner, "?whose=escalated").content.decode()
    for words in ("Bookkeeper, owner", "Carried over 3 editions", "Escalated on 10 Nov 2026"):
        assert f"<span>{words}</span>" in body
    assert "Owner: nobody is named" in ask(owner, "").content.decode()
    dana = people.reader_of(dc, email="dana@example.com")
    owners.appoint(word="Owner", person=dana, by=owner, at=NOW)
    told = f"Owner: {dana} is named, and may not read what it is about"
    for page in ("", "?whose=nobody", f"{listing.pk}/"):
        assert told in ask(owner, page).content.decode()
    Action.objects.filter(pk=late.pk).update(assignee=None)
    dana.staff_grants.update(entity=None)
    assert "Owner: given to nobody" in ask(owner, f"{late.pk}/").content.decode()


def test_whoever_settles_or_moves_an_action_stays_where_they_were_in_the_list(
    ceo: Report, qos: Entity, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "ROWS_A_PAGE", 1)
    for number in range(3):
        an_action(ceo, "qos", f"Mine {number}", DUE, owner)
    place = "?whose=mine&page=2"

    body = ask(owner, place).content.decode()
    assert [body.count(f'href="?whose=mine&amp;page={number}"') for number in (1, 2, 3)] == [1, 0, 1]
    found = re.findall(r'action="/reports/actions/([^"]+)"', body)
    assert [address.partition("/")[2] for address in found] == [
        f"{verb}/?whose=mine&amp;page=2" for verb in ("settle", "move", "settle")
    ]
    for address in found[1:]:
        answer = ask(owner, unescape(address), {"due_on": "2026-12-01", "state": "dropped"})
        assert answer.redirect_chain == [(f"/reports/actions/{place}", 302)]
    # What is no place in the list is none to go back to.
    answer = ask(owner, f"{found[0].partition('?')[0]}?whose=//example.com&page=1%0d", {})
    assert answer.redirect_chain == [("/reports/actions/", 302)]


def test_the_action_of_a_muted_finding_waits_and_asks_for_nothing(listing: Action, owner: Person) -> None:
    Action.objects.update(
        due_on=dt.date(2026, 11, 2), assignee=owner, escalated_on=dt.date(2026, 11, 10), carried=3
    )
    assert sum(card.kind == "Actions" for card in cards(owner, NOW)) == 3
    Finding.objects.update(muted_until=dt.date(2026, 12, 24), muted_by=owner, mute_reason="It waits.")

    assert not list(cards(owner, NOW))
    assert "Put a listing up" not in ask(owner, "?whose=escalated").content.decode()
    for page in ("", f"{listing.pk}/", "calendar/?month=2026-11"):
        shown = ask(owner, page).content.decode()
        assert "ts finding is muted until 24 Dec 2026" in shown
        assert "Overdue" not in shown
    assert "overdue" not in ask(owner, "calendar/?month=2026-12").content.decode()


def test_an_action_is_given_to_who_may_read_what_it_is_about(
    listing: Action, owner: Person, reader: Person, outsider: Person
) -> None:
    page = ask(owner, f"{listing.pk}/").content.decode()
    assert "Reader (reader@example.com)" in page
    assert "outsider@example.com" not in page

    for wrong in (outsider.pk, 10**30, "x", "\x00"):
        assert ask(owner, f"{listing.pk}/assign/", {"person": wrong}).status_code == 422
    page = ask(owner, f"{listing.pk}/assign/", {"person": reader.pk}).content.decode()

    assert "Given to Reader: Put a listing up" in page
    assert "Action given to somebody" in page
    assert "assignee: none → Reader" in page


def test_what_is_refused_because_it_is_settled_or_cleared_by_now_says_so(
    listing: Action, owner: Person, reader: Person
) -> None:
    today = NOW.date()
    Action.objects.update(state=ActionState.DONE, settled_on=today)
    refused = ask(owner, f"{listing.pk}/assign/", {"person": reader.pk})
    assert refused.status_code == 422
    assert "is settled; reopen it before giving it to somebody" in refused.content.decode()
    assert "Give it to somebody" not in ask(owner, f"{listing.pk}/").content.decode()

    Finding.objects.update(state=FindingState.CLEARED, cleared_on=today)
    muting = {"until_on": "2026-12-01", "reason": "It can wait."}
    with travel(NOW, tick=False):
        refused = as_(owner).post(f"/reports/findings/{listing.finding_id}/mute/", muting)
    assert refused.status_code == 422
    assert "is cleared; there is nothing to mute" in refused.content.decode()


def test_whoever_has_an_action_settles_and_moves_it_but_gives_it_to_nobody_else(
    listing: Action, reader: Person
) -> None:
    """A reader may not run reports; what was given to them is theirs to settle all the same."""
    assert ask(reader, f"{listing.pk}/settle/", {}).status_code == 403
    Action.objects.update(assignee=reader)

    assert ask(reader, f"{listing.pk}/assign/", {"person": ""}).status_code == 403
    ask(reader, f"{listing.pk}/move/", {"due_on": "2026-12-01", "from": "action"})
    answer = ask(reader, f"{listing.pk}/settle/", {"state": "done", "from": "action"})

    listing.refresh_from_db()
    assert (listing.due_on, listing.state) == (dt.date(2026, 12, 1), ActionState.DONE)
    assert answer.redirect_chain == [(f"/reports/actions/{listing.pk}/", 302)]
    assert "by Reader" in answer.content.decode()


def test_the_owner_says_who_is_meant_by_a_word_and_its_actions_follow(
    listing: Action, owner: Person, bookkeeper: Person
) -> None:
    page = ask(owner, "owners/").content.decode()
    assert "1 open action, and nobody is named for it." in page

    said = ask(owner, "owners/", {"word": "Owner", "person": bookkeeper.pk}).content.decode()

    assert "Owner means Bookkeeper from now on. 1 open action changed hands." in said
    listing.refresh_from_db()
    assert listing.assignee == bookkeeper
    for wrong in (
        {"word": "Bosun", "person": owner.pk},
        {"word": "", "person": ""},
        {"word": "Owner", "person": "x"},
    ):
        answer = ask(owner, "owners/", wrong)
        assert answer.status_code == 422
        assert "No rule and no open action" in answer.content.decode() or wrong["word"] != "Bosun"
    assert OwnerName.objects.get().person == bookkeeper


def test_an_action_is_written_down_and_what_is_refused_keeps_what_was_typed(
    ceo: Report, owner: Person, qos_bookkeeper: Person
) -> None:
    typed = {"title": "Ask for a second quote", "owner": "Owner", "due_on": "2026-11-01", "report": "ceo"}
    refused = ask(owner, "new/", typed)
    assert refused.status_code == 422
    assert "1 Nov 2026 is past" in refused.content.decode()
    assert 'value="Ask for a second quote"' in refused.content.decode()

    page = ask(owner, "new/", typed | {"due_on": "2026-11-30"}).content.decode()

    assert "Written down: Ask for a second quote" in page
    assert "by a person" in page
    # It is about the whole portfolio, so not for who runs the reports of one entity.
    assert ask(qos_bookkeeper, "new/").status_code == 404
    assert ask(qos_bookkeeper, f"{Action.objects.get().pk}/").status_code == 404
