"""The checklist's pages: tapped with and without htmx, its evidence form, and who is first."""

import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from PIL import Image

from core import clock
from core.models import AuditEvent
from crew import rules
from crew.domain import checklists
from crew.domain.history import Actor
from crew.models import ChecklistItem, Event, EventState, ItemState, MaintenanceRecord, Person
from tests.factories.crew import ChecklistItemFactory, EventFactory, role_on

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def event() -> Event:
    return EventFactory()


@pytest.fixture
def ana(event: Event) -> Person:
    return role_on(event, "crew", name="Ana")


@pytest.fixture
def cap(event: Event) -> Person:
    return role_on(event, "captain", name="Cap")


@pytest.fixture(autouse=True)
def _own_media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def at(item: ChecklistItem, verb: str = "") -> str:
    return f"/events/{item.event.key}/items/{item.pk}/{verb}"


def claimed(event: Event, person: Person, **fields: object) -> ChecklistItem:
    item = ChecklistItemFactory(event=event, **fields)
    checklists.claim_item(item=item, by=Actor(person), at=clock.now())
    return item


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "navy").save(out, "JPEG")
    return out.getvalue()


class TestTapping:
    def test_without_htmx_a_tap_goes_back_to_the_list_at_that_row(self, event: Event, ana: Person) -> None:
        item = ChecklistItemFactory(event=event)
        answer = browser(ana).post(at(item, "claim/"), {"show": "open"})
        assert (answer.status_code, answer.headers["Location"]) == (
            302,
            f"/events/{event.key}/?show=open#item-{item.pk}",
        )
        item.refresh_from_db()
        assert item.claimer == ana

    def test_with_htmx_the_row_comes_back_with_what_is_next_and_the_counts(
        self, event: Event, ana: Person
    ) -> None:
        item = ChecklistItemFactory(event=event, critical=True)
        client = browser(ana)
        answer = client.post(at(item, "claim/"), headers=HTMX)
        text = answer.content.decode()
        assert answer.status_code == 200
        assert text.startswith('<li class="item item--claimed item--mine')
        assert f'hx-post="{at(item, "complete/")}"' in text
        assert '<strong class="checklist__critical">1 critical open</strong>' in text
        text = client.post(at(item, "complete/"), headers=HTMX).content.decode()
        assert "No critical item is open" in text
        assert 'id="phase-pre_departure" hx-swap-oob="true"><span class="number">1 of 1</span>' in text

    def test_who_is_second_gets_the_row_of_who_was_first_and_a_sentence(
        self, event: Event, ana: Person, cap: Person
    ) -> None:
        item = claimed(event, ana)
        answer = browser(cap).post(at(item, "claim/"), headers=HTMX)
        text = answer.content.decode()
        assert answer.status_code == 409
        assert "Ana has this since" in text
        assert "<span>Ana</span>" in text
        answer = browser(cap).post(at(item, "claim/"), follow=True)
        assert "Ana has this since" in answer.content.decode()

    def test_what_is_anothers_is_not_completed_and_a_captains_item_not_claimed_by_crew(
        self, event: Event, ana: Person, cap: Person
    ) -> None:
        theirs = claimed(event, cap)
        captains = ChecklistItemFactory(event=event, role="captain")
        client = browser(ana)
        for verb in ("complete/", "hold/", "resume/", "give-back/", "reopen/"):
            assert client.post(at(theirs, verb)).status_code == 403
        assert client.post(at(captains, "claim/")).status_code == 403
        assert AuditEvent.objects.filter(actor=ana).count() == 0

    def test_an_item_of_another_event_is_not_there(self, event: Event, ana: Person) -> None:
        elsewhere = ChecklistItemFactory()
        client = browser(ana)
        for verb in ("", "photo/"):
            assert client.get(f"/events/{event.key}/items/{elsewhere.pk}/{verb}").status_code == 404
        for pk in (elsewhere.pk, 0, 2**63, 10**30):
            assert client.post(f"/events/{event.key}/items/{pk}/claim/").status_code == 404
            assert client.get(f"/events/{event.key}/items/{pk}/").status_code == 404

    def test_guests_and_strangers_see_nothing_of_it(self, event: Event) -> None:
        item = ChecklistItemFactory(event=event)
        assert browser(role_on(event, "guest")).get(at(item)).status_code == 403
        assert browser(role_on(EventFactory(), "captain")).get(at(item)).status_code == 404
        assert Client().get(at(item)).status_code == 302

    def test_a_list_that_is_closed_says_so(self, cap: Person) -> None:
        over = EventFactory(state=EventState.COMPLETED)
        item = ChecklistItemFactory(event=over)
        answer = browser(role_on(over, "captain")).post(at(item, "claim/"), follow=True)
        assert "This event is completed, so its checklist is closed." in answer.content.decode()


