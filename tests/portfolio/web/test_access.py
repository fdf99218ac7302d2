"""Every page of the portfolio with everybody: owner, bookkeeper, bookings, a reader of one entity, an outsider,
and somebody who has not signed in.
"""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from core.models import AuditEvent
from portfolio.models import Agreement, Entity, JournalEntry, Stake
from portfolio.web import urls
from tests.portfolio.web.conftest import Records, World

WHO = ("owner", "bookkeeper", "bookings", "reader")

# Pages of records: name, address of a set of records, who may open it for their own entity.
PAGES: list[tuple[str, Callable[[Records], str], set[str]]] = [
    ("entity", lambda r: f"/portfolio/entities/{r.entity.slug}/", {*WHO}),
    ("entries", lambda r: f"/portfolio/entities/{r.entity.slug}/entries/", {*WHO}),
    ("handoff", lambda r: f"/portfolio/entities/{r.entity.slug}/handoff/", {*WHO}),
    ("months", lambda r: f"/portfolio/entities/{r.entity.slug}/months/", {*WHO}),
    (
        "reconcile_month",
        lambda r: f"/portfolio/entities/{r.entity.slug}/months/2026-10/reconcile/",
        {"owner", "bookkeeper"},
    ),
    (
        "close_month",
        lambda r: f"/portfolio/entities/{r.entity.slug}/months/2026-10/close/",
        {"owner", "bookkeeper"},
    ),
    ("reopen_month", lambda r: f"/portfolio/entities/{r.entity.slug}/months/2026-10/reopen/", {"owner"}),
    ("bank", lambda r: f"/portfolio/entities/{r.entity.slug}/bank/", {*WHO}),
    ("unexplained_lines", lambda r: f"/portfolio/entities/{r.entity.slug}/bank/unexplained/", {*WHO}),
    (
        "bank_balance",
        lambda r: f"/portfolio/entities/{r.entity.slug}/bank/balance/",
        {"owner", "bookkeeper"},
    ),
    ("bank_line", lambda r: f"/portfolio/bank-lines/{r.bank_line.pk}/", {"owner", "bookkeeper"}),
    ("rules", lambda r: f"/portfolio/entities/{r.entity.slug}/rules/", {*WHO}),
    ("add_rule", lambda r: f"/portfolio/entities/{r.entity.slug}/rules/add/", {"owner", "bookkeeper"}),
    ("change_rule", lambda r: f"/portfolio/rules/{r.rule.pk}/change/", {"owner", "bookkeeper"}),
    ("column_maps", lambda r: f"/portfolio/entities/{r.entity.slug}/column-maps/", {*WHO}),
    ("column_map", lambda r: f"/portfolio/column-maps/{r.column_map.pk}/", {"owner", "bookkeeper"}),
    ("account_month", lambda r: f"/portfolio/accounts/{r.accounts['1010'].pk}/2026-10/", {*WHO}),
    ("entry", lambda r: f"/portfolio/entries/{r.entry.pk}/", {*WHO}),
    ("reverse_entry", lambda r: f"/portfolio/entries/{r.entry.pk}/reverse/", {"owner", "bookkeeper"}),
    ("booking", lambda r: f"/portfolio/bookings/{r.booking.pk}/", {*WHO}),
    ("change_booking", lambda r: f"/portfolio/bookings/{r.booking.pk}/change/", {"owner", "bookings"}),
    ("import", lambda r: f"/portfolio/imports/{r.file.pk}/", {*WHO}),
    ("sign_stake", lambda r: f"/portfolio/stakes/{r.stake.pk}/sign/", {"owner"}),
    ("move_channel", lambda r: f"/portfolio/channels/{r.channel.pk}/move/", {"owner", "bookings"}),
    ("adopt_model", lambda r: f"/portfolio/models/{r.model.pk}/adopt/", {"owner"}),
    ("hand_over", lambda r: f"/portfolio/responsibilities/{r.responsibility.pk}/hand-over/", {"owner"}),
    ("set_billing", lambda r: f"/portfolio/contracts/{r.contract.pk}/billing/", {"owner"}),
]
LISTS: list[tuple[str, str, set[str]]] = [
    ("entities", "/portfolio/", {*WHO}),
    ("bookings", "/portfolio/bookings/", {*WHO}),
    ("imports", "/portfolio/imports/", {*WHO}),
    ("add_booking", "/portfolio/bookings/add/", {"owner", "bookings"}),
    ("upload", "/portfolio/imports/add/", {"owner", "bookkeeper"}),
]
# That every address is answered for, each for everybody, is the matrix's to know (tests/crew/permissions). Here are the
# pages of the books' first floor; the pages of an entity that only its name leads to are looked at from the addresses.


