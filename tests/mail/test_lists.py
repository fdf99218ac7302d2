"""Lists take subscribers in from files and by hand, once each, and every row that cannot be taken is named."""

import datetime as dt
import threading
import time
import tracemalloc

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries

from core.models import AuditEvent
from mail.domain import campaigns, lists, subscriber_file, suppression
from mail.models import MailingList, Message, Reason, Scope, State, Subscriber
from tests.mail.campaigning import AT, mailing_list, started, states_of

pytestmark = pytest.mark.django_db
HEAD = "address,name,consent_source,consented_on,segments\n"


def bring(opened: MailingList, content: str | bytes, **changes: bool) -> lists.ImportResult:
    raw = content.encode() if isinstance(content, str) else content
    return lists.import_subscribers(
        mailing_list=opened, content=raw, filename="guests.csv", by=None, at=AT, **changes
    )


def bad(opened: MailingList, content: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(lists.ImportRefusedError) as refused:
        bring(opened, content)
    return [(row.line, row.column, row.sentence) for row in refused.value.bad]


class TestImporting:
    def test_rows_become_subscribers_with_consent_and_segments(self) -> None:
        opened = mailing_list()
        done = bring(
            opened,
            HEAD
            + "Ann@Example.com,Ann Abbott,Ticket checkout,2026-05-04,Jazz|Charters\n"
            + 'bo@example.com,"Barros, Bo",Sheet,,jazz\n',
        )
        assert done == lists.ImportResult(added=2, updated=0, unchanged=0)
        ann, bo = opened.subscribers.all()
        assert (ann.address, ann.address_key, ann.name) == (
            "Ann@example.com",
            "ann@example.com",
            "Ann Abbott",
        )
        assert (ann.consent_source, ann.consented_on) == ("Ticket checkout", dt.date(2026, 5, 4))
        assert [str(segment) for segment in ann.segments.all()] == ["Charters", "Jazz"]
        assert (bo.name, bo.consented_on) == ("Barros, Bo", None)
        assert [str(segment) for segment in bo.segments.all()] == ["Jazz"]

    def test_the_same_file_twice_changes_nothing_and_leaves_no_second_trace(self) -> None:
        opened = mailing_list()
        content = HEAD + "ann@example.com,Ann,Sheet,2026-05-04,Jazz\nbo@example.com,,Sheet,,\n"
        bring(opened, content)
        traces = AuditEvent.objects.count()
        assert bring(opened, content) == lists.ImportResult(added=0, updated=0, unchanged=2)
        assert AuditEvent.objects.count() == traces

    def test_a_later_file_brings_people_up_to_date_and_takes_nothing_away(self) -> None:
        opened = mailing_list()
        bring(opened, HEAD + "ann@example.com,Ann,Sheet,2026-05-04,Jazz\nbo@example.com,Bo,Sheet,,\n")
        done = bring(
            opened,
            HEAD
            + "ANN@example.com,,Sheet,,Charters\nbo@example.com,Bo Barros,Form,,\ncy@example.com,,Sheet,,\n",
        )
        assert done == lists.ImportResult(added=1, updated=2, unchanged=0, consents=1)
        ann, bo, _ = opened.subscribers.all()
        assert (ann.address, ann.name, ann.consented_on) == ("ann@example.com", "Ann", dt.date(2026, 5, 4))
        assert {str(segment) for segment in ann.segments.all()} == {"Jazz", "Charters"}
        assert (bo.name, bo.consent_source, bo.consented_on) == ("Bo Barros", "Form", None)

    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbfemail,consent_source\nann@example.com,Sheet\n",
            b"Email;Consent_Source\nann@example.com;Sheet\n",
            b"email,consent_source\r\nann@example.com,Sheet\r\n",
            b"email,consent_source\rann@example.com,Sheet\r",
            b'"email","consent_source"\n"ann@example.com","Sheet"',
            b"email,consent_source\n\n , \nann@example.com,Sheet\n\n",
            b"email,consent_source\nann@example.com,Sheet,,\n",
        ],
        ids=["byte-order-mark", "semicolons", "CR-LF", "CR", "quoted", "blank-lines", "trailing-commas"],
    )
    def test_it_reads_what_programs_write(self, content: bytes) -> None:
        opened = mailing_list()
        assert bring(opened, content).added == 1
        assert opened.subscribers.get().consent_source == "Sheet"

    @pytest.mark.parametrize(
        "header",
        [
            "E-mail Address,Name,Consent source",
            "EMAIL , full_name,consent-source",
            "e-mail,NAME,Consent  Source",
        ],
    )
    def test_headers_are_read_however_they_are_spelled(self, header: str) -> None:
        opened = mailing_list()
        assert bring(opened, f"{header}\nann@example.com,Ann,Sheet\n").added == 1
        row = opened.subscribers.get()
        assert (row.address, row.name, row.consent_source) == ("ann@example.com", "Ann", "Sheet")

    def test_columns_no_list_has_are_left_aside_and_named_all_at_once(self) -> None:
        done = bring(mailing_list(), "Phone,email,consent_source,Shoe size,\n555,ann@example.com,Sheet,44,\n")
        assert (done.added, done.left_aside) == (1, ("'Phone'", "'Shoe size'"))

    def test_of_endless_columns_some_are_named(self) -> None:
        extra = ",".join(f"x{number}" for number in range(3_000))
        done = bring(mailing_list(), f"email,consent_source,{extra}\nann@example.com,Sheet{',' * 3_000}\n")
        assert (len(done.left_aside), done.left_aside[-1]) == (21, "2,980 more")

    def test_a_name_like_a_formula_stays_text(self) -> None:
        opened = mailing_list()
        bring(opened, HEAD + '"ann@example.com","=HYPERLINK(""http://x"",""y"")",Sheet,,\n')
        assert opened.subscribers.get().name == '=HYPERLINK("http://x","y")'