class TestEvidence:
    def test_a_number_is_recorded_and_leads_back_to_the_list(self, event: Event, ana: Person) -> None:
        item = claimed(event, ana, evidence="number", low=Decimal(5), high=Decimal(7), unit="bar")
        client = browser(ana)
        page = client.get(at(item)).content.decode()
        assert 'inputmode="decimal"' in page
        assert "Within limits: 5 to 7 bar." in page
        answer = client.post(at(item, "complete/"), {"from": "item", "number": "6.2"})
        assert answer.headers["Location"] == f"/events/{event.key}/?show=all#item-{item.pk}"
        item.refresh_from_db()
        assert (item.state, item.value_number) == (ItemState.COMPLETED, Decimal("6.200"))

    @pytest.mark.parametrize("typed", ["1e400", "NaN", "١٢", "1_000", "6,2", "six", "", "1\x002", "9" * 5000])
    def test_a_number_that_cannot_be_read_comes_back_as_typed(
        self, event: Event, ana: Person, typed: str
    ) -> None:
        item = claimed(event, ana, evidence="number", unit="bar")
        answer = browser(ana).post(at(item, "complete/"), {"number": typed})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "error-summary" in page
        if typed and "\x00" not in typed:
            assert f'value="{typed}"' in page
        item.refresh_from_db()
        assert item.state == ItemState.CLAIMED

    def test_a_number_out_of_limits_says_that_it_is_on_hold(self, event: Event, ana: Person) -> None:
        item = claimed(event, ana, evidence="number", high=Decimal(7), unit="bar")
        answer = browser(ana).post(at(item, "complete/"), {"number": "8"}, follow=True)
        page = answer.content.decode()
        assert answer.redirect_chain == [(at(item), 302)]
        assert "Measured 8 bar; the limits are at most 7 bar." in page
        assert MaintenanceRecord.objects.filter(item=item).count() == 1

    def test_a_photo_is_redrawn_kept_and_shown_to_those_who_see_the_list(
        self, event: Event, ana: Person, cap: Person
    ) -> None:
        item = claimed(event, ana, evidence="photo")
        client = browser(ana)
        assert 'capture="environment"' in client.get(at(item)).content.decode()
        upload = SimpleUploadedFile("../../etc/passwd.svg", jpeg(), content_type="image/svg+xml")
        assert client.post(at(item, "complete/"), {"photo": upload}).status_code == 302
        answer = browser(cap).get(at(item, "photo/"))
        body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        assert Image.open(io.BytesIO(body)).format == "JPEG"
        assert {
            name: answer.headers[name] for name in ("Content-Type", "X-Content-Type-Options", "Cache-Control")
        } == {
            "Content-Type": "image/jpeg",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
        item.refresh_from_db()
        assert "passwd" not in item.photo.name
        assert browser(role_on(event, "guest")).get(at(item, "photo/")).status_code == 403
        assert Client().get(at(item, "photo/")).status_code == 302

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "This file is empty"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a photo we can read"),
            (jpeg()[:200], "not a photo we can read"),
            (jpeg() + b"\0" * (16 * 1024 * 1024), "larger than 15 MB"),
        ],
        ids=["empty", "svg", "cut", "16 MB"],
    )  # fmt: skip
    def test_what_is_no_photo_leaves_everything_as_it_was(
        self, event: Event, ana: Person, data: bytes, sentence: str, tmp_path: Path
    ) -> None:
        item = claimed(event, ana, evidence="photo")
        answer = browser(ana).post(at(item, "complete/"), {"photo": SimpleUploadedFile("a.jpg", data)})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert not list(tmp_path.rglob("*.jpg"))
        assert browser(ana).get(at(item, "photo/")).status_code == 404

    def test_words_where_a_photo_is_asked_for_are_refused(self, event: Event, ana: Person) -> None:
        item = claimed(event, ana, evidence="photo")
        answer = browser(ana).post(at(item, "complete/"), {"photo": "a.jpg"})
        assert (answer.status_code, "Take a photo of it." in answer.content.decode()) == (422, True)

    def test_a_refused_note_comes_back_filled(self, event: Event, ana: Person) -> None:
        item = claimed(event, ana, evidence="text")
        answer = browser(ana).post(at(item, "complete/"), {"text": "y" * 2001})
        assert (answer.status_code, "y" * 2001 in answer.content.decode()) == (422, True)


