"""How an item moves: who has it, what it asks for, and what the trail says afterwards."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core.models import AuditEvent
from crew.domain import checklists, maintenance
from crew.domain.checklists import (
    MOVES,
    ChecklistError,
    HoldRefusedError,
    ItemMovedError,
    NotWorkedError,
    Proof,
    StepNotLegalError,
)
from crew.domain.evidence import EvidenceRefusedError
from crew.domain.history import SYSTEM, Actor
from crew.models import ChecklistItem, Event, EventState, ItemState, MaintenanceRecord
from tests.crew.checklists.conftest import AT, claimed, read
from tests.factories.crew import (
    ChecklistItemFactory,
    EventFactory,
    PositionFactory,
    role_on,
)

LATER = AT + dt.timedelta(minutes=5)

pytestmark = pytest.mark.django_db


def trail(item: ChecklistItem) -> list[tuple[str, list[str]]]:
    events = AuditEvent.objects.filter(subject_type="crew.checklistitem", subject_id=str(item.pk))
    return [(event.action, event.data["state"]) for event in events.order_by("id")]


class TestClaiming:
    def test_who_claims_has_it_and_the_trail_says_by_which_grant(self, event: Event, ana: Actor) -> None:
        item = ChecklistItemFactory(event=event)
        checklists.claim_item(item=item, by=ana, at=AT)

        fresh = read(item)
        assert (fresh.state, fresh.claimer, fresh.claimed_at, fresh.first_claimed_at) == (
            ItemState.CLAIMED,
            ana.person,
            AT,
            AT,
        )
        line = AuditEvent.objects.get(action="crew:item:claim")
        assert (line.actor, line.scope, line.data) == (
            ana.person,
            f"event:{event.key}",
            {"state": ["pending", "claimed"], "grant": ana.grant_id},
        )

    def test_who_is_second_reads_who_was_first_and_since_when(
        self, event: Event, ana: Actor, ben: Actor
    ) -> None:
        item = ChecklistItemFactory(event=event)
        seen_by_ben = read(item)
        checklists.claim_item(item=item, by=ana, at=AT)

        with pytest.raises(ItemMovedError, match=r"^Ana has this since 14:02 PST\.$"):
            checklists.claim_item(item=seen_by_ben, by=ben, at=LATER)
        with pytest.raises(ItemMovedError, match=r"^You have this since 14:02 PST\.$"):
            checklists.claim_item(item=read(item), by=ana, at=LATER)
        assert trail(item) == [("crew:item:claim", ["pending", "claimed"])]

    def test_losing_costs_one_look_and_winning_one_transaction(
        self, event: Event, ana: Actor, ben: Actor, django_assert_num_queries: object
    ) -> None:
        item = read(ChecklistItemFactory(event=event))
        seen_by_ben = read(item)
        with django_assert_num_queries(5):  # type: ignore[operator]  # a look, and the savepoint around two
            checklists.claim_item(item=item, by=ana, at=AT)
        with django_assert_num_queries(1), pytest.raises(ItemMovedError):  # type: ignore[operator]
            checklists.claim_item(item=seen_by_ben, by=ben, at=AT)

    @pytest.mark.parametrize(
        ("state", "sentence"),
        [
            (EventState.DRAFT, "This event is still a draft; its checklist can be worked once"),
            (EventState.COMPLETED, "This event is completed, so its checklist is closed."),
            (EventState.CANCELLED, "This event is cancelled, so its checklist is closed."),
        ],
    )
    def test_nothing_is_worked_on_a_draft_or_on_what_is_over(self, state: str, sentence: str) -> None:
        event = EventFactory(state=state, cancel_reason="Storm" if state == EventState.CANCELLED else "")
        by = Actor(role_on(event, "captain"))
        item = ChecklistItemFactory(event=event)
        for move in (checklists.claim_item, checklists.complete_item):
            with pytest.raises(NotWorkedError, match=f"^{sentence}"):
                move(item=item, by=by, at=AT)
        assert trail(item) == []

    def test_quarterdeck_itself_works_no_item(self, event: Event) -> None:
        with pytest.raises(ChecklistError, match=r"^A checklist is worked by people"):
            checklists.claim_item(item=ChecklistItemFactory(event=event), by=SYSTEM, at=AT)


class TestCompleting:
    def test_the_claimer_completes_a_tick(self, event: Event, ana: Actor) -> None:
        item = claimed(event, ana)
        checklists.complete_item(item=item, by=ana, at=LATER)

        fresh = read(item)
        assert (fresh.state, fresh.completed_by, fresh.completed_at, fresh.claimer) == (
            ItemState.COMPLETED,
            ana.person,
            LATER,
            ana.person,
        )
        assert trail(item) == [
            ("crew:item:claim", ["pending", "claimed"]),
            ("crew:item:complete", ["claimed", "completed"]),
        ]

    def test_a_captain_completes_a_pending_item_in_one_go_and_the_trail_says_both(
        self, event: Event, ben: Actor
    ) -> None:
        item = ChecklistItemFactory(event=event)
        checklists.complete_item(item=item, by=ben, at=AT)
        assert read(item).claimer == ben.person
        assert trail(item) == [
            ("crew:item:claim", ["pending", "claimed"]),
            ("crew:item:complete", ["claimed", "completed"]),
        ]

    def test_what_changed_hands_meanwhile_is_not_completed(
        self, event: Event, ana: Actor, ben: Actor
    ) -> None:
        item = claimed(event, ana)
        seen_by_captain = read(item)
        checklists.give_back_item(item=item, by=ana, at=AT)
        checklists.claim_item(item=item, by=ben, at=LATER)
        with pytest.raises(ItemMovedError, match=r"^You have this since 14:07 PST\.$"):
            checklists.complete_item(item=seen_by_captain, by=ben, at=LATER)
        assert read(item).state == ItemState.CLAIMED

    def test_a_second_completion_is_told_who_completed_it(self, event: Event, ana: Actor, ben: Actor) -> None:
        item = claimed(event, ana)
        as_seen = read(item)
        checklists.complete_item(item=item, by=ana, at=LATER)
        with pytest.raises(ItemMovedError, match=r"^This was completed by Ana at 14:07 PST\.$"):
            checklists.complete_item(item=as_seen, by=ben, at=LATER)
        with pytest.raises(StepNotLegalError, match=r"^This was completed by you at 14:07 PST\.$"):
            checklists.complete_item(item=read(item), by=ana, at=LATER)

    @pytest.mark.parametrize(
        ("kind", "sentence"),
        [
            ("number", "Write down the number you read."),
            ("text", "Write down what you found."),
            ("photo", "Take a photo of it."),
        ],
    )
    def test_evidence_that_is_missing_is_asked_for(
        self, event: Event, ana: Actor, kind: str, sentence: str
    ) -> None:
        item = claimed(event, ana, evidence=kind)
        with pytest.raises(EvidenceRefusedError, match=sentence):
            checklists.complete_item(item=item, by=ana, at=LATER, proof=Proof(text="  "))
        assert read(item).state == ItemState.CLAIMED

    def test_words_are_kept_and_stand_in_the_trail(self, event: Event, ana: Actor) -> None:
        item = claimed(event, ana, evidence="text")
        checklists.complete_item(item=item, by=ana, at=LATER, proof=Proof(text=" Dry. "))
        assert read(item).value_text == "Dry."
        assert AuditEvent.objects.get(action="crew:item:complete").data["value_text"] == ["", "Dry."]

    def test_a_reopened_item_is_its_claimers_again_and_can_be_completed_anew(
        self, event: Event, ana: Actor, ben: Actor
    ) -> None:
        item = claimed(event, ana)
        checklists.complete_item(item=item, by=ana, at=AT)
        checklists.reopen_item(item=read(item), by=ben, at=LATER)
        fresh = read(item)
        assert (fresh.state, fresh.claimer, fresh.completed_at) == (ItemState.CLAIMED, ana.person, None)
        checklists.complete_item(item=fresh, by=ana, at=LATER)
        assert read(item).completed_at == LATER
        with pytest.raises(StepNotLegalError, match=r"^You have this"):
            checklists.reopen_item(item=claimed(event, ana), by=ana, at=LATER)


class TestLimits:
    @pytest.fixture
    def tank(self, event: Event, ana: Actor) -> ChecklistItem:
        return claimed(
            event, ana, text="Tank pressure", evidence="number", low=Decimal(5), high=Decimal(7), unit="bar"
        )

    @pytest.mark.parametrize("measured", ["5", "6.999", "7.000"])
    def test_a_number_within_the_limits_completes(
        self, tank: ChecklistItem, ana: Actor, measured: str
    ) -> None:
        checklists.complete_item(item=tank, by=ana, at=LATER, proof=Proof(number=Decimal(measured)))
        fresh = read(tank)
        assert (fresh.state, fresh.value_number, fresh.missed_limits) == (
            ItemState.COMPLETED,
            Decimal(measured),
            False,
        )
        assert not MaintenanceRecord.objects.exists()

    @pytest.mark.parametrize("measured", ["4.2", "7.001", "-5"])
    def test_a_number_out_of_limits_holds_the_item_and_opens_a_maintenance_record(
        self, event: Event, tank: ChecklistItem, ana: Actor, measured: str
    ) -> None:
        captain = role_on(event, "captain", name="Cap")
        PositionFactory(event=event, station="captain", holder=captain)
        checklists.complete_item(item=tank, by=ana, at=LATER, proof=Proof(number=Decimal(measured)))

        assert tank.state == ItemState.ON_HOLD
        fresh = read(tank)
        reason = f"Measured {measured} bar; the limits are 5 to 7 bar."
        assert (fresh.state, fresh.value_number, fresh.missed_limits, fresh.hold_count) == (
            ItemState.ON_HOLD,
            Decimal(measured),
            True,
            1,
        )
        assert (fresh.hold_reason, fresh.hold_owner, fresh.review_at) == (
            reason,
            captain,
            LATER + dt.timedelta(minutes=30),
        )
        record = MaintenanceRecord.objects.get()
        assert (record.vessel, record.event, record.item, record.note, record.opened_by) == (
            event.vessel,
            event,
            tank,
            reason,
            ana.person,
        )
        actions = AuditEvent.objects.filter(scope=f"event:{event.key}").order_by("id")
        assert [line.action for line in actions] == [
            "crew:item:claim",
            "crew:item:miss",
            "crew:maintenance:open",
        ]

    def test_measuring_again_out_of_limits_keeps_one_record_and_within_them_completes(
        self, tank: ChecklistItem, ana: Actor
    ) -> None:
        for measured in ("4", "4.5"):
            checklists.complete_item(item=read(tank), by=ana, at=LATER, proof=Proof(number=Decimal(measured)))
        fresh = read(tank)
        assert (fresh.hold_count, fresh.hold_owner, fresh.value_number) == (1, ana.person, Decimal("4.500"))
        assert MaintenanceRecord.objects.count() == 1
        checklists.complete_item(item=fresh, by=ana, at=LATER, proof=Proof(number=Decimal(6)))
        fresh = read(tank)
        assert (fresh.state, fresh.hold_reason, fresh.missed_limits) == (ItemState.COMPLETED, "", True)
        assert MaintenanceRecord.objects.filter(closed_at__isnull=True).count() == 1

    def test_it_is_resumed_once_the_record_is_closed(self, tank: ChecklistItem, ana: Actor) -> None:
        checklists.complete_item(item=tank, by=ana, at=LATER, proof=Proof(number=Decimal(4)))
        with pytest.raises(HoldRefusedError, match="maintenance record of this item is still open"):
            checklists.resume_item(item=read(tank), by=ana, at=LATER)
        maintenance.close(
            record=MaintenanceRecord.objects.get(), resolution="Regulator changed.", by=ana, at=LATER
        )
        assert read(tank).state == ItemState.ON_HOLD
        checklists.resume_item(item=read(tank), by=ana, at=LATER)
        assert read(tank).state == ItemState.CLAIMED

    def test_if_the_record_cannot_be_opened_nothing_is_recorded(
        self, event: Event, tank: ChecklistItem, ana: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A record that is open by hand and unseen by the look: the database's own constraint refuses the second.
        MaintenanceRecord.objects.create(event=event, item=tank, title="By hand", opened_at=AT)
        monkeypatch.setattr(maintenance, "is_open_for", lambda *, item: False)
        with pytest.raises(IntegrityError), transaction.atomic():
            checklists.complete_item(item=tank, by=ana, at=LATER, proof=Proof(number=Decimal(4)))
        fresh = read(tank)
        assert (fresh.state, fresh.value_number, fresh.hold_count) == (ItemState.CLAIMED, None, 0)


class TestHolding:
    def test_a_hold_says_why_who_and_when(self, event: Event, ana: Actor, ben: Actor) -> None:
        item = claimed(event, ana)
        review_at = LATER + dt.timedelta(hours=1)
        checklists.hold_item(
            item=item, reason=" Pump is away. ", owner=ben.person, review_at=review_at, by=ana, at=LATER
        )
        fresh = read(item)
        assert (fresh.state, fresh.hold_reason, fresh.hold_owner, fresh.review_at, fresh.hold_count) == (
            ItemState.ON_HOLD,
            "Pump is away.",
            ben.person,
            review_at,
            1,
        )
        data = AuditEvent.objects.get(action="crew:item:hold").data
        assert (data["state"], data["hold_reason"], data["hold_owner"]) == (
            ["claimed", "on_hold"],
            ["", "Pump is away."],
            [None, "Ben"],
        )
        checklists.resume_item(item=fresh, by=ana, at=review_at)
        fresh = read(item)
        assert (fresh.state, fresh.hold_reason, fresh.hold_owner, fresh.review_at, fresh.hold_count) == (
            ItemState.CLAIMED,
            "",
            None,
            None,
            1,
        )

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "a\x00b"])
    def test_a_hold_needs_a_reason_in_plain_words(self, event: Event, ana: Actor, reason: str) -> None:
        with pytest.raises(HoldRefusedError, match="Say in plain words, at most 300 characters"):
            checklists.hold_item(
                item=claimed(event, ana),
                reason=reason,
                owner=ana.person,
                review_at=LATER,
                by=ana,
                at=AT,
            )

    def test_a_review_that_has_passed_is_refused(self, event: Event, ana: Actor) -> None:
        with pytest.raises(HoldRefusedError, match="The review time has passed"):
            checklists.hold_item(
                item=claimed(event, ana), reason="Why", owner=ana.person, review_at=AT, by=ana, at=AT
            )

    def test_given_back_it_is_anybodys_and_its_first_claim_is_remembered(
        self, event: Event, ana: Actor, ben: Actor
    ) -> None:
        item = claimed(event, ana)
        checklists.give_back_item(item=item, by=ana, at=LATER)
        fresh = read(item)
        assert (fresh.state, fresh.claimer, fresh.claimed_at) == (ItemState.PENDING, None, None)
        checklists.claim_item(item=fresh, by=ben, at=LATER)
        fresh = read(item)
        assert (fresh.claimer, fresh.claimed_at, fresh.first_claimed_at) == (ben.person, LATER, AT)


class TestTheTableOfMoves:
    @pytest.mark.parametrize("stands", list(ItemState))
    @pytest.mark.parametrize("to", list(ItemState))
    def test_a_move_goes_where_the_table_says_and_nowhere_else(
        self, event: Event, ana: Actor, stands: ItemState, to: ItemState
    ) -> None:
        item = ChecklistItemFactory(event=event)
        ways = {
            ItemState.PENDING: [],
            ItemState.CLAIMED: [checklists.claim_item],
            ItemState.ON_HOLD: [checklists.claim_item, _hold],
            ItemState.COMPLETED: [checklists.claim_item, checklists.complete_item],
        }
        for step in ways[stands]:
            step(item=read(item), by=ana, at=AT)
        item = read(item)
        assert item.state == stands
        move = {
            ItemState.PENDING: [checklists.give_back_item],
            ItemState.CLAIMED: [
                {
                    ItemState.ON_HOLD: checklists.resume_item,
                    ItemState.COMPLETED: checklists.reopen_item,
                }.get(stands, checklists.claim_item)
            ],
            ItemState.ON_HOLD: [_hold],
            ItemState.COMPLETED: [checklists.complete_item],
        }[to][0]
        # A pending item is completed by claiming it on the way, which the table has as two moves.
        if to in MOVES[stands] or (stands, to) == (ItemState.PENDING, ItemState.COMPLETED):
            move(item=item, by=ana, at=LATER)
            assert read(item).state == to == item.state
        else:
            lines = len(trail(item))
            with pytest.raises(ChecklistError):
                move(item=item, by=ana, at=LATER)
            assert read(item).state == stands
            assert len(trail(item)) == lines


def _hold(*, item: ChecklistItem, by: Actor, at: dt.datetime) -> None:
    assert by.person is not None
    checklists.hold_item(
        item=item, reason="Wait", owner=by.person, review_at=at + dt.timedelta(hours=1), by=by, at=at
    )
