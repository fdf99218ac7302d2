"""What the office's pages of the matrix are about: books, reports, findings, mail."""

import datetime as dt
from typing import Any

from mail.domain import suppression, unsubscribe
from mail.models import Campaign, Kind, MailingList, Reason, Scope, Subscriber
from portfolio.domain import ledger
from portfolio.models import Account, EntrySource, FinancialRule
from reports.models import Finding, Recipient, Report, Schedule, SubjectLine
from tests.crew.permissions import channels, delivery, expenses, receivables, rental, reports, technology
from tests.crew.permissions.canaries import word
from tests.factories.crew import (
    NOW,
)
from tests.factories.reports import an_edition
from tests.mail import letters
from tests.portfolio.web.conftest import Records
from tests.reports.web.test_access import a_run, a_trigger, an_action


def whole() -> dict[str, Any]:
    """Make what belongs to no entity alone: a report's schedule and recipient, mail, a list and a campaign."""
    report = Report.objects.get(slug="ceo")
    return {
        "schedule": Schedule.objects.create(
            report=report, name="Weekly", cron="0 7 * * MON", starts_at=NOW
        ).pk,
        "trigger": a_trigger(report).pk,
        "binder": reports.binder(),
        "recipient": Recipient.objects.create(report=report, address="board@example.com").pk,
        "subject_line": SubjectLine.objects.create(
            report=report, label="A", template="{period}, {edition}"
        ).pk,
        "message": letters.enqueue().public_id,
        **_mailing(),
    }


def _mailing() -> dict[str, Any]:
    """Return a list with somebody on it, and a campaign to it that has not started."""
    mailing_list = MailingList.objects.create(slug="news", name="News", purpose="Sails.", created_at=NOW)
    subscriber = Subscriber.objects.create(
        mailing_list=mailing_list, address="ana@example.com", consent_source="Sheet", added_at=NOW
    )
    campaign = Campaign.objects.create(
        mailing_list=mailing_list,
        name="Concert",
        subject="A concert",
        from_name="Queen",
        body="We sail on Saturday.",
        created_at=NOW,
    )
    suppressed = suppression.add(
        address="bo@example.com", scope=Scope.COMMERCIAL, reason=Reason.UNSUBSCRIBED, at=NOW
    )
    assert suppressed is not None
    mail = letters.enqueue(dedupe_key="concert", kind=Kind.COMMERCIAL, bcc_audit=False)
    return {
        "list": mailing_list.pk,
        "subscriber": subscriber.pk,
        "campaign": campaign.pk,
        "suppression": suppressed.pk,
        "financial_rule": FinancialRule.objects.create(
            check_name=FinancialRule.Check.RUNWAY_FLOOR,
            position=1,
            statement="Runway stays long.",
            threshold=300,
        ).pk,
        "token": unsubscribe.token(mail.public_id),
    }


def of_entity(records: Records, letter: str) -> dict[str, Any]:
    """Make what the office's pages are about: books, reports of this entity, findings and actions."""
    report = Report.objects.get(slug="ceo")
    entity = records.entity
    day = dt.date(2026, 11, 10)
    finding = Finding.objects.create(
        rule=f"rule-{letter}",
        subject=entity.slug,
        severity="high",
        title=word("books", letter),
        first_seen_on=day,
        last_seen_on=day,
    )
    return {
        "books": records,
        "channels": channels.records(records.channel),
        "expenses": expenses.records(entity),
        "delivery": delivery.records(entity),
        "receivables": receivables.records(entity),
        "rental": rental.records(entity, records.booking),
        "reports": reports.records(report, entity, letter),
        "technology": technology.records(entity),
        "tax_paid": ledger.post(
            entity=entity,
            on=dt.date(2026, 11, 1),
            memo="Sales tax paid on",
            lines=[
                ledger.Line(Account.objects.get(entity=entity, code=code), minor)
                for code, minor in (("2400", 100), ("1010", -100))
            ],
            source=EntrySource.TAX,
            at=NOW,
        ).pk,
        "edition": an_edition(report, number="ab".index(letter) + 1, entity=entity).number,
        "run": a_run(report, entity).pk,
        "finding": finding.pk,
        "action": an_action(report, finding).pk,
    }
