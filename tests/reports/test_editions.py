"""Editions of the sample: findings that clear when a record changes, what changed, and what never does."""

import datetime as dt

import pytest

from core import months
from crew.models import Person
from mail.models import Message
from portfolio.domain import bookings, channels, ledger, plans, reconciliation, stakes
from portfolio.domain.receivables.contracts import set_billing_model
from portfolio.domain.responsibilities import move_handover
from portfolio.models import (
    AccountRole,
    BillingModel,
    Booking,
    BookingStage,
    Channel,
    ChannelStatus,
    ClientContract,
    Entity,
    EntrySource,
    Handover,
    MonthlyBalance,
    ProfitabilityModel,
    Responsibility,
    Stake,
)
from reports.document import Badge, Document, Draft, Unit, dump, load
from reports.domain import catalogue, issue, queries, runs, trace
from reports.lenses import LENSES
from reports.metrics import Facts
from reports.models import Action, ActionState, Edition, Finding, FindingState, Report, Run, RunState, Trigger
from tests.reports.sample_case import AS_OF, AT, OCTOBER, draft, figure, issued, whole

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]


class TestFindingsClear:
    """Change a record, and the next edition no longer finds it and says so."""

    def clears(self, rule: str, *, lens: str = "ceo") -> None:
        """Issue again and expect exactly one finding of that rule cleared, with its action done."""
        before = load(Document, Edition.objects.get(report__slug=lens, number=1).document)
        title = next(row.title for row in before.findings if row.rule == rule)
        document = load(Document, issued(lens).document)
        assert rule not in {row.rule for row in document.findings if row.status != "cleared"}
        assert title in document.changes.findings_cleared
        assert document.changes.since.startswith("edition 1 of")
        finding = Finding.objects.get(rule=rule, title=title)
        assert finding.state == FindingState.CLEARED
        assert finding.cleared_on == AS_OF
        assert {action.state for action in Action.objects.filter(finding=finding)} == {ActionState.DONE}

    def move_sailo(self, to: ChannelStatus, by: Person) -> None:
        """Put Sailo live, or take it down, on the as-of date."""
        channels.move_channel(
            channel=Channel.objects.get(slug="sailo"), to=to, on=AS_OF, today=AS_OF, at=AT, by=by
        )

    def test_adding_a_confirmed_charter_clears_the_empty_pipeline(self, sample_owner: Person) -> None:
        issued("ceo")
        booking = Booking.objects.create(
            entity=Entity.objects.get(slug="qos"),
            reference="QOS-9001",
            title="Winter sunset sail",
            kind="charter",
            stage=BookingStage.HELD,
            enquired_on=AS_OF,
            service_on=dt.date(2026, 12, 12),
            price_minor=230_000,
            deposit_minor=115_000,
            paid_minor=115_000,
        )
        bookings.advance(booking=booking, to=BookingStage.BOOKED, by=sample_owner, at=AT, on=AS_OF)
        self.clears("pipeline-empty")

    def test_signing_the_partner_s_agreement_clears_it(self, sample_owner: Person) -> None:
        issued("ceo")
        stakes.sign_agreement(
            stake=Stake.objects.get(holder="Sailing partner"),
            signed_on=AS_OF,
            today=AS_OF,
            at=AT,
            by=sample_owner,
        )
        self.clears("partner-unsigned")
        document = load(Document, Edition.objects.get(report__slug="ceo", number=2).document)
        assert (
            "The note on QueenofSanDiego contradicts the record: qos.md line 42"
            in document.changes.findings_new
        )

    def test_listing_a_channel_clears_it(self, sample_owner: Person) -> None:
        issued("ceo")
        self.move_sailo(ChannelStatus.LIVE, sample_owner)
        self.clears("no-live-listing")

    def test_setting_the_last_client_s_billing_model_clears_it(self, sample_owner: Person) -> None:
        issued("ceo")
        set_billing_model(
            contract=ClientContract.objects.get(client__name="Tide Yoga"),
            billing_model=BillingModel.HOURLY,
            rate_minor=8500,
            at=AT,
            by=sample_owner,
        )
        self.clears("billing-undefined")

    def test_handing_over_clears_it(self, sample_owner: Person) -> None:
        issued("ceo")
        move_handover(
            responsibility=Responsibility.objects.get(role="Operations lead"),
            to=Handover.COMPLETE,
            at=AT,
            by=sample_owner,
        )
        self.clears("handover-open")

    def test_adopting_the_model_clears_it(self, sample_owner: Person) -> None:
        issued("ceo")
        plans.adopt_model(
            model=ProfitabilityModel.objects.get(entity__slug="qos"), today=AS_OF, at=AT, by=sample_owner
        )
        self.clears("model-missing")

    def test_a_booking_won_by_the_broken_funnel_clears_it(self, sample_owner: Person) -> None:
        issued("ceo")
        booking = Booking.objects.create(
            entity=Entity.objects.get(slug="qdn"),
            reference="QDN-9001",
            title="Garage clear-out",
            kind="haul",
            stage=BookingStage.HELD,
            enquired_on=AS_OF,
            service_on=AS_OF + dt.timedelta(days=5),
            price_minor=28_500,
        )
        bookings.advance(booking=booking, to=BookingStage.BOOKED, by=sample_owner, at=AT, on=AS_OF)
        self.clears("funnel-broken")

    def test_reconciling_a_month_clears_the_untracked_revenue_and_measures_it(
        self, sample_owner: Person
    ) -> None:
        issued("ceo")
        qos = Entity.objects.get(slug="qos")
        cash = sum(
            row.debit_minor - row.credit_minor
            for row in MonthlyBalance.objects.filter(
                account__entity=qos, account__role=AccountRole.CASH, month__lte=OCTOBER
            )
        )
        reconciliation.reconcile_month(
            entity=qos, month=OCTOBER, statement_minor=cash, by=sample_owner, at=AT
        )
        self.clears("revenue-not-tracked")
        document = load(Document, Edition.objects.get(report__slug="ceo", number=2).document)
        measured = figure(document, "revenue_per_charter", "QueenofSanDiego", "Oct 2026")
        assert (measured.value, measured.badge) == (210_000, Badge.MEASURED)
        table = next(section for section in document.sections if section.anchor == "kpi-gaps").blocks[0]
        left = {row.cells[0].text for row in table.rows}  # type: ignore[union-attr]
        assert not left & {
            "Revenue per charter",
            "Contribution per charter",
            "Utilisation",
            "Lead conversion",
        }

    def test_a_year_s_revenue_is_measured_once_each_of_its_months_is_reconciled(
        self, sample_owner: Person
    ) -> None:
        qos = Entity.objects.get(slug="qos")
        for month in range(OCTOBER, OCTOBER - 12, -1):
            year = figure(draft("ceo"), "revenue_12m", "QueenofSanDiego")
            assert (months.label(month), year.badge) == (months.label(month), Badge.UNRECONCILED)
            cash = sum(
                row.debit_minor - row.credit_minor
                for row in MonthlyBalance.objects.filter(
                    account__entity=qos, account__role=AccountRole.CASH, month__lte=month
                )
            )
            reconciliation.reconcile_month(
                entity=qos, month=month, statement_minor=cash, by=sample_owner, at=AT
            )
        document = draft("ceo")
        assert figure(document, "revenue_12m", "QueenofSanDiego").badge is Badge.MEASURED
        assert figure(document, "revenue", "QueenofSanDiego", "Oct 2026").badge is Badge.MEASURED

        accounts = {account.code: account for account in qos.accounts.all()}
        ledger.post(
            entity=qos,
            on=dt.date(2026, 10, 30),
            memo="A line the statement does not have",
            lines=[ledger.Line(accounts["6100"], 1), ledger.Line(accounts["1010"], -1)],
            source=EntrySource.MANUAL,
            at=AT,
        )
        moved = figure(draft("ceo"), "revenue", "QueenofSanDiego", "Oct 2026")
        assert moved.badge is Badge.UNRECONCILED
        assert moved.value == figure(document, "revenue", "QueenofSanDiego", "Oct 2026").value

    def test_a_finding_that_comes_back_is_new_again(self, sample_owner: Person) -> None:
        issued("ceo")
        self.move_sailo(ChannelStatus.LIVE, sample_owner)
        issued("ceo")
        self.move_sailo(ChannelStatus.NOT_LISTED, sample_owner)
        document = load(Document, issued("ceo").document)
        assert "Zero live marketplace listings for QueenofSanDiego" in document.changes.findings_new
        assert Action.objects.filter(finding__rule="no-live-listing", state=ActionState.OPEN).count() == 1


