"""The two lenses over the sample portfolio: its facts, every figure's sum, and findings that clear.

The sample is loaded once for the module, inside a transaction that is rolled back at its end; each test
runs in a savepoint of its own within it.
"""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from core import months
from crew.domain import sample as crew_sample
from crew.models import Person
from mail.models import Message
from portfolio.domain import bookings, channels, ledger, plans, reconciliation, stakes
from portfolio.domain import sample as portfolio_sample
from portfolio.domain.contracts import set_billing_model
from portfolio.domain.responsibilities import move_handover
from portfolio.models import (
    Account,
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
from reports.document import Badge, Document, Draft, Figure, FormulaTrace, Unit, dump, load
from reports.domain import compare, issue, runs, trace
from reports.domain import sample as reports_sample
from reports.lenses import LENSES
from reports.metrics import Facts
from reports.models import Action, ActionState, Edition, Finding, FindingState, Report, Run, RunState, Trigger

AS_OF = dt.date(2026, 11, 10)
AT = dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)
OCTOBER = months.parse("2026-10")

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Load the sample as `manage.py load_demo` does, for this module only."""
    with django_db_blocker.unblock(), transaction.atomic():
        portfolio_sample.load(folder=settings.BASE_DIR / "demo", at=AT)
        crew_sample.load(at=AT)
        reports_sample.load(at=AT)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def owner() -> Person:
    return Person.objects.get(email="owner@example.com")


def draft(lens: str, *, as_of: dt.date = AS_OF, entity: str | None = None) -> Draft:
    found = None if entity is None else Entity.objects.get(slug=entity)
    return issue.build(report=Report.objects.get(slug=lens), entity=found, as_of=as_of)


def whole(lens: str, *, as_of: dt.date = AS_OF, entity: str | None = None) -> Document:
    found = None if entity is None else Entity.objects.get(slug=entity)
    return issue.preview(report=Report.objects.get(slug=lens), entity=found, as_of=as_of)[0]


def issued(lens: str, *, as_of: dt.date = AS_OF) -> Edition:
    run = runs.queue(report=Report.objects.get(slug=lens), trigger=Trigger.COMMAND, as_of=as_of, at=AT)
    run = issue.carry_out(run_id=run.pk, at=AT)
    assert run.error == ""
    assert run.edition is not None
    return run.edition


def figure(document: Document | Draft, metric: str, scope: str = "the portfolio", period: str = "") -> Figure:
    found = [
        entry
        for entry in document.figures.values()
        if entry.metric == metric and entry.scope == scope and period in ("", entry.period)
    ]
    assert found, f"no figure {metric} of {scope}"
    return found[0]


class TestFactsOfTheSample:
    """What `docs/sample.md` promises an owner will find, computed from the records."""

    def test_ceo_finds_exactly_the_eight_shortfalls(self) -> None:
        assert [
            (note.rule, note.subject.rpartition(":")[0] or note.subject) for note in draft("ceo").findings
        ] == [
            ("pipeline-empty", "portfolio"),
            ("revenue-not-tracked", "portfolio"),
            ("partner-unsigned", "qos:stake"),
            ("no-live-listing", "qos"),
            ("billing-undefined", "dc-clients"),
            ("funnel-broken", "qdn"),
            ("handover-open", "qos:responsibility"),
            ("model-missing", "qos"),
        ]

    def test_ceo_lists_exactly_the_nine_kpi_gaps(self) -> None:
        table = next(section for section in draft("ceo").sections if section.anchor == "kpi-gaps").blocks[0]
        assert [row.cells[0].text for row in table.rows] == [  # type: ignore[union-attr]
            "Revenue per charter",
            "Contribution per charter",
            "Utilisation",
            "Lead conversion",
            "Acquisition cost by channel",
            "Deferred balance",
            "Days sales outstanding",
            "Runway",
            "Guest satisfaction",
        ]

    def test_gross_burn_lies_between_seven_and_nine_thousand_and_net_burn_is_positive(self) -> None:
        document = draft("cfo")
        assert 700_000 <= (figure(document, "gross_burn", period="Oct 2026").value or 0) <= 900_000
        assert (figure(document, "net_burn", period="Oct 2026").value or 0) > 0

    def test_the_runway_is_under_six_months_and_the_cfo_is_told(self) -> None:
        document = draft("cfo")
        runway = figure(document, "runway", period="Oct 2026").value
        assert runway is not None
        assert 400 <= runway < 600
        assert {note.rule for note in document.findings} == {
            "runway-short",
            "below-break-even",
            "break-even-gap",
            "behind-target",
            "uncategorised",
            "zero-cost-open",
        }

    def test_the_model_breaks_even_at_six_charters(self) -> None:
        document = draft("cfo")
        assert figure(document, "break_even_model", "QueenofSanDiego", "Oct 2026").value == 6
        implied = figure(document, "implied_contribution", "QueenofSanDiego", "Oct 2026").value
        assert implied is not None
        assert 116_700 <= implied <= 150_000
        assert figure(document, "model_contribution", "QueenofSanDiego").value == 140_380

    def test_october_completed_one_charter_at_2100_dollars(self) -> None:
        document = draft("cfo")
        assert figure(document, "services_completed", "QueenofSanDiego", "Oct 2026").value == 1
        assert figure(document, "revenue_per_charter", "QueenofSanDiego", "Oct 2026").value == 210_000

    def test_the_note_s_refundable_deposits_are_what_the_charter_business_owes_back(self) -> None:
        document = draft("cfo")
        owed = sum(
            figure(document, metric, "QueenofSanDiego").value or 0
            for metric in ("deferred_balance", "deposits_held")
        )
        assert owed == 240_000

    def test_no_figure_of_an_unreconciled_sample_claims_to_be_measured_from_the_books(self) -> None:
        for lens in LENSES:
            for entry in draft(lens).figures.values():
                if type(entry.trace).__name__ == "PostingsTrace":
                    assert entry.badge is Badge.UNRECONCILED, entry.key

    def test_the_head_says_where_the_sample_stands_and_how_fresh_its_sources_are(self) -> None:
        head = draft("ceo").head
        assert head.as_of == AS_OF
        assert "10 November 2026" in head.sample
        assert head.zone == "America/Los_Angeles"
        assert {source.name for source in head.sources} >= {
            "QueenofSanDiego bank statement",
            "QueenofSanDiego Stripe balance history",
            "QueenofSanDiego handoff note",
        }

    def test_what_the_bookings_page_shows_as_booked_is_what_the_report_counts(self) -> None:
        booked = Booking.objects.filter(stage=BookingStage.BOOKED, service_on__gt=AS_OF)
        assert booked.filter(kind="stay").exists()
        assert figure(draft("ceo"), "booked_90").value == sum(booking.price_minor for booking in booked)

    def test_a_stay_ahead_is_no_balance_due_on_top_of_the_usual_receipts(self) -> None:
        document = draft("cfo")
        due = [document.figures[f"week.{number}.bookings"] for number in range(1, 14)]
        assert sum(entry.value or 0 for entry in due) == 1_799_000
        assert "RS-029" not in str(due)

    def test_a_vessels_use_is_known_as_well_in_its_row_as_in_the_text(self) -> None:
        document = draft("ceo")
        vessel = next(key for key in document.figures if key.endswith(".utilisation"))
        metric = figure(document, "utilisation", "QueenofSanDiego")
        assert (document.figures[vessel].value, document.figures[vessel].badge) == (
            metric.value,
            metric.badge,
        )

    @pytest.mark.parametrize("lens", sorted(LENSES))
    def test_a_finding_names_who_it_is_about_in_words(self, lens: str) -> None:
        names = {"Whole portfolio", *Entity.objects.values_list("name", flat=True)}
        document = whole(lens)
        assert {row.about for row in document.findings} <= names
        assert all(row.about == "Whole portfolio" for row in document.findings if row.subject == "portfolio")

    def test_reports_of_the_sample_stand_at_its_own_date(self) -> None:
        assert issue.default_as_of(AT) == AS_OF


class TestEveryFigureIsTheSumOfItsRows:
    """The promise of the trace page, for every figure of both lenses."""

    @pytest.mark.parametrize("lens", sorted(LENSES))
    @pytest.mark.parametrize(
        ("entity", "as_of"),
        [
            (None, AS_OF),
            (None, dt.date(2026, 9, 17)),
            ("qos", AS_OF),
            ("rental-3028", dt.date(2026, 6, 30)),
        ],
    )
    def test_rows_and_formulas_give_each_figure(self, lens: str, entity: str | None, as_of: dt.date) -> None:
        document = whole(lens, as_of=as_of, entity=entity)
        assert len(document.figures) > 50
        for key in document.figures:
            explained = trace.explain_in(document, key)
            assert explained.holds, (key, explained.total, explained.figure.value)
            rows = explained.rows()
            if rows:
                assert sum(row.amount for row in rows) == explained.figure.value, key
            assert explained.count == len(rows)

    @pytest.mark.parametrize("lens", sorted(LENSES))
    def test_every_cell_that_names_a_figure_names_one_of_the_document(self, lens: str) -> None:
        document = whole(lens)
        cited = list(compare.cited(document))
        assert len(cited) > 60
        for entry in cited:
            if isinstance(entry.trace, FormulaTrace):
                assert set(entry.trace.inputs) <= document.figures.keys()

    @pytest.mark.parametrize("lens", sorted(LENSES))
    def test_a_document_survives_json(self, lens: str) -> None:
        document = whole(lens)
        assert load(Document, dump(document)) == document

    def test_both_lenses_print_the_same_value_for_the_same_figure(self) -> None:
        ceo, cfo = draft("ceo").figures, draft("cfo").figures
        shared = {key for key in ceo.keys() & cfo.keys() if ceo[key].metric != "own"}
        assert len(shared) > 20
        assert {key: ceo[key].value for key in shared} == {key: cfo[key].value for key in shared}

    def test_the_portfolio_is_the_sum_of_its_entities(self) -> None:
        document = draft("ceo")
        for metric in ("revenue", "operating_result", "cash", "revenue_12m"):
            parts = [
                entry.value or 0
                for entry in document.figures.values()
                if entry.metric == metric
                and entry.scope != "the portfolio"
                and entry.period in ("Oct 2026", "10 Nov 2026")
            ]
            assert sum(parts) == figure(document, metric, period=figure(document, metric).period).value

    def test_cash_is_what_the_last_bank_and_card_statements_say(self) -> None:
        cash_accounts = Account.objects.filter(role__in=[AccountRole.CASH, AccountRole.CLEARING])
        total = sum(
            row.debit_minor - row.credit_minor
            for row in MonthlyBalance.objects.filter(account__in=cash_accounts)
        )
        assert figure(draft("cfo"), "cash").value == total


class TestQueries:
    @pytest.mark.parametrize(("lens", "count"), [("ceo", 19), ("cfo", 15)])
    def test_a_lens_reads_the_sample_in_under_twenty_queries(self, lens: str, count: int) -> None:
        with CaptureQueriesContext(connection) as caught:
            LENSES[lens](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert len(caught) == count

    def test_more_records_take_no_more_queries(self, owner: Person) -> None:
        qos = Entity.objects.get(slug="qos")
        for number in range(25):
            Booking.objects.create(
                entity=qos,
                reference=f"MANY-{number}",
                title="One of many",
                kind="charter",
                stage=BookingStage.QUOTED,
                enquired_on=AS_OF,
                service_on=AS_OF + dt.timedelta(days=30),
                price_minor=100_000,
            )
        with CaptureQueriesContext(connection) as caught:
            LENSES["ceo"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        assert len(caught) == 19


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

    def move_sailo(self, to: ChannelStatus, owner: Person) -> None:
        """Put Sailo live, or take it down, on the as-of date."""
        channels.move_channel(
            channel=Channel.objects.get(slug="sailo"), to=to, on=AS_OF, today=AS_OF, at=AT, by=owner
        )

    def test_adding_a_confirmed_charter_clears_the_empty_pipeline(self, owner: Person) -> None:
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
        bookings.advance(booking=booking, to=BookingStage.BOOKED, by=owner, at=AT, on=AS_OF)
        self.clears("pipeline-empty")

    def test_signing_the_partner_s_agreement_clears_it(self, owner: Person) -> None:
        issued("ceo")
        stakes.sign_agreement(
            stake=Stake.objects.get(holder="Sailing partner"), signed_on=AS_OF, today=AS_OF, at=AT, by=owner
        )
        self.clears("partner-unsigned")
        document = load(Document, Edition.objects.get(report__slug="ceo", number=2).document)
        assert (
            "The note on QueenofSanDiego contradicts the record: qos.md line 42"
            in document.changes.findings_new
        )

    def test_listing_a_channel_clears_it(self, owner: Person) -> None:
        issued("ceo")
        self.move_sailo(ChannelStatus.LIVE, owner)
        self.clears("no-live-listing")

    def test_setting_the_last_client_s_billing_model_clears_it(self, owner: Person) -> None:
        issued("ceo")
        set_billing_model(
            contract=ClientContract.objects.get(client="Tide Yoga"),
            billing_model=BillingModel.HOURLY,
            rate_minor=8500,
            at=AT,
            by=owner,
        )
        self.clears("billing-undefined")

    def test_handing_over_clears_it(self, owner: Person) -> None:
        issued("ceo")
        move_handover(
            responsibility=Responsibility.objects.get(role="Operations lead"),
            to=Handover.COMPLETE,
            at=AT,
            by=owner,
        )
        self.clears("handover-open")

    def test_adopting_the_model_clears_it(self, owner: Person) -> None:
        issued("ceo")
        plans.adopt_model(
            model=ProfitabilityModel.objects.get(entity__slug="qos"), today=AS_OF, at=AT, by=owner
        )
        self.clears("model-missing")

    def test_a_booking_won_by_the_broken_funnel_clears_it(self, owner: Person) -> None:
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
        bookings.advance(booking=booking, to=BookingStage.BOOKED, by=owner, at=AT, on=AS_OF)
        self.clears("funnel-broken")

    def test_reconciling_a_month_clears_the_untracked_revenue_and_measures_it(self, owner: Person) -> None:
        issued("ceo")
        qos = Entity.objects.get(slug="qos")
        cash = sum(
            row.debit_minor - row.credit_minor
            for row in MonthlyBalance.objects.filter(
                account__entity=qos, account__role=AccountRole.CASH, month__lte=OCTOBER
            )
        )
        reconciliation.reconcile_month(entity=qos, month=OCTOBER, statement_minor=cash, by=owner, at=AT)
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

    def test_a_year_s_revenue_is_measured_once_each_of_its_months_is_reconciled(self, owner: Person) -> None:
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
            reconciliation.reconcile_month(entity=qos, month=month, statement_minor=cash, by=owner, at=AT)
        document = draft("ceo")
        assert figure(document, "revenue_12m", "QueenofSanDiego").badge is Badge.MEASURED
        assert figure(document, "revenue", "QueenofSanDiego", "Oct 2026").badge is Badge.MEASURED

    def test_a_finding_that_comes_back_is_new_again(self, owner: Person) -> None:
        issued("ceo")
        self.move_sailo(ChannelStatus.LIVE, owner)
        issued("ceo")
        self.move_sailo(ChannelStatus.NOT_LISTED, owner)
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
        for key in before.figures:
            assert trace.explain(first, key).holds, key
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

    def test_one_message_per_reader_with_period_and_edition_in_its_subject(self) -> None:
        edition = issued("ceo")
        message = Message.objects.get(dedupe_key__startswith="report:ceo:")
        assert message.to_address == "owner@example.com"
        assert message.bcc_audit
        assert message.subject == f"[EXEC REPORT] CEO: operational audit, Oct 2026, edition {edition.number}"

    def test_two_runs_get_two_numbers(self) -> None:
        assert [issued("ceo").number, issued("ceo").number, issued("cfo").number] == [1, 2, 1]

    def test_a_dry_run_leaves_a_row_and_nothing_else(self) -> None:
        run = runs.queue(
            report=Report.objects.get(slug="ceo"), trigger=Trigger.COMMAND, as_of=AS_OF, at=AT, dry_run=True
        )
        issue.carry_out(run_id=run.pk, at=AT)
        run.refresh_from_db()
        assert (run.state, run.edition) == (RunState.DONE, None)
        assert (Edition.objects.count(), Message.objects.count(), Finding.objects.count()) == (0, 0, 0)

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
        for metric in ("revenue", "cash"):
            entry = figure(document, metric)
            assert (entry.unit, entry.value) == (Unit.MONEY, None)
            assert entry.missing == "not tracked: its books have no entries"


class TestOneEntity:
    """A report on one entity keeps to it, and does not disturb what the whole portfolio's reports found."""

    def test_its_findings_are_its_own(self) -> None:
        assert {
            note.subject.split(":")[0] for lens in LENSES for note in draft(lens, entity="qos").findings
        } == {"qos"}

    def test_an_entity_without_pipeline_does_not_open_or_clear_the_portfolio_s_finding(
        self, owner: Person
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
        for lens in LENSES:
            text = str(dump(whole(lens, entity="qos")))
            for other in Entity.objects.exclude(slug="qos"):
                assert other.name not in text, (lens, other.name)
