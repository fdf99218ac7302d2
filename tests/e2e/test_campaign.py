"""A campaign from the file of its readers to its results: by the owner, with and without scripts, and as a reader sees it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from crew.models import Person
from mail import tasks
from mail.models import Campaign, CampaignState, MailingList, Message, State
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.harbour import Looker
from tests.factories import people
from tests.mail import campaigning

pytestmark = pytest.mark.e2e

READERS = 12
BODY = "# Jazz by the water\n\nDear {{ first_name }},\n\n**four evenings** at the pier. [Dates](https://example.com/dates)."
GOOD_FILE = "address,name,consent_source,segments\n" + "".join(
    f"reader{number}@example.com,Reader{number} Quill,Ticket checkout,Concerts\n" for number in range(READERS)
)
BAD_FILE = f"{GOOD_FILE}nobody,Nobody,Ticket checkout,\n"


@dataclass
class Desk:
    """Where it happens, who works there, and the folder that the mail is laid in."""

    url: str
    owner: Person
    reader: Person
    mailbox: Path

    def enter(self, page: Page, person: Person) -> None:
        """Sign somebody in."""
        client = Client()
        client.force_login(person)
        cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])

    def subjects(self) -> list[str]:
        """Return the subjects of the mail in the folder."""
        return sorted(
            str(message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"])
            for file in self.mailbox.glob("*.eml")
        )


@pytest.fixture
def desk(transactional_db: None, live_server: LiveServer, settings: Settings, tmp_path: Path) -> Desk:
    settings.BASE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    settings.EMAIL_BACKEND = "mail.transport.MailboxBackend"
    settings.MAIL_TRANSPORT = "mailbox"
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    settings.POSTAL_ADDRESS = "1 Harbour Way, San Diego, CA 92101"
    return Desk(
        url=live_server.url,
        owner=people.owner(email="olive@example.com", name="Olive Owner"),
        reader=people.StaffGrantFactory(person=people.PersonFactory(name="Rea Reader")).person,
        mailbox=settings.MAILBOX_DIR,
    )


def list_is_made_and_filled(page: Page, place: Desk, look: Callable[[Page, str], None]) -> None:
    page.goto(f"{place.url}/mail/lists/")
    look(page, "no list")
    page.get_by_role("link", name="New list").first.click()
    look(page, "new list")
    page.get_by_label("Name", exact=True).fill("Concert guests")
    page.get_by_label("Purpose", exact=True).fill("News of our concerts, twice a year.")
    page.get_by_role("button", name="Make the list").click()
    expect(page.get_by_text("Nobody is on this list yet")).to_be_visible()
    page.get_by_role("link", name="Import a file").click()
    look(page, "import")
    page.get_by_label("File", exact=True).set_input_files(_file("readers.csv", BAD_FILE))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("One row of the file cannot be taken, so nothing was imported.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(f"Line {READERS + 2}"))).to_be_visible()
    look(page, "bad rows")
    page.get_by_label("File", exact=True).set_input_files(_file("readers.csv", BAD_FILE))
    page.get_by_label("Leave out rows that cannot be read").check()
    page.get_by_role("button", name="Import").click()
    expect(
        page.get_by_text(f"{READERS} added, 0 brought up to date, 0 unchanged, 1 left out.")
    ).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(f"Line {READERS + 2}"))).to_be_visible()
    look(page, "left out rows")
    page.get_by_role("link", name="Show the list").click()
    look(page, "list")


def draft_is_written(page: Page, place: Desk, look: Callable[[Page, str], None]) -> Campaign:
    page.goto(f"{place.url}/mail/campaigns/new")
    page.get_by_label("Name", exact=True).fill("Autumn concerts")
    page.get_by_label("Who gets it").select_option(label="Only Concerts")
    page.get_by_label("From", exact=True).fill("JADA Concerts")
    page.get_by_label("Text", exact=True).fill(BODY.replace("first_name", "surname"))
    page.get_by_label("First cohort").fill("5")
    page.get_by_label("Minutes to wait").fill("0")
    page.get_by_label("Income by the model, low").fill("$10,000")
    page.get_by_label("Income by the model, high").fill("$50,000")
    page.get_by_label("One booking brings").fill("250")
    look(page, "new campaign")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Please check this form")).to_be_visible()
    expect(page.get_by_label("Minutes to wait")).to_have_value("0")
    look(page, "refused campaign")
    page.get_by_label("Subject", exact=True).fill("Four evenings of jazz")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text(re.compile(r"Line 3 holds \{\{ surname \}\}"))).to_be_visible()
    page.get_by_label("Text", exact=True).fill(BODY)
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()
    return Campaign.objects.get()


def draft_is_looked_at(page: Page, place: Desk, look: Callable[[Page, str], None], *, scripts: bool) -> None:
    if not scripts:
        page.get_by_role("link", name="Check everything").click()
    expect(page.get_by_text("Nothing stands in the way of starting it.")).to_be_visible()
    page.locator(".mail-frame").scroll_into_view_if_needed()
    expect(page.frame_locator(".mail-frame").get_by_text("Dear Reader0,")).to_be_visible()
    look(page, "draft")
    page.get_by_label("Send a test to").fill("olive@example.com")
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("A test is on its way to olive@example.com.")).to_be_visible()
    tasks.sweep()
    assert place.subjects() == ["[Test] Four evenings of jazz"]


def campaign_is_started(page: Page, look: Callable[[Page, str], None]) -> None:
    page.get_by_role("link", name="Start…").click()
    expect(page.get_by_role("heading", name="Start Autumn concerts?")).to_be_visible()
    for said in ("Concert guests, Concerts", f"{READERS}", "5, at once", "2 complaints or 2 % hard bounces"):
        expect(page.get_by_text(said, exact=True).first).to_be_visible()
    look(page, "start")
    page.get_by_role("button", name="Start sending").click()
    expect(page.get_by_text("Autumn concerts is started.")).to_be_visible()
    expect(page.locator("#progress").get_by_text(f"0 of {READERS}", exact=True).first).to_be_visible()


def _file(name: str, text: str) -> dict[str, object]:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def test_a_campaign_goes_from_a_file_to_its_results(
    desk: Desk, open_page: Callable[..., Page], looker: Callable[..., Looker]
) -> None:
    page, eyes = open_page(viewport=PHONE, refusable=True), looker(PHONE)
    desk.enter(page, desk.owner)
    list_is_made_and_filled(page, desk, eyes.look)
    campaign = draft_is_written(page, desk, eyes.look)
    draft_is_looked_at(page, desk, eyes.look, scripts=True)
    campaign_is_started(page, eyes.look)

    # The first sweep mails the first cohort, and the open page comes to know of it while somebody types.
    page.get_by_label("Why", exact=True).fill("The date is wrong.")
    tasks.sweep()
    expect(page.locator("#progress").get_by_text("5 of 5", exact=True).first).to_be_visible(timeout=10_000)
    eyes.look(page, "sending")

    expect(page.get_by_text("The first cohort has gone.")).to_be_visible()
    page.get_by_role("link", name=f"Let the other {READERS - 5} go now…").click()
    expect(page.get_by_role("button", name=f"Let the other {READERS - 5} go now")).to_be_visible()
    eyes.look(page, "let the rest go")
    page.get_by_role("link", name="Back to the campaign").click()
    page.get_by_role("link", name="Copy as a new draft…").click()
    eyes.look(page, "copy")
    page.get_by_role("link", name="Back to the campaign").click()
    page.get_by_label("Why", exact=True).fill("The date is wrong.")

    # It is paused, with a reason, and goes on.
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("Paused. Nothing more leaves until it is resumed.")).to_be_visible()
    eyes.look(page, "paused")
    tasks.sweep()
    assert Message.objects.filter(campaign=campaign, state=State.SENT).count() == 5
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text("It goes on.")).to_be_visible()

    # Let go, the rest follows, and the page turns to its results.
    for _ in range(4):
        tasks.sweep()
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED
    expect(page.get_by_role("heading", name="Against the model")).to_be_visible(timeout=10_000)
    expect(page.get_by_text(f"{READERS} of {READERS} were sent.")).to_be_visible()
    expect(page.get_by_text("$833.33 to $4,166.67")).to_be_visible()
    eyes.look(page, "finished")
    assert desk.subjects() == ["Four evenings of jazz"] * READERS + ["[Test] Four evenings of jazz"]

    # Each state leads to its messages.
    page.locator("#state-sent").click()
    expect(page.get_by_role("link", name="Four evenings of jazz")).to_have_count(READERS)
    page.goto(f"{desk.url}/mail/campaigns/")
    eyes.look(page, "desk")
    assert eyes.found == [], "\n".join(eyes.found)


def test_all_of_it_works_without_scripts_and_at_night(desk: Desk, open_page: Callable[..., Page]) -> None:
    page = open_page(viewport=DESKTOP, dark=True, scripts=False, refusable=True)
    desk.enter(page, desk.owner)

    def look(page: Page, name: str) -> None:
        assert page.locator("h1").count() == 1, name

    list_is_made_and_filled(page, desk, look)
    campaign = draft_is_written(page, desk, look)
    draft_is_looked_at(page, desk, look, scripts=False)
    campaign_is_started(page, look)
    tasks.sweep()
    page.reload()
    expect(page.locator("#progress").get_by_text("5 of 5", exact=True).first).to_be_visible()

    page.get_by_role("link", name="Cancel the campaign…").click()
    page.get_by_label("Why", exact=True).fill("The pier is closed.")
    page.get_by_role("button", name="Cancel the campaign").click()
    expect(page.get_by_text("5 had left by then; nothing more follows.")).to_be_visible()
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.CANCELLED

    # What it did not reach is written to once more, as a new draft.
    page.get_by_role("link", name="Copy as a new draft…").click()
    expect(page.get_by_label("Leave out those who got it")).to_be_checked()
    page.get_by_role("button", name="Copy as a new draft").click()
    expect(page.get_by_role("heading", name="Copy of Autumn concerts")).to_be_visible()
    page.get_by_role("link", name="Start…").click()
    expect(page.get_by_text(f"{READERS - 5}", exact=True).first).to_be_visible()


def test_at_night_every_page_of_the_desk_meets_wcag_2_2_aa_and_a_reader_only_looks(
    desk: Desk, open_page: Callable[..., Page], looker: Callable[..., Looker]
) -> None:
    owner, eyes = open_page(viewport=DESKTOP, dark=True, refusable=True), looker(DESKTOP)
    desk.enter(owner, desk.owner)
    list_is_made_and_filled(owner, desk, eyes.look)
    campaign = draft_is_written(owner, desk, eyes.look)
    draft_is_looked_at(owner, desk, eyes.look, scripts=True)

    reader = open_page(viewport=DESKTOP, dark=True)
    desk.enter(reader, desk.reader)
    for path, words in (
        ("/mail/campaigns/", "Autumn concerts"),
        (f"/mail/campaigns/{campaign.pk}/", "Nothing has left."),
        ("/mail/lists/", "Concert guests"),
        (f"/mail/lists/{MailingList.objects.get().pk}/", "reader0@example.com"),
    ):
        reader.goto(f"{desk.url}{path}")
        expect(reader.get_by_text(words).first).to_be_visible()
        eyes.look(reader, path)
        for name in ("New campaign", "New list", "Start…", "Import a file", "Remove", "Cancel the campaign…"):
            expect(reader.get_by_role("link", name=name)).to_have_count(0)
        expect(reader.locator("main button[type=submit]:not(:text('Show'))")).to_have_count(0)
    assert eyes.found == [], "\n".join(eyes.found)


def test_who_watches_a_campaign_after_the_session_ended_is_sent_to_sign_in_and_back(
    desk: Desk, browser: Browser
) -> None:
    row = campaigning.started(campaigning.mailing_list(count=2))
    path = f"/mail/campaigns/{row.pk}/"
    # A page of its own: the refusal goes to the console.
    page = browser.new_page()
    desk.enter(page, desk.owner)
    page.goto(f"{desk.url}{path}")
    expect(page.locator("#progress")).to_be_visible()

    page.context.clear_cookies()
    page.wait_for_url(f"{desk.url}/account/login/?next={path}")
    page.close()