def pages_of_an_entity() -> list[str]:
    """Return the addresses of pages that are addressed by an entity alone."""
    patterns = (found for found in urls.urlpatterns if isinstance(found, URLPattern))
    return [
        reverse(f"portfolio:{found.name}", args=["qos"])
        for found in patterns
        if list(found.pattern.converters) == ["slug"]
    ]


@pytest.mark.parametrize(("name", "path", "allowed"), PAGES, ids=[name for name, *_ in PAGES])
def test_a_page_of_a_record(
    world: World, name: str, path: Callable[[Records], str], allowed: set[str]
) -> None:
    for who in WHO:
        expected = 200 if who in allowed else 403
        assert world.client(who).get(path(world.mine)).status_code == expected, who


@pytest.mark.parametrize(("name", "path", "allowed"), PAGES, ids=[name for name, *_ in PAGES])
def test_another_entitys_record_does_not_exist_for_a_reader(
    world: World, name: str, path: Callable[[Records], str], allowed: set[str]
) -> None:
    for method in ("get", "post"):
        answer = getattr(world.client("reader"), method)(path(world.other))
        assert answer.status_code == (405 if method == "post" and name in READ_ONLY else 404)
        assert not any(mark in answer.content.decode() for mark in world.other.marks())


def test_nothing_of_an_entity_taken_out_of_use_has_a_page(world: World) -> None:
    Entity.objects.filter(pk=world.mine.entity.pk).update(active=False)
    owner = world.client("owner")
    # A file may have brought lines of several entities.
    of_one = [(name, path(world.mine)) for name, path, _ in PAGES if name != "import"]
    answered = {name: owner.get(path).status_code for name, path in of_one}
    assert answered == dict.fromkeys(answered, 404)


READ_ONLY = {
    "entity", "entries", "handoff", "months", "account_month", "entry", "booking", "import", "bank", "rules",
    "column_maps", "unexplained_lines",
}  # fmt: skip


@pytest.mark.parametrize(("name", "path", "allowed"), LISTS, ids=[name for name, *_ in LISTS])
def test_a_list(world: World, name: str, path: str, allowed: set[str]) -> None:
    for who in WHO:
        assert world.client(who).get(path).status_code == (200 if who in allowed else 403), who


@pytest.mark.parametrize("path", ["/portfolio/", "/portfolio/bookings/", "/portfolio/imports/", "/"])
def test_a_readers_lists_name_nothing_of_another_entity(world: World, path: str) -> None:
    page = world.client("reader").get(path).content.decode()

    assert world.mine.entity.name in page
    assert not any(mark in page for mark in world.other.marks())


def every_path(world: World) -> list[str]:
    records = [path(world.mine) for _, path, _ in PAGES]
    return [*records, *(path for _, path, _ in LISTS), f"/portfolio/records/booking/{world.mine.booking.pk}/"]


def test_an_outsider_is_refused_everywhere(world: World) -> None:
    client = world.client("outsider")

    for path in [*every_path(world), "/"]:
        answer = client.get(path)
        assert answer.status_code == 403, path
        assert not any(mark in answer.content.decode() for mark in world.mine.marks())


def test_nobody_in_particular_is_sent_to_sign_in(world: World) -> None:
    client = world.client("anonymous")

    for path in [*every_path(world), "/"]:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/account/login/?next={path}"), path


def test_an_outsiders_posts_change_nothing(world: World) -> None:
    before = (AuditEvent.objects.count(), JournalEntry.objects.count())
    for who in ("outsider", "anonymous", "reader"):
        client = world.client(who)
        for _, path, allowed in PAGES:
            if "reader" not in allowed:
                client.post(path(world.mine), {"signed_on": "2026-11-10", "to": "live", "on": "2026-11-10"})
        client.post(
            f"/portfolio/bookings/{world.mine.booking.pk}/advance/", {"to": "paid", "on": "2026-11-10"}
        )

    assert (AuditEvent.objects.count(), JournalEntry.objects.count()) == before
    assert not Stake.objects.filter(agreement=Agreement.SIGNED).exists()


