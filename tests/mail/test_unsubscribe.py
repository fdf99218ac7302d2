"""The token in a campaign's mail, and what its bearer may stop and start."""

import base64
import uuid
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils.crypto import salted_hmac
from pytest_django import DjangoAssertNumQueries, Settings

from core.models import AuditEvent
from mail.domain import suppression, unsubscribe
from mail.models import Kind, Message, Reason, Scope, State, Suppression
from tests.factories.people import PersonFactory
from tests.mail import letters
from tests.mail.audience import READER, a_campaign, a_list, a_mail, a_message, subscribe

AT = letters.AT
pytestmark = pytest.mark.django_db


class TestToken:
    def test_it_is_found_again_and_stands_in_no_table(self) -> None:
        message = a_mail(a_list())
        token = unsubscribe.token(message.public_id)

        assert unsubscribe.read(token=token).message == message
        assert len(token) == 43
        assert not Message.objects.filter(payload__icontains=token).exists()

    def test_the_link_is_the_whole_address_of_the_page(self, settings: Settings) -> None:
        settings.BASE_URL = "https://deck.example.com/"
        message = a_mail(a_list())

        link = unsubscribe.link(message)

        assert link.startswith("https://deck.example.com/u/")
        assert urlsplit(link).path == reverse("unsubscribe:page", args=[unsubscribe.token(message.public_id)])

    def test_only_commercial_mail_bears_the_headers(self, settings: Settings) -> None:
        settings.BASE_URL = "https://deck.example.com"
        message = a_mail(a_list())

        assert unsubscribe.headers(message) == (
            ("List-Unsubscribe", f"<{unsubscribe.link(message)}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        )
        for kind in (Kind.ESSENTIAL, Kind.SERVICE):
            assert unsubscribe.headers(a_message(kind)) == ()

    def test_a_token_of_any_other_mail_opens_nothing(self) -> None:
        report = a_message(Kind.SERVICE)
        with pytest.raises(unsubscribe.UnknownTokenError):
            unsubscribe.read(token=unsubscribe.token(report.public_id))

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda token: "",
            lambda token: token[:-1],
            lambda token: token + "A",
            lambda token: token + ".",
            lambda token: token + "\n",
            lambda token: token.upper(),
            lambda token: token.lower(),
            lambda token: token[::-1],
            lambda token: "A" * 43,
            lambda token: token[:20] + "\x00" + token[21:],
            lambda token: token[:20] + "é" + token[21:],
            lambda token: token[:20] + "\ud800" + token[21:],
            lambda token: token + "=",
            lambda token: token * 230,
            # The spare bits of the last letter: another spelling of the same bytes.
            lambda token: token[:-1] + chr(ord(token[-1]) + 1),
            lambda token: base64.urlsafe_b64encode(uuid.uuid4().bytes + b"0" * 16).decode().rstrip("="),
        ],
    )
    def test_any_other_text_opens_nothing(self, spoil) -> None:  # type: ignore[no-untyped-def]
        token = unsubscribe.token(a_mail(a_list()).public_id)
        with pytest.raises(unsubscribe.UnknownTokenError):
            unsubscribe.read(token=spoil(token))

    def test_mail_sent_before_the_key_changed_can_still_be_stopped(self, settings: Settings) -> None:
        message = a_mail(a_list())
        token = unsubscribe.token(message.public_id)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
            "another-key-of-many-letters",
            [settings.SECRET_KEY],
        )

        assert unsubscribe.token(message.public_id) != token
        assert unsubscribe.read(token=token).message == message

        settings.SECRET_KEY_FALLBACKS = []
        with pytest.raises(unsubscribe.UnknownTokenError):
            unsubscribe.read(token=token)

    def test_a_test_mail_leads_to_the_list_of_its_campaign(self) -> None:
        mailing_list = a_list()
        campaign = a_campaign(mailing_list)
        test_mail = a_message(Kind.COMMERCIAL, payload={"campaign": campaign.pk})
        lost = a_message(Kind.COMMERCIAL, payload={"campaign": "?"})

        found = unsubscribe.read(token=unsubscribe.token(test_mail.public_id))
        assert found.mailing_list == mailing_list
        assert unsubscribe.read(token=unsubscribe.token(lost.public_id)).mailing_list is None


