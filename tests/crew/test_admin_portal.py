"""The portal's nouns in the Django admin: facts are corrected, moves go through the domain, secrets stay hidden."""

import datetime as dt

import pytest
import time_machine
from django.contrib import admin
from django.test import Client

from crew import models
from crew.models import (
    Event,
    Link,
    LinkEvent,
    LinkSecret,
    MaintenanceRecord,
    Person,
    StaffGrant,
)
from tests.factories.crew import (
    NOW,
    ChecklistItemFactory,
    CredentialFactory,
    EventFactory,
    EventGrantFactory,
    GuestFactory,
    ItemTemplateFactory,
    OperatingLimitFactory,
    PortFactory,
    PositionFactory,
    PositionTemplateFactory,
    VesselFactory,
)
from tests.factories.people import PersonFactory, owner

pytestmark = pytest.mark.django_db

# How many queries the list of each noun takes, however long it is.
QUERIES = {
    "boardingrequest": 9,
    "checklistitem": 9,
    "checklisttemplate": 8,
    "credential": 8,
    "dayoff": 9,
    "event": 10,
    "eventgrant": 9,
    "eventtemplate": 8,
    "guest": 9,
    "link": 8,
    "linkevent": 8,
    "linksecret": 8,
    "maintenancerecord": 9,
    "operatinglimit": 10,
    "person": 7,
    "port": 8,
    "position": 7,
    "staffgrant": 8,
    "stepup": 8,
    "vessel": 8,
}
NOUNS = list(QUERIES)


@pytest.fixture(autouse=True)
def _on_monday():  # type: ignore[no-untyped-def]
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(owner(email="boss@example.com", is_staff=True, is_superuser=True))
    return client


def make_one(noun: str) -> object:
    """Make one row of a noun, with everything beside it its own."""
    event = EventFactory()
    made = {
        "checklistitem": lambda: ChecklistItemFactory(event=event),
        "checklisttemplate": lambda: ItemTemplateFactory().checklist,
        "credential": CredentialFactory,
        "dayoff": lambda: models.DayOff.objects.create(
            person=PersonFactory(), first_on=dt.date(2026, 12, 1), last_on=dt.date(2026, 12, 2)
        ),
        "event": lambda: event,
        "eventgrant": lambda: EventGrantFactory(event=event),
        "eventtemplate": lambda: PositionTemplateFactory().template,
        "guest": lambda: GuestFactory(event=event),
        "link": lambda: make_link(event),
        "linkevent": lambda: LinkEvent.objects.create(link=make_link(event), kind="viewed", at=NOW),
        "linksecret": lambda: LinkSecret.objects.get(link=make_link(event)),
        "maintenancerecord": lambda: MaintenanceRecord.objects.create(
            vessel=event.vessel, event=event, title="Winch slips", opened_at=NOW, opened_by=PersonFactory()
        ),
        "operatinglimit": lambda: OperatingLimitFactory(vessel=event.vessel),
        "person": PersonFactory,
        "port": PortFactory,
        "position": lambda: PositionFactory(event=event, holder=PersonFactory()),
        "staffgrant": lambda: StaffGrant.objects.get(person=owner()),
        "stepup": lambda: models.StepUp.objects.create(
            link=make_link(event), code_hash="c" * 64, asked_at=NOW, expires_at=NOW + dt.timedelta(minutes=10)
        ),
        "vessel": VesselFactory,
        "boardingrequest": lambda: models.BoardingRequest.objects.create(
            event=event,
            name="Walk Up",
            email=f"w{event.pk}@example.com",
            ticket_hash=f"{event.pk:064d}",
            asked_at=NOW,
        ),
    }
    return made[noun]()


def make_link(event: Event) -> Link:
    grant = EventGrantFactory(event=event)
    link = Link.objects.create(
        grant=grant, issued_at=NOW, expires_at=NOW + dt.timedelta(days=1), uses_allowed=1
    )
    LinkSecret.objects.create(
        link=link,
        token_hash=f"t0ken{link.pk:059d}",
        code_hash=f"c0de{link.pk:060d}",
        minted_at=NOW,
        shown="mail",
    )
    return link