class TestConsent:
    BOX = "Box ticked when booking"

    def known(self, day: str = "2026-10-31") -> MailingList:
        opened = mailing_list()
        bring(opened, HEAD + f"ann@example.com,Ann,{self.BOX},{day},\n")
        return opened

    @pytest.mark.parametrize("day", ["", "2026-10-30"], ids=["no-date", "an-older-one"])
    def test_a_dated_consent_is_never_replaced_by_one_without_a_date_or_an_older_one(self, day: str) -> None:
        opened = self.known()
        done = bring(opened, HEAD + f"ann@example.com,Ann Abbott,Sheet,{day},\n")
        ann = opened.subscribers.get()
        assert (ann.name, ann.consent_source, ann.consented_on) == (
            "Ann Abbott",
            self.BOX,
            dt.date(2026, 10, 31),
        )
        assert (done.updated, done.consents, done.kept) == (1, 0, 1)
        assert "were" not in AuditEvent.objects.filter(action="mail:list:import").latest("id").data

    def test_by_hand_it_is_not_replaced_either(self) -> None:
        opened = self.known()
        row, done = lists.subscribe(
            mailing_list=opened, address="ann@example.com", consent_source="By phone", by=None, at=AT
        )
        assert (row.consent_source, row.consented_on) == (self.BOX, dt.date(2026, 10, 31))
        assert (done.unchanged, done.kept) == (1, 1)

    def test_a_later_one_replaces_it_and_the_trail_keeps_what_it_was(self) -> None:
        opened = self.known()
        done = bring(opened, HEAD + "ann@example.com,,Sheet,2026-11-01,\n")
        ann = opened.subscribers.get()
        assert (ann.consent_source, ann.consented_on) == ("Sheet", dt.date(2026, 11, 1))
        assert (done.consents, done.kept) == (1, 0)
        data = AuditEvent.objects.filter(action="mail:list:import").latest("id").data
        assert (data["consents_replaced"], data["were"]) == (1, [f"{ann.pk}: {self.BOX}, 2026-10-31"])

    def test_the_trail_of_a_large_import_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lists, "REPLACED_KEPT", 2)
        opened = mailing_list(count=5)
        bring(
            opened, HEAD + "".join(f"guest{number}@example.com,,Sheet,2026-11-01,\n" for number in range(5))
        )
        data = AuditEvent.objects.filter(action="mail:list:import").latest("id").data
        assert (data["consents_replaced"], len(data["were"])) == (5, 2)