class TestTheItemsPage:
    def test_a_hold_is_put_on_and_lifted_and_the_history_says_so(
        self, event: Event, ana: Person, cap: Person
    ) -> None:
        item = claimed(event, ana)
        client = browser(ana)
        answer = client.post(
            at(item, "hold/"),
            {"from": "item", "reason": "No key", "owner": str(cap.pk), "review": "60"},
        )
        assert answer.headers["Location"] == at(item)
        page = client.get(at(item)).content.decode()
        assert "No key. Cap sees to it, review due" in page
        assert "Item put on hold" in page
        client.post(at(item, "resume/"), {"from": "item"})
        item.refresh_from_db()
        assert item.state == ItemState.CLAIMED

    @pytest.mark.parametrize(
        "changed",
        [{"reason": ""}, {"owner": "999999"}, {"review": "-5"}, {"reason": "z" * 301}, {"owner": "x"}],
    )
    def test_a_half_filled_hold_comes_back_filled(
        self, event: Event, ana: Person, changed: dict[str, str]
    ) -> None:
        item = claimed(event, ana)
        answer = browser(ana).post(
            at(item, "hold/"), {"reason": "Why not", "owner": str(ana.pk), "review": "30", **changed}
        )
        page = answer.content.decode()
        assert answer.status_code == 422
        assert changed.get("reason", "Why not") in page
        item.refresh_from_db()
        assert item.state == ItemState.CLAIMED

    def test_a_captain_completes_what_nobody_claimed_and_reopens_it(self, event: Event, cap: Person) -> None:
        item = ChecklistItemFactory(event=event)
        client = browser(cap)
        assert "completing it claims it for you as well" in client.get(at(item)).content.decode()
        client.post(at(item, "complete/"), {"from": "item"})
        item.refresh_from_db()
        assert (item.state, item.claimer) == (ItemState.COMPLETED, cap)
        client.post(at(item, "reopen/"), {"from": "item"})
        item.refresh_from_db()
        assert item.state == ItemState.CLAIMED

    def test_what_people_wrote_is_text_and_never_markup(self, event: Event, ana: Person) -> None:
        item = claimed(event, ana, text="<script>alert(1)</script>", evidence="text")
        client = browser(ana)
        client.post(at(item, "complete/"), {"text": "<img src=x onerror=alert(1)>"})
        for page in (client.get(at(item)), client.get(f"/events/{event.key}/")):
            assert "<script>alert" not in page.content.decode()
            assert "<img src=x" not in page.content.decode()

    def test_the_page_of_one_item_costs_the_same_among_three_hundred(self, event: Event, ana: Person) -> None:
        item = claimed(event, ana)
        client = browser(ana)
        client.get(at(item))
        counts = []
        for more in (0, 299):
            ChecklistItemFactory.create_batch(more, event=event)
            with CaptureQueriesContext(connection) as asked:
                client.get(at(item))
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 15


