"""What stops mail to an address, what it stops, and that nothing starts once it has committed."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from mail.domain import claims, states, suppression
from mail.models import CampaignState, Kind, Message, Reason, Scope, State, Suppression
from tests.factories.people import PersonFactory
from tests.mail import letters
from tests.mail.audience import a_campaign, a_list, a_message

AT = letters.AT


def suppress(scope: Scope = Scope.ALL, reason: Reason = Reason.HARD_BOUNCE, **changes: Any) -> Suppression:
    row = suppression.add(
        **{"address": "reader@example.com", "scope": scope, "reason": reason, "at": AT, **changes}
    )
    assert row is not None
    return row


@pytest.mark.django_db
class TestWhatAScopeStops:
    @pytest.mark.parametrize(
        ("scope", "stopped"),
        [
            (Scope.ALL, {Kind.SERVICE, Kind.COMMERCIAL}),
            (Scope.COMMERCIAL, {Kind.COMMERCIAL}),
            (Scope.LIST, {Kind.COMMERCIAL}),
        ],
    )
    def test_a_dead_address_stops_all_but_the_essential_and_an_opt_out_campaigns_alone(
        self, scope: Scope, stopped: set[Kind]
    ) -> None:
        one = a_list()
        suppress(scope, mailing_list=one if scope == Scope.LIST else None)

        for kind in Kind:
            held = suppression.holding(keys=["reader@example.com"], kind=kind, list_id=one.pk)
            assert bool(held) is (kind in stopped), kind

    def test_an_opt_out_of_one_list_leaves_the_other_lists_alone(self) -> None:
        one, other = a_list("one"), a_list("other")
        suppress(Scope.LIST, Reason.UNSUBSCRIBED, mailing_list=one)
        ask = {"keys": ["reader@example.com"], "kind": Kind.COMMERCIAL}

        assert suppression.holding(**ask, list_id=one.pk)
        assert not suppression.holding(**ask, list_id=other.pk)
        assert not suppression.holding(**ask)

    def test_the_widest_of_several_is_named(self) -> None:
        one = a_list()
        for scope in (Scope.LIST, Scope.ALL, Scope.COMMERCIAL):
            suppress(scope, mailing_list=one if scope == Scope.LIST else None)

        held = suppression.holding(keys=["reader@example.com"], kind=Kind.COMMERCIAL, list_id=one.pk)

        assert held["reader@example.com"].scope == Scope.ALL
        assert [row.scope for row in suppression.live("reader@example.com")] == list(suppression.STOPS)

    def test_a_lifted_one_stops_nothing(self) -> None:
        suppression.lift(suppression=suppress(), why="The box works again.", by=None, at=AT)

        assert not suppression.holding(keys=["reader@example.com"], kind=Kind.SERVICE)

    @pytest.mark.parametrize("number", [1, 200])
    def test_any_number_of_addresses_takes_one_query_and_essential_mail_none(
        self, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        keys = [f"reader{index}@example.com" for index in range(number)]
        for key in keys:
            suppress(Scope.COMMERCIAL, address=key)

        with django_assert_num_queries(1):
            held = suppression.holding(keys=keys, kind=Kind.COMMERCIAL, list_id=1)
            assert set(held) == set(keys)
            assert suppression.sentence(held[keys[0]])
        with django_assert_num_queries(0):
            assert suppression.holding(keys=keys, kind=Kind.ESSENTIAL) == {}
            assert suppression.holding(keys=[], kind=Kind.COMMERCIAL) == {}

    def test_messages_of_every_kind_are_asked_about_in_one_query(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        one, other = a_list("one"), a_list("other")
        suppress(Scope.LIST, Reason.UNSUBSCRIBED, mailing_list=one)
        suppress(Scope.ALL, address="dead@example.com")
        dead = {"to_address": "Dead@example.com"}
        stopped = {
            a_message(Kind.COMMERCIAL, campaign=a_campaign(one)).pk: Scope.LIST,
            a_message(Kind.SERVICE, key="dead", **dead).pk: Scope.ALL,
            a_message(Kind.COMMERCIAL, campaign=a_campaign(other), key="campaign", **dead).pk: Scope.ALL,
        }
        a_message(Kind.COMMERCIAL, campaign=a_campaign(other), key="other list")
        a_message(Kind.COMMERCIAL, key="test mail")
        a_message(Kind.SERVICE, key="report")
        a_message(Kind.ESSENTIAL, key="code", **dead)
        asked = list(Message.objects.select_related("campaign"))

        with django_assert_num_queries(2):  # is there any, and which
            held = suppression.holding_for(asked)
            assert {pk: row.scope for pk, row in held.items()} == stopped
            assert "“One”" in " ".join(map(suppression.sentence, held.values()))
        with django_assert_num_queries(0):
            assert suppression.holding_for([row for row in asked if row.kind == Kind.ESSENTIAL]) == {}
        Suppression.objects.update(lifted_at=AT, lifted_why="They asked for it.")
        with django_assert_num_queries(1):
            assert suppression.holding_for(asked) == {}

    @pytest.mark.parametrize("asked", [1, 50, 1000])
    def test_both_halves_of_the_question_are_answered_by_an_index(self, asked: int) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("PostgreSQL reads a table of a few rows whole, whatever indexes it has.")
        for number in range(50):
            suppress(Scope.COMMERCIAL, address=f"reader{number}@example.com")
        rows = suppression._live([f"reader{number}@example.com" for number in range(asked)], lists=True)
        plan = rows.explain()  # type: ignore[attr-defined]

        assert "SCAN" not in plan
        assert "suppression_live_once (address_key=? AND scope=?)" in plan
        assert "suppression_live_once_per_list (address_key=?" in plan


@pytest.mark.django_db
class TestAdding:
    @pytest.mark.parametrize(
        "spelling",
        ["READER@bücher.example.com", "reader@BÜCHER.Example.COM", "Reader@xn--bcher-kva.example.com"],
    )
    def test_all_spellings_of_an_address_are_one(self, spelling: str) -> None:
        suppress(address=spelling)

        assert Suppression.objects.get().address_key == "reader@xn--bcher-kva.example.com"
        assert (
            suppression.add(
                address="reader@bücher.example.com", scope=Scope.ALL, reason=Reason.BY_HAND, at=AT
            )
            is None
        )
        assert Suppression.objects.count() == 1

    def test_a_second_reason_for_the_same_scope_adds_nothing_and_leaves_the_transaction_usable(self) -> None:
        first = suppress()
        with transaction.atomic():
            again = suppression.add(
                address="reader@example.com", scope=Scope.ALL, reason=Reason.BY_HAND, at=AT
            )
            other = suppress(Scope.COMMERCIAL)

        assert again is None
        assert set(Suppression.objects.values_list("pk", flat=True)) == {first.pk, other.pk}
        assert AuditEvent.objects.filter(action="mail:suppression:add").count() == 2

    def test_what_waits_for_the_address_and_is_covered_is_taken_out_of_the_queue(self) -> None:
        one, other = a_list("one"), a_list("other")
        queued = a_message(Kind.COMMERCIAL, campaign=a_campaign(one))
        held = a_message(
            Kind.COMMERCIAL,
            key="held",
            campaign=a_campaign(one, CampaignState.PAUSED),
            state=State.HELD,
            to_address="READER@example.com",
        )
        untouched = [
            a_message(Kind.COMMERCIAL, key="other list", campaign=a_campaign(other)),
            a_message(Kind.SERVICE, key="report"),
            a_message(Kind.ESSENTIAL, key="code"),
            a_message(Kind.COMMERCIAL, key="else", to_address="else@example.com"),
            a_message(
                Kind.COMMERCIAL, key="gone", campaign=a_campaign(one), state=State.SENDING, claimed_at=AT
            ),
        ]

        row = suppress(Scope.LIST, Reason.UNSUBSCRIBED, mailing_list=one)

        for message in (queued, held):
            message.refresh_from_db()
            assert (message.state, message.settled_at, message.error) == (
                State.SUPPRESSED,
                AT,
                "This address gets no campaigns of the list “One”, because this reader unsubscribed "
                "(10 November 2026).",
            )
        for message in untouched:
            was = message.state
            message.refresh_from_db()
            assert message.state == was, message.dedupe_key
        line = AuditEvent.objects.get(action="mail:suppression:add")
        assert (line.actor_id, line.subject_id, line.data) == (
            None,
            str(row.pk),
            {"scope": "list", "reason": "unsubscribed", "detail": "", "messages": 2, "list": "one"},
        )

    def test_a_dead_address_takes_reports_and_campaigns_out_of_the_queue_and_leaves_codes(self) -> None:
        report, code = a_message(Kind.SERVICE), a_message(Kind.ESSENTIAL)

        suppress()

        report.refresh_from_db()
        code.refresh_from_db()
        assert (report.state, code.state) == (State.SUPPRESSED, State.QUEUED)
        assert report.error.startswith("This address gets no mail but codes and links, because mail to this")

    def test_nothing_is_left_of_it_when_the_callers_transaction_fails(self) -> None:
        message = a_message(Kind.SERVICE)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            suppress()
            raise ZeroDivisionError

        message.refresh_from_db()
        assert (message.state, Suppression.objects.count()) == (State.QUEUED, 0)
        assert not AuditEvent.objects.filter(action="mail:suppression:add").exists()

    @pytest.mark.parametrize("named", [True, False])
    def test_a_list_is_named_for_its_scope_and_for_no_other(self, named: bool) -> None:
        scope = Scope.COMMERCIAL if named else Scope.LIST
        with pytest.raises(suppression.SuppressionRefusedError, match=r"list|leave it empty"):
            suppress(scope, mailing_list=a_list() if named else None)
        assert Suppression.objects.count() == 0

    @pytest.mark.parametrize(
        "address", ["", "reader", "a@b@c", "x@example.com, y@example.com", "a\x00@example.com"]
    )
    def test_what_is_no_address_is_refused(self, address: str) -> None:
        with pytest.raises(suppression.fields.UnsendableError):
            suppress(address=address)

    def test_a_diagnosis_no_database_bears_is_kept_without_the_signs(self) -> None:
        row = suppress(detail="550\x00 no such \ud800 user " + "x" * 600)

        row.refresh_from_db()
        assert row.detail.startswith("550 no such ? user xxx")
        assert len(row.detail) == 500


@pytest.mark.django_db
def test_its_sentence_says_the_day_at_the_portfolios_place() -> None:
    late = dt.datetime(2026, 11, 11, 5, 30, tzinfo=dt.UTC)

    assert "(10 November 2026)" in suppression.sentence(suppress(at=late))


@pytest.mark.django_db
class TestLifting:
    def test_it_ends_with_who_and_why_and_what_it_stopped_stays_stopped(self) -> None:
        message, owner = a_message(Kind.SERVICE), PersonFactory()
        row = suppress()

        suppression.lift(suppression=row, why="  The box\nworks again. ", by=owner, at=AT)

        row.refresh_from_db()
        message.refresh_from_db()
        assert (row.lifted_at, row.lifted_why, message.state) == (
            AT,
            "The box works again.",
            State.SUPPRESSED,
        )
        line = AuditEvent.objects.get(action="mail:suppression:lift")
        assert (line.actor, line.data["why"]) == (owner, "The box works again.")

    def test_the_same_address_may_be_suppressed_again(self) -> None:
        suppression.lift(suppression=suppress(), why="It works.", by=None, at=AT)
        suppress()

        assert Suppression.objects.count() == 2

    @pytest.mark.parametrize("why", ["", "  \n ", "\x00", "x" * 501])
    def test_it_needs_a_reason_that_fits(self, why: str) -> None:
        row = suppress()
        with pytest.raises(suppression.SuppressionRefusedError, match=r"Say why|at most 500"):
            suppression.lift(suppression=row, why=why, by=PersonFactory(), at=AT)
        row.refresh_from_db()
        assert row.lifted_at is None

    @pytest.mark.parametrize("reason", [Reason.COMPLAINT, Reason.UNSUBSCRIBED])
    def test_whoever_overrules_the_readers_own_word_says_why_in_a_sentence(self, reason: Reason) -> None:
        row, owner = suppress(Scope.COMMERCIAL, reason), PersonFactory()
        with pytest.raises(suppression.SuppressionRefusedError, match="Say in a whole sentence why"):
            suppression.lift(suppression=row, why="Mistake.", by=owner, at=AT)

        suppression.lift(suppression=row, why="They asked for it by phone today.", by=owner, at=AT)

        row.refresh_from_db()
        assert row.lifted_at == AT

    def test_it_is_lifted_once(self) -> None:
        row = suppress()
        suppression.lift(suppression=row, why="It works.", by=None, at=AT)
        with pytest.raises(suppression.AlreadyLiftedError):
            suppression.lift(suppression=row, why="It works.", by=None, at=AT)
        assert AuditEvent.objects.filter(action="mail:suppression:lift").count() == 1


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do several things at the same time, each over a connection of its own; return what they returned, in order."""
    results: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        close_old_connections()
        try:
            start.wait(10)
            results[place] = act()
        except Exception as error:  # noqa: BLE001 - the test says what it makes of it
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=entry) for entry in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def claim(claimed: list[int], stop: threading.Event) -> None:
    """Claim what is due, a few at a time, until told to stop."""
    while not stop.is_set():
        claimed += [row.pk for row in claims.claim_batch(limit=3, at=AT)]