class TestDates:
    @pytest.mark.parametrize(
        ("typed", "wanted"),
        [
            ("31.10.2026", "2026-10-31"),
            ("10/31/2026", "2026-10-31"),
            ("2026/5/4", "2026-05-04"),
            ("31 Oct 2026", "2026-10-31"),
            ("October 31, 2026", "2026-10-31"),
        ],
    )
    def test_a_date_that_can_mean_one_day_is_written_as_wanted(self, typed: str, wanted: str) -> None:
        told = bad(mailing_list(), HEAD + f'ann@example.com,,Sheet,"{typed}",\n')
        assert told[0][2].endswith(f"is not a date of the form 2026-10-31. Write it as {wanted}.")

    @pytest.mark.parametrize("typed", ["4/5/2026", "yesterday", "31/31/2026", "5/4/26"])
    def test_one_that_could_be_two_days_or_none_is_not_guessed(self, typed: str) -> None:
        told = bad(mailing_list(), HEAD + f"ann@example.com,,Sheet,{typed},\n")
        assert told[0][2].endswith("Write year, month and day, like 2026-10-31.")


class TestBadRows:
    def test_every_bad_row_is_named_with_line_column_and_what_to_do(self) -> None:
        opened = mailing_list()
        content = (
            HEAD
            + "ann@example.com,Ann,Sheet,,\n"
            + "no address,Bo,Sheet,,\n"
            + ",Cy,Sheet,,\n"
            + "ANN@EXAMPLE.COM,Ann again,Sheet,,\n"
            + "di@example.com,Di,,,\n"
            + "ed@example.com,Ed,Sheet,2026-11-11,\n"
            + "fi@example.com,Fi,Sheet,4.5.2026,\n"
            + "gus@example.com,G\x00us,Sheet,,\n"
            + "hal@example.com,Hal\n"
            + "ida@example.com,Ida,Sheet,1926-01-01,\n"
            + f"jo@example.com,Jo,Sheet,,{'x' * 61}\n"
        )
        told = bad(opened, content)
        assert [(line, column) for line, column, _ in told] == [
            (3, "address"), (4, "address"), (5, "address"), (6, "consent_source"), (7, "consented_on"), (8, "consented_on"),
            (9, "name"), (10, ""), (11, "consented_on"), (12, "segments"),
        ]  # fmt: skip
        sentences = [sentence for _, _, sentence in told]
        assert sentences[0] == (
            "Line 3, address: The address 'no address' is not one mail address. Write it as name@example.com."
        )
        assert (
            sentences[2]
            == "Line 5, address: 'ANN@example.com' stands already on line 2. Keep one of the two."
        )
        assert sentences[3] == (
            "Line 6, consent_source: The consent source is empty. Say where this person agreed to get mail."
        )
        assert "is in the future. Write the day" in sentences[4]
        assert "Write year, month and day, like 2026-10-31." in sentences[5]
        assert "U+0000" in sentences[6]
        assert "2 cells and the header has 5" in sentences[7]
        assert not opened.subscribers.exists()
        assert not AuditEvent.objects.filter(action="mail:list:import").exists()

    def test_on_request_bad_rows_are_left_out_and_still_named(self) -> None:
        opened = mailing_list()
        done = bring(opened, HEAD + "ann@example.com,,Sheet,,\nbad,,Sheet,,\n", skip_bad=True)
        assert done.added == 1
        assert [row.line for row in done.bad] == [3]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "The file is empty."),
            (b" \n \n", "The file is empty."),
            ("email,consent_source\nann@example.com,Sheet\n".encode("utf-16"), "UTF-16"),
            ("email,consent_source\n".encode("utf-16-le"), "UTF-16"),
            (b"PK\x03\x04rest", "a workbook or an archive"),
            (b"email,consent_source\nann@example.com,Caf\xe9\n", "Line 2: This line is not UTF-8."),
            (b"email,name\n", "Line 1, consent_source: The header lacks this column."),
            (b"name,consent_source\n", "Line 1, address: The header lacks this column."),
            (b"email,address,consent_source\n", "names this column twice"),
            (b"email,consent_source,phone\n", "The file has a header and no rows under it."),
            (b"ann@example.com,Ann,Sheet\n", "Line 1: The first line holds a subscriber, not the names of the columns."),
            (b'email,consent_source\n"ann@example.com,Sheet\n', "The quotes of this row do not pair up."),
            (b"\x00\x00\x00", "UTF-16"),
            (b"<html><body>no</body></html>", "The first line names no column that a list has."),
        ],
    )  # fmt: skip
    def test_a_file_that_cannot_be_read_is_refused_whole(self, content: bytes, words: str) -> None:
        opened = mailing_list()
        told = bad(opened, content)
        assert len(told) == 1
        assert words in told[0][2]

    def test_a_file_beyond_the_limits_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        opened = mailing_list()
        assert "larger than 20 MB" in bad(opened, b"x" * 20_000_001)[0][2]
        rows = "".join(f"g{number}@example.com,S\n" for number in range(100_001))
        told = bad(opened, "email,consent_source\n" + rows)
        assert told[-1][0] == 100_002
        assert "more than 100,000 rows" in told[-1][2]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"," * 19_000_000, "longer than any row"),
            (b"email,consent_source\n" + b"," * 19_000_000, "longer than any row"),
            (b"email,consent_source\n" + b"\n" * 19_000_000, "more than 100,000 rows"),
        ],
    )
    def test_nothing_in_endless_lines_or_lines_of_nothing_is_read_to_the_end(
        self, content: bytes, words: str
    ) -> None:
        began = time.thread_time()

        assert words in bad(mailing_list(), content)[-1][2]
        assert time.thread_time() - began < 2

    def test_reading_a_large_file_needs_little_memory(self) -> None:
        content = ("email,consent_source\n" + "".join(
            f"guest.number.{number}@example.com,Sign-up sheet at the pier\n" for number in range(30_000)
        )).encode()  # fmt: skip
        tracemalloc.start()
        assert sum(1 for _ in subscriber_file.read(content, today=AT.date())) == 30_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # The text once, to look whether it is UTF-8, and the addresses seen.
        assert peak < 12_000_000