class TestStopping:
    def test_it_stops_the_mails_own_list_at_once_and_takes_waiting_mail_out_of_the_queue(self) -> None:
        mailing_list, other = a_list("one"), a_list("other")
        message, elsewhere = a_mail(mailing_list), a_mail(other, key="other")
        report = a_message(Kind.SERVICE)

        unsubscribe.stop(token=unsubscribe.token(message.public_id), scope=Scope.LIST, at=AT)

        row = Suppression.objects.get()
        assert (row.address_key, row.scope, row.mailing_list, row.reason, row.message) == (
            READER,
            Scope.LIST,
            mailing_list,
            Reason.UNSUBSCRIBED,
            message,
        )
        states = {one.pk: one.state for one in Message.objects.all()}
        assert states == {
            message.pk: State.SUPPRESSED,
            elsewhere.pk: State.QUEUED,
            report.pk: State.QUEUED,
        }
        line = AuditEvent.objects.get()
        assert (line.action, line.actor_id) == ("mail:suppression:add", None)

    def test_the_same_again_changes_nothing(self) -> None:
        token = unsubscribe.token(a_mail(a_list()).public_id)
        for _ in range(3):
            unsubscribe.stop(token=token, scope=Scope.LIST, at=AT)

        assert (Suppression.objects.count(), AuditEvent.objects.count()) == (1, 1)

    def test_all_campaigns_are_stopped_and_reports_go_on(self) -> None:
        token = unsubscribe.token(a_mail(a_list()).public_id)

        unsubscribe.stop(token=token, scope=Scope.COMMERCIAL, at=AT)

        assert suppression.holding(keys=[READER], kind=Kind.COMMERCIAL, list_id=99)
        assert not suppression.holding(keys=[READER], kind=Kind.SERVICE)

    def test_a_mail_whose_list_is_not_known_stops_all_campaigns(self) -> None:
        lost = a_message(Kind.COMMERCIAL)

        unsubscribe.stop(token=unsubscribe.token(lost.public_id), scope=Scope.LIST, at=AT)

        assert Suppression.objects.get().scope == Scope.COMMERCIAL

    def test_another_list_of_the_address_may_be_stopped_and_a_strangers_may_not(self) -> None:
        mine, strange = a_list("mine"), a_list("strange")
        token = unsubscribe.token(a_mail(a_list("one")).public_id)
        subscribe(mine)

        unsubscribe.stop(token=token, scope=Scope.LIST, list_id=mine.pk, at=AT)
        with pytest.raises(unsubscribe.ChoiceRefusedError):
            unsubscribe.stop(token=token, scope=Scope.LIST, list_id=strange.pk, at=AT)

        assert Suppression.objects.get().mailing_list == mine


