"""Deeds in the Django admin: corrections of facts, and actions that go through the domain's own doors."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from core import clock
from core.models import AuditEvent
from crew.models import (
    ChecklistItem,
    Credential,
    Event,
    EventGrant,
    EventState,
    Guest,
    ItemState,
    ItemTemplate,
    MaintenanceRecord,
    OperatingLimit,
    Port,
    Position,
    PositionState,
    Role,
)
from mail.models import Message
from tests.factories.crew import (
    NOW,
    ChecklistItemFactory,
    ChecklistTemplateFactory,
    CredentialFactory,
    EventFactory,
    EventGrantFactory,
    EventTemplateFactory,
    GuestFactory,
    ItemTemplateFactory,
    PositionFactory,
    VesselFactory,
)
from tests.factories.people import PersonFactory, owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_monday():  # type: ignore[no-untyped-def]
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(owner(email="boss@example.com", is_staff=True, is_superuser=True))
    return client


def act(client: Client, noun: str, action: str, *rows: object, reason: str = "") -> str:
    """Run an action on rows and return what the page then says."""
    answer = client.post(
        f"/admin/crew/{noun}/",
        {"action": action, "_selected_action": [row.pk for row in rows], "reason": reason},  # type: ignore[attr-defined]
        follow=True,
    )
    assert answer.status_code == 200
    return answer.content.decode()


EVENT_FORM = {
    "title": "Saturday's sail, corrected",
    "client_name": "",
    "price_minor": "210000",
    "channel": "",
    "meeting_point": "Dock C",
    "gate_code": "",
    "release_hours": "48",
    "notes_captain": "",
    "notes_crew": "",
    "notes_guests": "",
    "notes_staff": "",
}


class TestEvents:
    def test_a_fact_is_corrected_in_the_events_own_trail(self, boss: Client) -> None:
        event = EventFactory(title="Saturdays sail")

        answer = boss.post(
            f"/admin/crew/event/{event.pk}/change/",
            {
                **EVENT_FORM,
                "waiver_required": "on",
                "state": "completed",
                "capacity": "99",
                "legal_limit": "99",
            },
        )

        assert answer.status_code == 302
        event.refresh_from_db()
        assert (event.title, event.price_minor, event.state, event.capacity) == (
            "Saturday's sail, corrected",
            210_000,
            EventState.OPEN,
            6,
        )
        line = AuditEvent.objects.get(action="admin:event:change")
        assert line.scope == f"event:{event.key}"
        assert line.data["title"] == ["Saturdays sail", "Saturday's sail, corrected"]

    @pytest.mark.parametrize(
        ("field", "odd"),
        [
            ("title", ""),
            ("title", "x" * 161),
            ("title", "Sail\x00"),
            ("price_minor", "-1"),
            ("price_minor", "9" * 30),
            ("price_minor", "NaN"),
            ("release_hours", "-1"),
            ("release_hours", "9" * 30),
            ("channel", "999999"),
        ],
    )
    def test_an_odd_fact_is_refused_on_the_form(self, boss: Client, field: str, odd: str) -> None:
        event = EventFactory(title="Saturdays sail")

        answer = boss.post(f"/admin/crew/event/{event.pk}/change/", {**EVENT_FORM, field: odd})

        assert answer.status_code in {200, 400}
        event.refresh_from_db()
        assert event.title == "Saturdays sail"

    def test_a_correction_does_not_undo_what_happened_meanwhile(self, boss: Client) -> None:
        """The form was opened while the event was open; it is confirmed by the time the form is sent."""
        event = EventFactory()
        boss.get(f"/admin/crew/event/{event.pk}/change/")
        Event.objects.update(state=EventState.CONFIRMED)

        boss.post(f"/admin/crew/event/{event.pk}/change/", EVENT_FORM)

        assert Event.objects.get().state == EventState.CONFIRMED

    def test_an_event_is_moved_by_its_own_door(self, boss: Client) -> None:
        event = EventFactory(title="Sail", state=EventState.DRAFT)

        assert "Sail is open." in act(boss, "event", "open", event)
        assert "Sail is confirmed." in act(boss, "event", "confirm", event)
        assert "from there it cannot become completed" in act(boss, "event", "complete", event)
        assert "Crew call is in " in act(boss, "event", "depart", event)
        Event.objects.update(departs_at=clock.now() - dt.timedelta(hours=1))
        assert "Sail is underway." in act(boss, "event", "depart", event)
        assert "Sail is completed." in act(boss, "event", "complete", event)
        assert (
            AuditEvent.objects.filter(scope=f"event:{event.key}", action__startswith="crew:event:").count()
            == 4
        )

    def test_no_event_leaves_with_a_critical_item_open(self, boss: Client) -> None:
        event = EventFactory(state=EventState.CONFIRMED)
        ChecklistItemFactory(event=event, critical=True, text="Bilge dry")

        assert "A critical item is not completed: Bilge dry" in act(boss, "event", "depart", event)
        assert Event.objects.get().state == EventState.CONFIRMED

    def test_cancelling_asks_why_and_tells_everybody(self, boss: Client) -> None:
        event = EventFactory()
        EventGrantFactory(event=event)

        assert "Say why it is cancelled" in act(boss, "event", "cancel", event, reason="  ")
        assert "everybody on it is told" in act(boss, "event", "cancel", event, reason="Gale warning")
        assert Event.objects.get().cancel_reason == "Gale warning"
        assert Message.objects.count() == 1

    def test_an_odd_reason_cancels_nothing(self, boss: Client) -> None:
        event = EventFactory()

        for odd in ("Gale\x00", "x" * 400):
            act(boss, "event", "cancel", event, reason=odd)

        assert Event.objects.get().state == EventState.OPEN

    def test_papers_are_looked_at_again(self, boss: Client) -> None:
        event = EventFactory()
        PositionFactory(event=event, holder=PersonFactory(), requires=["medical"])

        assert "1 position put on hold" in act(boss, "event", "recheck", event)
        assert Position.objects.get().state == PositionState.HELD


class TestRoles:
    def test_a_role_is_given_and_revoked(self, boss: Client) -> None:
        event, person = EventFactory(), PersonFactory()

        boss.post("/admin/crew/eventgrant/add/", {"event": event.pk, "person": person.pk, "role": "crew"})
        grant = EventGrant.objects.get()
        assert (grant.person, grant.role) == (person, Role.CREW)

        assert "Revoked:" in act(boss, "eventgrant", "revoke", grant)
        assert "taken back before" in act(boss, "eventgrant", "revoke", grant)
        assert not EventGrant.objects.live(at=NOW).exists()

    def test_nobody_becomes_admin_who_is_not_staff(self, boss: Client) -> None:
        answer = boss.post(
            "/admin/crew/eventgrant/add/",
            {"event": EventFactory().pk, "person": PersonFactory().pk, "role": "admin"},
            follow=True,
        )

        assert "no link may make an admin of them" in answer.content.decode()
        assert not EventGrant.objects.exists()

    @pytest.mark.parametrize("odd", ["x", "\x00", "9" * 30])
    def test_odd_choices_are_no_error(self, boss: Client, odd: str) -> None:
        for field in ("event", "person", "role"):
            form = {"event": EventFactory().pk, "person": PersonFactory().pk, "role": "crew", field: odd}
            assert boss.post("/admin/crew/eventgrant/add/", form).status_code in {200, 400}

        assert not EventGrant.objects.exists()


class TestRowsOfAnEvent:
    def test_a_guest_is_cleared_removed_and_renamed(self, boss: Client) -> None:
        guest = GuestFactory(name="Clara Ostander")

        boss.post(f"/admin/crew/guest/{guest.pk}/change/", {"name": "Clara Ostrander", "state": "cleared"})
        assert Guest.objects.get().name == "Clara Ostrander"
        assert Guest.objects.get().state == "held"
        assert "Say how it was checked" in act(boss, "guest", "clear", guest)
        assert "may board" in act(boss, "guest", "clear", guest, reason="Paper waiver seen")
        assert "the seat is free" in act(boss, "guest", "remove", guest)
        assert "was removed before" in act(boss, "guest", "remove", guest)

    def test_a_position_is_confirmed_held_resumed_and_released(self, boss: Client) -> None:
        position = PositionFactory(holder=PersonFactory())

        assert "is confirmed" in act(boss, "position", "confirm", position)
        assert "Say why it is held" in act(boss, "position", "hold", position)
        assert "is on hold" in act(boss, "position", "hold", position, reason="Papers asked for")
        assert "is off hold" in act(boss, "position", "resume", position)
        assert "released and open again" in act(boss, "position", "release", position)
        assert Position.objects.get().state == PositionState.OPEN

    def test_a_rate_is_corrected_until_it_is_paid(self, boss: Client) -> None:
        position = PositionFactory(holder=PersonFactory(), rate_minor=15_000)
        path = f"/admin/crew/position/{position.pk}/change/"

        boss.post(path, {"rate_minor": "18000", "sort": "0", "holder": "", "state": "open"})
        Position.objects.update(paid_on=dt.date(2026, 11, 20))
        boss.post(path, {"rate_minor": "99000", "sort": "0"})

        found = Position.objects.get()
        assert (found.rate_minor, found.state) == (18_000, PositionState.CLAIMED)
        line = AuditEvent.objects.get(action="admin:position:change")
        assert line.data["rate_minor"] == ["15000", "18000"]

    def test_an_item_is_reopened_and_given_back(self, boss: Client) -> None:
        hand = PersonFactory()
        item = ChecklistItemFactory(
            state=ItemState.COMPLETED, claimer=hand, claimed_at=NOW, completed_at=NOW, completed_by=hand
        )

        assert "is open again" in act(boss, "checklistitem", "reopen", item)
        assert "can be taken by anybody" in act(boss, "checklistitem", "give_back", item)
        assert "Nobody has this item" in act(boss, "checklistitem", "give_back", item)
        assert ChecklistItem.objects.get().state == ItemState.PENDING

    def test_a_photo_is_led_to_where_it_is_served(self, boss: Client) -> None:
        item = ChecklistItemFactory(photo="checklists/dock.jpg")

        page = boss.get(f"/admin/crew/checklistitem/{item.pk}/change/").content.decode()

        assert f'href="/events/{item.event.key}/items/{item.pk}/photo/"' in page
        assert 'href="checklists/' not in page

    def test_an_action_on_what_is_no_id_is_refused(self, boss: Client) -> None:
        for noun, action in (
            ("event", "open"),
            ("guest", "remove"),
            ("position", "release"),
            ("checklistitem", "reopen"),
        ):
            for odd in ("x", "\x00", "1e400"):
                answer = boss.post(f"/admin/crew/{noun}/", {"action": action, "_selected_action": [odd]})
                assert answer.status_code in {302, 400}


class TestPapersAndVessels:
    def test_a_corrected_date_holds_the_position_it_no_longer_reaches_once_it_is_kept(
        self, boss: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        paper = CredentialFactory(kind="medical", number="M-1")
        PositionFactory(holder=paper.person, requires=["medical"])

        with django_capture_on_commit_callbacks() as held_back:
            boss.post(
                f"/admin/crew/credential/{paper.pk}/change/",
                {"number": "M-2", "issued_on": "2024-01-01", "expires_on": "2026-11-24"},
            )
        # The admin's request is one transaction; two events locked in one could wait for each other.
        assert Position.objects.get().state == PositionState.CLAIMED
        for later in held_back:
            later()

        assert Credential.objects.get().number == "M-2"
        assert Position.objects.get().state == PositionState.HELD

    def test_a_paper_is_added_and_withdrawn(self, boss: Client) -> None:
        person = PersonFactory()

        boss.post(
            "/admin/crew/credential/add/",
            {"person": person.pk, "kind": "twic", "number": "T-1", "issued_on": "", "expires_on": ""},
        )
        paper = Credential.objects.get()

        assert "is withdrawn" in act(boss, "credential", "withdraw", paper)
        assert "was withdrawn before" in act(boss, "credential", "withdraw", paper)

    def test_dates_in_the_wrong_order_are_refused(self, boss: Client) -> None:
        boss.post(
            "/admin/crew/credential/add/",
            {
                "person": PersonFactory().pk,
                "kind": "twic",
                "number": "T-1",
                "issued_on": "2026-02-01",
                "expires_on": "2026-01-01",
            },
        )

        assert not Credential.objects.exists()

    def test_maintenance_is_opened_and_closed(self, boss: Client) -> None:
        vessel = VesselFactory()

        assert boss.post("/admin/crew/maintenancerecord/add/", {"title": "Winch"}).status_code == 200
        boss.post(
            "/admin/crew/maintenancerecord/add/", {"vessel": vessel.pk, "title": "Winch slips", "note": ""}
        )
        record = MaintenanceRecord.objects.get()
        assert record.opened_at == NOW

        assert "what was done" in act(boss, "maintenancerecord", "close", record)
        assert "is closed" in act(boss, "maintenancerecord", "close", record, reason="Pawls and springs new")
        assert "closed this record before" in act(boss, "maintenancerecord", "close", record, reason="Again")

    @pytest.mark.parametrize(
        ("field", "odd"),
        [
            ("zone", "../etc"),
            ("zone", "Atlantis"),
            ("zone", "America/Los_Angeles\x00"),
            ("latitude", "91"),
            ("latitude", "nan"),
            ("longitude", "-181"),
            ("longitude", "1e400"),
            ("slug", "san diego"),
        ],
    )
    def test_a_port_off_the_map_is_refused(self, boss: Client, field: str, odd: str) -> None:
        form = {
            "slug": "san-diego",
            "name": "San Diego",
            "latitude": "32.7157",
            "longitude": "-117.1611",
            "zone": "America/Los_Angeles",
        }

        assert boss.post("/admin/crew/port/add/", {**form, field: odd}).status_code == 200
        assert not Port.objects.exists()
        assert boss.post("/admin/crew/port/add/", form).status_code == 302
        assert Port.objects.get().zone == "America/Los_Angeles"

    def test_a_limit_needs_its_source_and_a_certificate_its_vessel(self, boss: Client) -> None:
        form = {
            "mode": "upv_6",
            "vessel": "",
            "passengers": "6",
            "from_on": "2026-01-01",
            "source": "46 U.S.C. 2101",
        }

        for changed in (
            {"source": ""},
            {"mode": "inspected_coi"},
            {"passengers": "-1"},
            {"from_on": "2026-02-30"},
        ):
            assert boss.post("/admin/crew/operatinglimit/add/", {**form, **changed}).status_code == 200
        assert boss.post("/admin/crew/operatinglimit/add/", form).status_code == 302
        assert boss.post("/admin/crew/operatinglimit/add/", form).status_code == 200
        assert OperatingLimit.objects.get().passengers == 6


class TestTemplates:
    def test_lines_of_a_template_are_written_down(self, boss: Client) -> None:
        template = EventTemplateFactory()
        page = boss.get(f"/admin/crew/eventtemplate/{template.pk}/change/")
        form = {
            name: value
            for name, value in page.context["adminform"].form.initial.items()
            if value and not isinstance(value, list)
        }
        lines = {
            "positions-TOTAL_FORMS": "1",
            "positions-INITIAL_FORMS": "0",
            "positions-0-station": "mate",
            "positions-0-count": "2",
            "positions-0-rate_minor": "18000",
            "positions-0-sort": "1",
            "positions-0-requires": ["medical", "first_aid"],
        }

        odd = boss.post(
            f"/admin/crew/eventtemplate/{template.pk}/change/",
            {**form, **lines, "positions-0-requires": ["crown"]},
        )
        answer = boss.post(f"/admin/crew/eventtemplate/{template.pk}/change/", {**form, **lines})

        assert (odd.status_code, answer.status_code) == (200, 302)
        assert template.positions.get().requires == ["medical", "first_aid"]
        line = AuditEvent.objects.get(action="admin:eventtemplate:lines")
        assert line.data == {"positiontemplate 2 × Mate": ["", "added"]}

    @pytest.mark.parametrize(
        ("model", "lines"), [("eventtemplate", "positions"), ("checklisttemplate", "items")]
    )
    def test_a_new_one_starts_with_an_empty_line_so_that_no_script_is_needed(
        self, boss: Client, model: str, lines: str
    ) -> None:
        page = boss.get(f"/admin/crew/{model}/add/").content.decode()

        assert f'name="{lines}-TOTAL_FORMS" value="1"' in page
        assert f'name="{lines}-0-sort"' in page

    def test_a_new_checklist_is_saved_with_its_first_line_and_without(self, boss: Client) -> None:
        for name, text in (("Before we leave", "Engine oil"), ("On the way back", "")):
            form = {
                "name": name,
                "phase": "return",
                "active": "on",
                "items-TOTAL_FORMS": "1",
                "items-INITIAL_FORMS": "0",
                "items-0-text": text,
                "items-0-role": "crew",
                "items-0-due_from": "departure",
                "items-0-due_minutes": "0",
                "items-0-evidence": "tick",
                "items-0-sort": "0",
                "items-0-active": "on",
            }
            assert boss.post("/admin/crew/checklisttemplate/add/", form).status_code == 302

        assert list(ItemTemplate.objects.values_list("checklist__name", "text")) == [
            ("Before we leave", "Engine oil")
        ]

    def test_a_line_that_was_worked_is_not_deleted(self, boss: Client) -> None:
        line = ItemTemplateFactory(checklist=ChecklistTemplateFactory())
        ChecklistItemFactory(template=line)
        form = {
            "name": line.checklist.name,
            "phase": line.checklist.phase,
            "active": "on",
            "items-TOTAL_FORMS": "1",
            "items-INITIAL_FORMS": "1",
            "items-0-id": line.pk,
            "items-0-checklist": line.checklist_id,
            "items-0-text": line.text,
            "items-0-role": "crew",
            "items-0-due_from": "departure",
            "items-0-due_minutes": "0",
            "items-0-evidence": "tick",
            "items-0-sort": "0",
            "items-0-DELETE": "on",
        }

        answer = boss.post(f"/admin/crew/checklisttemplate/{line.checklist_id}/change/", form)

        assert answer.status_code == 200
        assert line.checklist.items.count() == 1