@pytest.mark.django_db(transaction=True)
class TestTheFence:
    def test_it_is_held_by_a_transaction_only(self) -> None:
        with pytest.raises(transaction.TransactionManagementError):
            suppression.fence(exclusive=False)

    def test_the_same_suppression_from_eight_sides_is_one_row(self) -> None:
        acts = [
            lambda: suppression.add(
                address="reader@example.com", scope=Scope.ALL, reason=Reason.COMPLAINT, at=AT
            )
        ] * 8

        results = at_once(*acts)

        assert sum(isinstance(result, Suppression) for result in results) == 1
        assert sum(result is None for result in results) == 7
        assert AuditEvent.objects.filter(action="mail:suppression:add").count() == 1

    def test_a_suppression_waits_for_a_claim_under_way_and_a_later_claim_sees_it(self) -> None:
        if connection.vendor == "sqlite":
            pytest.skip("SQLite lets one writer in at a time; the race below shows what comes of it.")
        looked, go_on = threading.Event(), threading.Event()
        message = a_message(Kind.SERVICE)

        def slow_claim() -> int:
            with transaction.atomic():
                suppression.fence(exclusive=False)
                assert suppression.holding_for([message]) == {}
                looked.set()
                go_on.wait(10)
                return states.move(
                    Message.objects.filter(pk=message.pk), State.SENDING, claimed_at=AT, tries=1
                )

        def suppressing() -> float:
            looked.wait(10)
            threading.Timer(0.3, go_on.set).start()
            suppress()
            assert go_on.is_set()
            return time.monotonic()

        won, _ = at_once(slow_claim, suppressing)

        message.refresh_from_db()
        # It had started before the suppression committed, so it goes; nothing after it does.
        assert (won, message.state) == (1, State.SENDING)
        assert suppression.holding_for([message])

    def test_mail_written_while_its_address_was_suppressed_is_set_aside_when_its_turn_comes(self) -> None:
        written, suppressed = threading.Event(), threading.Event()

        def write() -> int:
            with transaction.atomic():
                message = a_message(Kind.SERVICE)
                written.set()
                # SQLite lets the other in only once this has committed.
                suppressed.wait(10 if connection.vendor == "postgresql" else 0)
            return message.pk

        def suppressing() -> None:
            written.wait(10)
            suppress()
            suppressed.set()

        pk, _ = at_once(write, suppressing)

        assert claims.claim_batch(limit=10, at=AT) == []
        message = Message.objects.get(pk=pk)
        assert (message.state, message.tries) == (State.SUPPRESSED, 0)
        assert message.error.startswith("This address gets no mail but codes and links")

    def test_nothing_covered_starts_after_a_suppression_has_committed(self) -> None:
        campaign = a_campaign(a_list())
        readers = [f"reader{number}@example.com" for number in range(60)]
        rows = {
            a_message(
                Kind.COMMERCIAL if number % 2 else Kind.SERVICE,
                key=reader,
                campaign=campaign if number % 2 else None,
                to_address=reader.title(),
            ).pk: reader
            for number, reader in enumerate(readers)
        }
        claimed: list[int] = []
        # How each message stood when the suppression of its address had committed.
        stood: dict[str, str] = {}
        done = threading.Event()

        def suppress_some() -> None:
            try:
                for reader in reversed(readers[::2]):
                    suppress(address=reader)
                    stood[reader] = Message.objects.get(address_key=reader).state
            finally:
                done.set()

        results = at_once(lambda: claim(claimed, done), lambda: claim(claimed, done), suppress_some)

        assert results == [None, None, None]
        assert len(stood) == 30
        assert set(stood.values()) <= {State.SENDING, State.SUPPRESSED}
        for message in Message.objects.filter(pk__in=rows):
            if message.address_key in stood:
                assert message.state == stood[message.address_key]
            assert (message.pk in claimed) is (message.state == State.SENDING)
        assert len(set(claimed)) == len(claimed)
