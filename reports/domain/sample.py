"""The sample's recipients, subject lines, schedules and triggers. Its reports come with the migrations; its records are in `demo/`."""

import datetime as dt

from django.conf import settings
from django.db import transaction

from reports.domain import (
    binder,
    events,
    issue,
    oneoff,
    queries,
    recipients,
    sample_actions,
    schedule,
    subjects,
    variants,
)
from reports.models import (
    Binder,
    Edition,
    EventKind,
    EventTrigger,
    LeastSeverity,
    Recipient,
    Report,
    Run,
    Schedule,
)

OWNER = "owner@example.com"
WHEN = (("Every Monday", "0 7 * * MON"), ("First of the month", "30 7 1 * *"))
# The CEO's report is tried with two subjects, and goes to somebody in brief too.
LINES = (
    ("Usual words", "{title}, {period}, edition {edition}"),
    ("Headline", "{headline} ({period}, edition {edition})"),
)
IN_BRIEF = ("partner@example.com", "Sailing partner")
# The one for findings waits to be set going: whoever tries the sample raises and clears findings all the time.
TRIGGERS = (
    ("accounting", "When a month is closed", EventKind.MONTH_CLOSED, True),
    ("cmo", "When a campaign is through", EventKind.CAMPAIGN_FINISHED, True),
    ("ceo", "When something severe is found", EventKind.FINDING_RAISED, False),
)


def load(*, at: dt.datetime) -> None:
    """Give each report a reply address, recipients and two schedules from now on; what is there stays as it is.

    Three reports have a trigger besides, that listens to what happens after this instant.
    """
    with transaction.atomic():
        sample_actions.name_owners(at=at)
        for report in queries.reports():
            Report.objects.filter(pk=report.pk, reply_to="").update(
                reply_to=f"{report.slug}-desk@example.com"
            )
            if not Recipient.objects.filter(report=report).exists():
                for address in settings.REPORT_RECIPIENTS or [OWNER]:
                    recipients.add(report=report, address=address, at=at, by=None)
                if report.slug == "ceo":
                    _try_out(report, at=at)
            held = set(Schedule.objects.filter(report=report).values_list("name", flat=True))
            for name, cron in WHEN:
                if name not in held:
                    schedule.save_schedule(
                        report=report, name=name, cron=cron, zone=settings.QUARTERDECK_ZONE, at=at, by=None
                    )
        known = set(EventTrigger.objects.values_list("report__slug", "name"))
        by_slug = {report.slug: report for report in queries.reports()}
        for slug, name, kind, active in TRIGGERS:
            if slug not in by_slug or (slug, name) in known:
                continue
            trigger = events.save_trigger(
                report=by_slug[slug],
                name=name,
                kind=kind,
                entity=None,
                min_severity=LeastSeverity.HIGH if kind == EventKind.FINDING_RAISED else "",
                about=None,
                send_to=None,
                min_gap_minutes=60,
                at=at,
                by=None,
            )
            if not active:
                events.set_active(trigger=trigger, active=False, at=at, by=None)


def _try_out(report: Report, *, at: dt.datetime) -> None:
    address, name = IN_BRIEF
    brief = variants.known().get(slug="brief")
    recipients.add(report=report, address=address, name=name, variant=brief, at=at, by=None)
    for label, template in LINES:
        subjects.add(report=report, label=label, template=template, at=at, by=None)


def issue_first(*, at: dt.datetime) -> list[Run]:
    """Issue each report that has no edition yet, to its recipients, and return the runs; outside any transaction."""
    sample_actions.leave_one_open(at=at)
    unissued = [row for row in queries.reports() if not Edition.objects.filter(report=row).exists()]
    return oneoff.issue_many(
        reports=unissued, entity=None, as_of=issue.default_as_of(at), send_to=None, at=at
    )


def bind_first(*, at: dt.datetime) -> Binder | None:
    """Issue the first binder where there is none and reports have editions; its files are made when they are asked for."""
    as_of = issue.default_as_of(at)
    if Binder.objects.exists() or not Edition.objects.filter(as_of=as_of).exists():
        return None
    return binder.issue(as_of=as_of, by=None, at=at)