@pytest.mark.parametrize(
    "path",
    [
        "entities/atlantis/",
        "entities/atlantis/entries/",
        "entities/atlantis/handoff/",
        "entities/atlantis/months/",
        "entities/atlantis/months/2026-10/reconcile/",
        "accounts/999999999/",
        "accounts/999999999/2026-10/",
        "accounts/99999999999999999999999999/2026-10/",
        "entries/99999999999999999999999999/",
        "bookings/999999/",
        "imports/999999/",
        "stakes/999999/sign/",
        "channels/999999/move/",
        "models/999999/adopt/",
        "responsibilities/999999/hand-over/",
        "contracts/999999/billing/",
        "records/booking/999999/",
        "records/nonsense/1/",
        "nonsense/",
    ],
)
def test_what_does_not_exist_is_not_found(world: World, path: str) -> None:
    assert world.client("owner").get(f"/portfolio/{path}").status_code == 404


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "0000-01", "26-10", "2026-1", "2026-10-01", "%00", "٢٠٢٦-١٠"]
)
def test_an_odd_month_is_not_found(world: World, month: str) -> None:
    account = world.mine.accounts["1010"]

    assert world.client("owner").get(f"/portfolio/accounts/{account.pk}/{month}/").status_code == 404


@pytest.mark.parametrize("month", ["0001-01", "1999-12", "9999-12"])
def test_any_month_of_the_calendar_has_a_page(world: World, month: str) -> None:
    account = world.mine.accounts["1010"]

    assert world.client("owner").get(f"/portfolio/accounts/{account.pk}/{month}/").status_code == 200


def test_wrong_methods_are_refused(world: World) -> None:
    client = world.client("owner")
    for name, path, _ in PAGES:
        if name in READ_ONLY:
            assert client.post(path(world.mine)).status_code == 405, name
        assert client.delete(path(world.mine)).status_code == 405, name
    assert client.get(f"/portfolio/bookings/{world.mine.booking.pk}/advance/").status_code == 405
    assert client.get("/portfolio/imports/land/").status_code == 405
    assert client.post("/portfolio/").status_code == 405
    assert client.post("/").status_code == 405


INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", re.IGNORECASE)


def test_pages_hold_no_inline_script_or_style(world: World) -> None:
    client = world.client("owner")
    for path in [*every_path(world), *pages_of_an_entity(), "/"]:
        answer = client.get(path, follow=True)
        if answer.status_code == 405 or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        page = answer.content.decode()
        assert not INLINE.search(page), path
        assert "None" not in re.sub(r"<[^>]+>", "", page), path
        assert page.count("<h1") == 1, path


@pytest.mark.parametrize(
    ("model", "record", "lands_on"),
    [
        ("account", lambda r: r.accounts["1010"], lambda r: f"/portfolio/accounts/{r.accounts['1010'].pk}/"),
        ("booking", lambda r: r.booking, lambda r: f"/portfolio/bookings/{r.booking.pk}/"),
        ("entry", lambda r: r.entry, lambda r: f"/portfolio/entries/{r.entry.pk}/"),
        ("import", lambda r: r.file, lambda r: f"/portfolio/imports/{r.file.pk}/"),
        ("stake", lambda r: r.stake, lambda r: "/portfolio/entities/qos/#stakes"),
        ("channel", lambda r: r.channel, lambda r: f"/portfolio/channels/{r.channel.pk}/"),
        ("contract", lambda r: r.contract, lambda r: "/portfolio/entities/qos/#contracts"),
        ("responsibility", lambda r: r.responsibility, lambda r: "/portfolio/entities/qos/#responsibilities"),
        ("model", lambda r: r.model, lambda r: "/portfolio/entities/qos/#models"),
        ("handoff", lambda r: r.handoff, lambda r: "/portfolio/entities/qos/#handoff"),
    ],
)
def test_any_record_has_an_address(world: World, model: str, record, lands_on) -> None:  # type: ignore[no-untyped-def]
    address = f"/portfolio/records/{model}/{record(world.mine).pk}/"

    answer = world.client("reader").get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, lands_on(world.mine))
    hidden = world.client("reader").get(f"/portfolio/records/{model}/{record(world.other).pk}/")
    assert hidden.status_code == 404


def test_a_post_without_the_forms_token_is_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.owner)

    for name, path, _ in PAGES:
        if name not in READ_ONLY:
            assert client.post(path(world.mine), {"signed_on": "2026-11-10"}).status_code == 403, name
    assert (
        client.post(f"/portfolio/bookings/{world.mine.booking.pk}/advance/", {"to": "paid"}).status_code
        == 403
    )
    assert client.post("/portfolio/imports/land/", {"token": "x"}).status_code == 403
    assert not Stake.objects.filter(agreement=Agreement.SIGNED).exists()