class TestStartingAgain:
    def stopped(self, reason: Reason, scope: Scope = Scope.LIST) -> tuple[str, int]:
        mailing_list = a_list()
        token = unsubscribe.token(a_mail(mailing_list).public_id)
        suppression.add(
            address=READER,
            scope=scope,
            reason=reason,
            mailing_list=mailing_list if scope == Scope.LIST else None,
            at=AT,
        )
        return token, mailing_list.pk

    @pytest.mark.parametrize("scope", [Scope.LIST, Scope.COMMERCIAL])
    def test_what_the_reader_stopped_the_reader_starts(self, scope: Scope) -> None:
        token, pk = self.stopped(Reason.UNSUBSCRIBED, scope)

        unsubscribe.resume(token=token, scope=scope, list_id=pk if scope == Scope.LIST else None, at=AT)

        row = Suppression.objects.get()
        assert (row.lifted_at, row.lifted_why) == (AT, "The reader turned it on again on their own page.")
        assert AuditEvent.objects.filter(action="mail:suppression:lift", actor_id__isnull=True).count() == 1

    @pytest.mark.parametrize("reason", [Reason.BY_HAND, Reason.SOFT_BOUNCES])
    def test_what_we_stopped_the_reader_does_not_start(self, reason: Reason) -> None:
        token, pk = self.stopped(reason)
        with pytest.raises(unsubscribe.ChoiceRefusedError, match="You did not stop this yourself"):
            unsubscribe.resume(token=token, scope=Scope.LIST, list_id=pk, confirmed=True, at=AT)
        assert Suppression.objects.get().lifted_at is None

    def test_after_a_complaint_the_reader_is_asked_once_more(self) -> None:
        token, pk = self.stopped(Reason.COMPLAINT)
        with pytest.raises(unsubscribe.ConfirmFirstError):
            unsubscribe.resume(token=token, scope=Scope.LIST, list_id=pk, at=AT)
        assert Suppression.objects.get().lifted_at is None

        unsubscribe.resume(token=token, scope=Scope.LIST, list_id=pk, confirmed=True, at=AT)

        assert Suppression.objects.get().lifted_at == AT

    def test_where_it_comes_already_nothing_changes(self) -> None:
        mailing_list = a_list()
        token = unsubscribe.token(a_mail(mailing_list).public_id)

        unsubscribe.resume(token=token, scope=Scope.LIST, list_id=mailing_list.pk, at=AT)
        unsubscribe.resume(token=token, scope=Scope.COMMERCIAL, at=AT)

        assert AuditEvent.objects.count() == 0

    def test_turning_it_on_without_end_is_refused_and_turning_it_off_never(self) -> None:
        token, pk = self.stopped(Reason.UNSUBSCRIBED)
        for _ in range(unsubscribe.ON_AGAIN.most):
            unsubscribe.resume(token=token, scope=Scope.LIST, list_id=pk, at=AT)
            unsubscribe.stop(token=token, scope=Scope.LIST, at=AT)

        with pytest.raises(unsubscribe.ChoiceRefusedError, match="Try again in an hour"):
            unsubscribe.resume(token=token, scope=Scope.LIST, list_id=pk, at=AT)
        assert suppression.live(READER)

    def test_a_dead_address_is_not_revived(self) -> None:
        token, _ = self.stopped(Reason.HARD_BOUNCE, Scope.ALL)

        unsubscribe.resume(token=token, scope=Scope.COMMERCIAL, at=AT)

        assert Suppression.objects.get().lifted_at is None

    def test_who_is_signed_in_stands_in_the_trail(self) -> None:
        person, mailing_list = PersonFactory(email=READER), a_list()
        subscribe(mailing_list)
        whose = {
            "address_key": READER,
            "scope": Scope.LIST,
            "list_id": mailing_list.pk,
            "by": person,
            "at": AT,
        }

        unsubscribe.opt_out(**whose)
        unsubscribe.opt_in(**whose, confirmed=False)

        assert [line.actor for line in AuditEvent.objects.all()] == [person, person]
        assert Suppression.objects.get().lifted_at == AT


class TestPreferences:
    @pytest.mark.parametrize("number", [1, 30])
    def test_lists_stand_by_name_and_cost_two_queries(
        self, number: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for index in range(number):
            subscribe(a_list(f"list-{index:02}"))
        with django_assert_num_queries(2):
            found = unsubscribe.preferences(READER)

        assert [choice.mailing_list.name for choice in found.lists if choice.mailing_list] == [
            f"List {index:02}" for index in range(number)
        ]
        assert all(choice.on for choice in found.lists)
        assert (found.campaigns.on, found.dead) == (True, None)

    def test_a_list_that_was_left_still_stands_there_as_off(self) -> None:
        gone = a_list("gone")
        suppression.add(
            address=READER, scope=Scope.LIST, reason=Reason.UNSUBSCRIBED, mailing_list=gone, at=AT
        )

        (choice,) = unsubscribe.preferences(READER).lists

        assert (choice.mailing_list, choice.on, choice.may_resume, choice.asks_first) == (
            gone,
            False,
            True,
            False,
        )

    def test_the_tokens_own_list_stands_there_even_when_the_subscriber_was_removed(self) -> None:
        mailing_list = a_list()
        message = a_message(Kind.COMMERCIAL, campaign=a_campaign(mailing_list))
        ticket = unsubscribe.read(token=unsubscribe.token(message.public_id))

        assert [choice.mailing_list for choice in unsubscribe.preferences(READER, ticket=ticket).lists] == [
            mailing_list
        ]
        assert unsubscribe.preferences(READER).lists == ()

    def test_a_masked_address_is_known_to_its_owner_alone(self) -> None:
        assert unsubscribe.mask("mate@example.com") == "m•••@example.com"


@pytest.mark.parametrize("secret", ["short", "k" * 64, "schlüssel-" + "x" * 50])
def test_a_token_is_what_djangos_own_digest_makes_it(settings: Settings, secret: str) -> None:
    settings.SECRET_KEY = secret
    public_id = uuid.uuid4()

    digest = salted_hmac("mail.domain.unsubscribe", public_id.hex, secret=secret, algorithm="sha256").digest()
    made = base64.urlsafe_b64decode(unsubscribe.token(public_id) + "=")
    assert made == public_id.bytes + digest[:16]
