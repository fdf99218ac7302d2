"""What looks like a secret is blanked at the door, and stands nowhere afterwards."""

import datetime as dt
import time
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from portfolio.domain import handoffs
from portfolio.domain.technology.masking import mask, mask_bytes
from portfolio.models import HandoffRow, TechFinding
from tests.factories import people
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.once

# Put together here, so that no file of ours holds what looks like a key.
STRIPE = "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc"
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
AWS_SECRET = "wJalrXUtnFEMI/" + "K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
GITHUB = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
PASSWORD = "correct" + "horse9"
SECRETS = (STRIPE, AWS, AWS_SECRET, GITHUB, PASSWORD)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"stripe.api_key = {STRIPE}", "stripe.api_key = [masked Stripe key]"),
        (f"line 14 holds {STRIPE}, twice", "line 14 holds [masked Stripe key], twice"),
        (f"id {AWS} with {AWS_SECRET}", "id [masked AWS key] with [masked secret]"),
        (f"TOKEN: {GITHUB}", "TOKEN: [masked token]"),
        (f"DB_PASSWORD={PASSWORD};", "DB_PASSWORD=[masked secret];"),
        (f'{{"client_secret": "{PASSWORD}"}}', '{"client_secret": [masked secret]}'),
        (f"smtp://bo:{PASSWORD}@mail.example.com", "smtp://bo:[masked secret]@mail.example.com"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", "[masked private key]"),
        ("-----BEGIN PRIVATE KEY-----\nabc", "[masked private key]"),
        ("0f" * 20, "[masked secret]"),
        ("a.b " + "aB3" * 9, "a.b [masked secret]"),
    ],
)
def test_secrets_are_blanked(text: str, masked: str) -> None:
    assert mask(text) == masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Token-signing secret readable in function configuration",
        "Secret: nobody knows it",
        "See docs/books/receivables-and-payables.md and d1a2b3.cloudfront.net",
        "arn:aws:lambda:us-west-2:123456789012:function:shipcaptaincrew",
        "The quote email is never delivered: the form posts to a script endpoint.",
        "2026-10-19T09:12:00-07:00, release-2026-10-19-claim-dialog",
        "",
    ],
)
def test_words_paths_and_names_are_left_alone(text: str) -> None:
    assert mask(text) == text


def test_the_samples_notes_are_what_they_were() -> None:
    for note in (Path(settings.BASE_DIR) / "demo" / "handoffs").glob("*.md"):
        assert mask_bytes(note.read_bytes()) == note.read_bytes()


def test_long_texts_of_anything_are_masked_in_no_time() -> None:
    for text in ("secret" * 50_000, "a" * 300_000, "x://" * 75_000, "-----BEGIN A" * 25_000, "aB3/" * 75_000):
        started = time.process_time()
        mask(text)
        assert time.process_time() - started < 2


def everything_stored() -> str:
    """Return every text of every row of the portfolio and of the trail."""
    models = (*apps.get_app_config("portfolio").get_models(), *apps.get_app_config("core").get_models())
    found = [repr(row) for model in models for row in model._default_manager.values_list()]
    return "\n".join(found)


@pytest.mark.django_db
def test_no_secret_of_a_note_or_a_form_stands_in_the_database_or_on_a_page(
    caplog: pytest.LogCaptureFixture,
) -> None:
    note = (
        "---\nentity: qos\nname: Queen\nkind: charter\nupdated: 2026-11-09\n---\n# Queen\n\n## Technical debt\n"
        f"- [ ] (critical, internet) Keys hardcoded: {STRIPE}. Effort: 1\n- [ ] (high) env has password={PASSWORD}\n\n"
        f"## Notes\nThe robot signs in with {AWS} and {AWS_SECRET}.\n\n## KPIs\n| KPI | Value |\n|---|---|\n| Key | {GITHUB} |\n"
    )
    EntityFactory(slug="qos", name="Queen")
    at = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
    handoffs.land(files=[("qos.md", note.encode())], at=at)
    assert TechFinding.objects.get(key="keys-in-code").title == "Keys hardcoded: [masked Stripe key]"
    assert HandoffRow.objects.filter(text__contains="[masked").count() >= 3

    browser = Client()
    browser.force_login(people.owner(email="owner@example.com", name="Owner"))
    base = "/portfolio/entities/qos/technology/"
    told = {
        "title": f"Found {STRIPE}", "kind": "security", "severity": "4", "exposure": "2", "effort": "1",
        "evidence": f"password={PASSWORD} and {AWS}", "remedy": AWS_SECRET, "seen_on": "2026-11-09",
    }  # fmt: skip
    pages = [
        browser.post(f"{base}findings/add/", told | {"severity": "9"}),
        browser.post(f"{base}findings/add/", told, follow=True),
        browser.post(f"{base}systems/add/", {"name": GITHUB, "kind": "other", "exposure": "internal"}, follow=True),
        browser.post(
            f"{base}records/add/",
            {"zone": "example.com", "name": "example.com", "type": "TXT", "ttl": "1", "value": AWS_SECRET}, follow=True,
        ),
        browser.post(f"{base}caches/add/", {"path": STRIPE, "seconds": "300", "said_by": AWS}, follow=True),
        browser.post(
            f"{base}deployments/add/",
            {"released_at": "2026-11-09 10:00", "what": AWS, "change": f"token={PASSWORD}", "outcome": "ok"}, follow=True,
        ),
    ]  # fmt: skip
    assert [page.status_code for page in pages] == [422, 200, 200, 200, 200, 200]
    shown = "\n".join(page.content.decode() for page in pages)
    for secret in SECRETS:
        assert secret not in shown
        assert secret not in caplog.text
        assert secret not in everything_stored()
    assert "[masked secret]" in shown