class TestEditions:
    def test_an_edition_is_frozen_while_the_records_move_on(self) -> None:
        first = issued("cfo")
        before = load(Document, first.document)
        qos = Entity.objects.get(slug="qos")
        accounts = {account.code: account for account in qos.accounts.all()}
        ledger.post(
            entity=qos,
            on=dt.date(2026, 10, 20),
            memo="Back-dated dock invoice",
            lines=[ledger.Line(accounts["6100"], 50_000), ledger.Line(accounts["1010"], -50_000)],
            source=EntrySource.MANUAL,
            at=AT,
        )
        frozen = load(Document, Edition.objects.get(pk=first.pk).document)
        assert frozen == before
        for key in frozen.figures:
            assert trace.explain_in(frozen, key).holds, key
        assert trace.explain(first, key) == trace.explain_in(frozen, key)
        second = load(Document, issued("cfo").document)
        burn = next(row for row in second.changes.figures if row.label == "Gross burn")
        assert burn.before != ""
        restated = {(row.label, row.period) for row in second.changes.restatements}
        assert ("Fixed operating cash flow", "Oct 2026") in restated
        assert ("Cash at month's end", "Oct 2026") in restated

    def test_a_first_edition_has_nothing_to_compare_with(self) -> None:
        document = load(Document, issued("ceo").document)
        assert document.changes.since == ""
        assert {row.status for row in document.findings} == {"new"}

    def test_an_unchanged_second_edition_says_nothing_moved(self) -> None:
        issued("ceo")
        changes = load(Document, issued("ceo").document).changes
        assert changes.since.startswith("edition 1")
        assert (changes.figures, changes.findings_new, changes.findings_cleared, changes.restatements) == (
            (),
            (),
            (),
            (),
        )

    def test_an_edition_of_an_earlier_date_does_not_move_findings(self) -> None:
        issued("ceo")
        issued("ceo", as_of=dt.date(2026, 9, 30))
        assert Finding.objects.get(rule="pipeline-empty").last_seen_on == AS_OF
        assert set(Finding.objects.values_list("state", flat=True)) == {FindingState.OPEN}

    def test_an_edition_about_an_earlier_date_does_not_take_the_newest_one_s_place(
        self, sample_owner: Person
    ) -> None:
        newest = issued("ceo")
        issued("ceo", as_of=dt.date(2026, 9, 30))
        assert queries.newest_edition(report=newest.report, person=sample_owner) == newest

    def test_one_message_per_reader_with_period_and_edition_in_its_subject(self) -> None:
        edition = issued("ceo")
        messages = Message.objects.filter(dedupe_key__startswith="report:ceo:")
        assert {message.to_address: message.subject for message in messages} == {
            # Of the sample's two lines, each has his own.
            "owner@example.com": f"[EXEC REPORT] CEO: operational audit, Oct 2026, edition {edition.number}",
            "partner@example.com": "[EXEC REPORT] Oct 2026 brought revenue of $16,945 and an operating result of $1,432 "
            f"(Oct 2026, edition {edition.number})",
        }
        assert all(message.bcc_audit for message in messages)

    def test_two_runs_get_two_numbers(self) -> None:
        assert [issued("ceo").number, issued("ceo").number, issued("cfo").number] == [1, 2, 1]

    def test_a_dry_run_leaves_a_row_and_nothing_else(self) -> None:
        mails = Message.objects.count()  # The sample's own.
        run = runs.queue(
            report=Report.objects.get(slug="ceo"), trigger=Trigger.COMMAND, as_of=AS_OF, at=AT, dry_run=True
        )
        issue.carry_out(run_id=run.pk, at=AT)
        run.refresh_from_db()
        assert (run.state, run.edition) == (RunState.DONE, None)
        assert (Edition.objects.count(), Message.objects.count(), Finding.objects.count()) == (0, mails, 0)

    def test_a_lens_that_fails_leaves_a_failed_run_with_its_reason(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(facts: Facts, **_: object) -> Draft:
            raise RuntimeError("the books are on fire")

        monkeypatch.setitem(LENSES, "ceo", broken)
        run = runs.queue(report=Report.objects.get(slug="ceo"), trigger=Trigger.PORTAL, as_of=AS_OF, at=AT)
        settled = issue.carry_out(run_id=run.pk, at=AT)
        assert settled.state == RunState.FAILED
        assert settled.error.endswith("the books are on fire")
        assert Run.objects.get(pk=run.pk).edition is None


def test_the_empty_portfolio_has_reports_that_say_what_is_missing() -> None:
    for lens in LENSES.values():
        document = lens(Facts(as_of=dt.date(2020, 1, 31)), zone="America/Los_Angeles")
        books = [entry for entry in document.figures.values() if entry.metric in ("revenue", "cash")]
        assert books or lens.slug not in ("ceo", "cfo")
        for entry in books:
            assert (entry.unit, entry.value) == (Unit.MONEY, None)
            assert entry.missing == "not tracked: its books have no entries"


class TestOneEntity:
    """A report on one entity keeps to it, and does not disturb what the whole portfolio's reports found."""

    def test_its_findings_are_its_own(self) -> None:
        assert {
            note.subject.split(":")[0] for lens in LENSES for note in draft(lens, entity="qos").findings
        } == {"qos"}

    def test_an_entity_without_pipeline_does_not_open_or_clear_the_portfolio_s_finding(
        self, sample_owner: Person
    ) -> None:
        issued("ceo")
        report, qos = Report.objects.get(slug="ceo"), Entity.objects.get(slug="qos")
        run = runs.queue(report=report, trigger=Trigger.COMMAND, as_of=AS_OF, at=AT, entity=qos)
        edition = issue.carry_out(run_id=run.pk, at=AT).edition
        assert edition is not None
        assert load(Document, edition.document).changes.since == ""
        subjects = set(Finding.objects.filter(rule="pipeline-empty").values_list("subject", flat=True))
        assert subjects == {"portfolio", "qos"}

    def test_it_names_no_other_entity(self) -> None:
        qos = Entity.objects.get(slug="qos")
        for lens in LENSES:
            if not catalogue.fits(Report.objects.get(slug=lens), qos.kind):
                continue
            text = str(dump(whole(lens, entity="qos")))
            for other in Entity.objects.exclude(slug="qos"):
                assert other.name not in text, (lens, other.name)