def test_every_noun_of_the_crew_is_there() -> None:
    registered = {model._meta.model_name for model in admin.site._registry if model._meta.app_label == "crew"}

    assert registered == set(NOUNS)


class TestPages:
    @pytest.mark.parametrize("noun", NOUNS)
    def test_a_list_takes_the_same_queries_at_one_row_and_at_many(
        self, boss: Client, noun: str, django_assert_num_queries
    ) -> None:  # type: ignore[no-untyped-def]
        make_one(noun)
        path = f"/admin/crew/{noun}/"
        boss.get(path)  # Whatever is read once for each process is read now.
        with django_assert_num_queries(QUERIES[noun]):
            assert boss.get(path).status_code == 200
        for _ in range(6):
            make_one(noun)
        with django_assert_num_queries(QUERIES[noun]):
            assert boss.get(path).status_code == 200

    @pytest.mark.parametrize("noun", NOUNS)
    def test_a_page_opens_and_bears_no_hash(self, boss: Client, noun: str) -> None:
        row = make_one(noun)

        page = boss.get(f"/admin/crew/{noun}/{row.pk}/change/")  # type: ignore[attr-defined]
        listed = boss.get(f"/admin/crew/{noun}/")

        assert page.status_code == listed.status_code == 200
        for text in (page.content.decode(), listed.content.decode()):
            assert not any(hashed in text for hashed in ("t0ken", "c0de", "cccccc", "0000000000000000"))

    @pytest.mark.parametrize("noun", NOUNS)
    def test_a_search_finds_and_stands_odd_questions(
        self, boss: Client, noun: str, pytestconfig: pytest.Config
    ) -> None:
        make_one(noun)
        if not admin.site._registry[
            next(m for m in admin.site._registry if m._meta.label_lower == f"crew.{noun}")
        ].search_fields:
            return
        odd = ("%00", "' OR 1=1", "x" * 3000, "☃", "%ED%A0%80")
        # Every second odd question, of each noun others, unless everything is asked for.
        step = 1 if pytestconfig.getoption("--full") else 2
        for question in ("a", *odd[NOUNS.index(noun) % step :: step]):
            assert boss.get(f"/admin/crew/{noun}/?q={question}").status_code in {200, 302, 400}

    @pytest.mark.parametrize("noun", NOUNS)
    @pytest.mark.parametrize("pk", ["x", "0", "-1", "999999999999999999999999", "%00", "1e400", "x" * 500])
    def test_an_id_that_is_none_leads_nowhere(self, boss: Client, noun: str, pk: str) -> None:
        answer = boss.get(f"/admin/crew/{noun}/{pk}/change/")

        assert answer.status_code in {302, 400, 404}

    @pytest.mark.parametrize("noun", NOUNS)
    def test_the_pages_are_for_admin_staff_only(self, client: Client, noun: str) -> None:
        client.force_login(owner())

        assert client.get(f"/admin/crew/{noun}/", follow=True).status_code == 403

    @pytest.mark.parametrize(
        "noun", ["boardingrequest", "link", "linkevent", "linksecret", "stepup", "event", "guest", "position"]
    )
    def test_what_has_a_door_of_its_own_is_not_added_here(self, boss: Client, noun: str) -> None:
        row = make_one(noun)

        assert boss.get(f"/admin/crew/{noun}/add/").status_code == 403
        assert boss.post(f"/admin/crew/{noun}/{row.pk}/delete/", {"post": "yes"}).status_code == 403  # type: ignore[attr-defined]

    @pytest.mark.parametrize("noun", ["boardingrequest", "link", "linkevent", "linksecret", "stepup"])
    def test_what_is_read_only_stays(self, boss: Client, noun: str) -> None:
        row = make_one(noun)

        assert boss.post(f"/admin/crew/{noun}/{row.pk}/change/", {"revoked_at": ""}).status_code == 403  # type: ignore[attr-defined]


def test_a_session_opened_by_a_link_is_not_let_in(client: Client) -> None:
    staff = Person.objects.get(pk=owner(is_staff=True, is_superuser=True).pk)
    client.force_login(staff, backend="crew.sessions.LinkBackend")

    assert client.get("/admin/crew/event/").status_code == 302