class TestByHand:
    def test_one_subscriber_is_added_and_then_changed(self) -> None:
        opened = mailing_list()
        row, done = lists.subscribe(
            mailing_list=opened, address="ann@example.com", consent_source="By phone", segments=["Jazz"], by=None, at=AT
        )  # fmt: skip
        assert done.added == 1
        _, again = lists.subscribe(
            mailing_list=opened, address="Ann@example.com", name="Ann", consent_source="By phone", by=None, at=AT
        )  # fmt: skip
        assert again.updated == 1
        row.refresh_from_db()
        assert row.name == "Ann"
        assert AuditEvent.objects.filter(subject_type="mail.subscriber").count() == 2

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"address": "a@b@c"}, "not one mail address"),
            ({"consent_source": " "}, "consent source is empty"),
            ({"name": "A\r\nBcc: x@example.com"}, "U+000D"),
            ({"name": "\ud800"}, "U+D800"),
            ({"consented_on": dt.date(2026, 12, 1)}, "in the future"),
            ({"segments": ["x" * 61]}, "at most 60"),
        ],
    )
    def test_what_cannot_be_is_refused_in_a_sentence(self, changes: dict[str, object], words: str) -> None:
        opened = mailing_list()
        asked: dict[str, object] = {"address": "ann@example.com", "consent_source": "Sheet", **changes}
        with pytest.raises(lists.ListRefusedError, match=words.replace("+", r"\+")):
            lists.subscribe(mailing_list=opened, by=None, at=AT, **asked)  # type: ignore[arg-type]
        assert not Subscriber.objects.exists()

    def test_who_is_taken_off_gets_nothing_that_still_waits(self) -> None:
        opened = mailing_list(count=3)
        campaign = started(opened)
        campaigns.advance(at=AT)
        lists.remove(subscriber=opened.subscribers.get(address="guest1@example.com"), by=None, at=AT)
        message = Message.objects.get(address_key="guest1@example.com")
        assert message.state == State.SUPPRESSED
        assert "taken off the list" in message.error
        assert states_of(campaign) == {"queued": 2, "suppressed": 1}

    def test_nobody_is_taken_off_twice(self) -> None:
        opened = mailing_list(count=1)
        row = opened.subscribers.select_related("mailing_list").get()
        lists.remove(subscriber=row, by=None, at=AT)
        row.pk = 999_999
        with pytest.raises(lists.ListRefusedError, match="off this list already"):
            lists.remove(subscriber=row, by=None, at=AT)