class TestTheListOnTheEventsPage:
    def listed(self, event: Event, person: Person, show: str = "") -> str:
        rows = checklists.rows(
            event=event, standing=rules.Standing(person.pk, frozenset({"crew"})), at=clock.now()
        )
        request = RequestFactory().get("/", {"show": show} if show else {})
        return render_to_string("crew/event/checklist.html", {"event": event, "checklist": rows}, request)

    def test_every_row_is_a_button_of_one_form_with_its_own_address(self, event: Event, ana: Person) -> None:
        items = ChecklistItemFactory.create_batch(3, event=event)
        html = self.listed(event, ana)
        assert html.count("csrfmiddlewaretoken") == 1
        for item in items:
            assert f'formaction="{at(item, "claim/")}" hx-post="{at(item, "claim/")}"' in html

    @pytest.mark.parametrize(
        ("asked", "shown"), [("mine", "mine"), ("open", "open"), ("", "all"), ("'\"><x", "all")]
    )
    def test_what_is_shown_is_chosen_by_the_address(
        self, event: Event, ana: Person, asked: str, shown: str
    ) -> None:
        ChecklistItemFactory(event=event)
        assert f'class="section checklist checklist--{shown}"' in self.listed(event, ana, asked)

    def test_the_list_asks_the_database_nothing(
        self, event: Event, ana: Person, django_assert_num_queries: Callable[[int], object]
    ) -> None:
        for count in (1, 299):
            ChecklistItemFactory.create_batch(count, event=event)
            with django_assert_num_queries(1):  # type: ignore[attr-defined]
                self.listed(event, ana)

    @staticmethod
    def completed(person: Person, event: Event) -> dict[str, object]:
        at = event.departs_at
        return {
            "state": ItemState.COMPLETED,
            "claimer": person,
            "claimed_at": at,
            "completed_by": person,
            "completed_at": at,
        }

    def test_the_phase_that_is_worked_is_open_and_so_is_where_the_reader_has_an_item(
        self, event: Event, ana: Person
    ) -> None:
        done = self.completed(ana, event)
        for phase, fields in (
            ("pre_departure", done),
            ("safety_briefing", {}),
            ("guest_boarding", {}),
            ("underway", {"state": ItemState.CLAIMED, "claimer": ana, "claimed_at": event.departs_at}),
        ):
            ChecklistItemFactory(event=event, phase=phase, **fields)
        opened = re.compile(r'<details class="phase"( open)?>')

        assert opened.findall(self.listed(event, ana)) == ["", " open", "", " open"]
        for show in ("open", "mine"):
            assert opened.findall(self.listed(event, ana, show)) == [" open"] * 4

    def test_completed_items_are_folded_behind_their_number(self, event: Event, ana: Person) -> None:
        done = self.completed(ana, event)
        left, *over = (
            ChecklistItemFactory(event=event),
            *ChecklistItemFactory.create_batch(2, event=event, **done),
        )

        html = self.listed(event, ana)

        assert '<span class="number">2</span> completed' in html
        head, _, folded = html.partition('class="phase__over"')
        assert [f'id="item-{item.pk}"' in head for item in (left, *over)] == [True, False, False]
        assert [f'id="item-{item.pk}"' in folded for item in (left, *over)] == [False, True, True]


def test_a_tap_on_an_item_that_somebody_else_has_by_now_says_who(event: Event, ana: Person) -> None:
    ben = role_on(event, "crew", name="Ben")
    item = claimed(event, ben)

    tap = browser(ana).post(at(item, "complete/"), headers=HTMX)
    plain = browser(ana).post(at(item, "complete/"))
    guest = browser(role_on(event, "guest")).post(at(item, "complete/"), headers=HTMX)

    assert tap.status_code == 409
    assert "Ben has this since" in tap.content.decode()
    assert plain.status_code == 403
    assert guest.status_code == 403
    assert "Ben" not in guest.content.decode()
    item.refresh_from_db()
    assert item.state == ItemState.CLAIMED