class TestLists:
    def test_a_list_is_opened_and_changed_with_a_trace_of_each(self) -> None:
        opened = lists.open_list(name="Guests", purpose="News.", by=None, at=AT)
        lists.change_list(mailing_list=opened, name="All guests", purpose="News.", by=None, at=AT)
        assert (opened.slug, opened.name) == ("guests", "All guests")
        assert [event.action for event in AuditEvent.objects.order_by("id")] == [
            "mail:list:open",
            "mail:list:change",
        ]

    @pytest.mark.parametrize(
        ("name", "purpose"), [("", "News."), ("Guests", " "), ("a\nb", "News."), ("x" * 121, "N")]
    )
    def test_a_list_without_a_name_or_purpose_is_refused(self, name: str, purpose: str) -> None:
        with pytest.raises(lists.ListRefusedError):
            lists.open_list(name=name, purpose=purpose, by=None, at=AT)

    def test_two_lists_never_share_a_name(self) -> None:
        mailing_list("Guests")
        with pytest.raises(lists.ListRefusedError, match="already"):
            mailing_list("Guests")
        assert MailingList.objects.count() == 1


class TestReach:
    def test_each_address_held_back_counts_once_by_its_gravest_reason(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        opened, other = mailing_list(count=6), mailing_list("Others")

        def hold(number: int, scope: Scope, reason: Reason, on: MailingList | None = None) -> None:
            suppression.add(
                address=f"GUEST{number}@example.com", scope=scope, reason=reason, mailing_list=on, at=AT
            )

        hold(0, Scope.COMMERCIAL, Reason.UNSUBSCRIBED)
        hold(0, Scope.ALL, Reason.HARD_BOUNCE)
        hold(1, Scope.LIST, Reason.UNSUBSCRIBED, opened)
        hold(2, Scope.LIST, Reason.UNSUBSCRIBED, other)
        hold(9, Scope.ALL, Reason.COMPLAINT)
        with django_assert_num_queries(2):
            reach = lists.reachable(mailing_list=opened, segment=None)
        assert (reach.total, reach.held_back, reach.mailable) == (6, 2, 4)
        assert dict(reach.suppressed) == {Reason.HARD_BOUNCE: 1, Reason.UNSUBSCRIBED: 1}

    def test_a_segment_reaches_its_own_alone(self) -> None:
        opened = mailing_list(count=4)
        lists.subscribe(
            mailing_list=opened, address="guest1@example.com", consent_source="Ticket", segments=["Jazz"], by=None, at=AT
        )  # fmt: skip
        assert lists.reachable(mailing_list=opened, segment=opened.segments.get()).total == 1


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_put_everybody_on_once() -> None:
    opened = mailing_list()
    content = HEAD + "".join(f"guest{number}@example.com,G,Sheet,,Jazz|Sail\n" for number in range(300))
    start, done = threading.Barrier(2), []

    def work() -> None:
        try:
            start.wait(10)
            done.append(bring(opened, content))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(result.added for result in done) == [0, 300]
    assert opened.subscribers.count() == 300
    assert opened.segments.count() == 2
