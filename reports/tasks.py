"""Background work of the reports: a sweep that finds what is due, and a task that carries one run out.

Tasks hold ids only and are safe to repeat: the database decides who carries a run out.
"""

from celery import shared_task

from core import clock
from reports.domain import agenda, events, held, issue, runs, schedule, taps
from reports.models import Trigger


@shared_task(name="reports.tasks.sweep")
def sweep() -> None:
    """Queue what schedules and triggers make due and who is told by mail, let go what was held, wake runs nobody took up."""
    at = clock.now()
    for due in schedule.due(at=at):
        runs.queue(
            report=due.schedule.report,
            trigger=Trigger.SCHEDULE,
            as_of=issue.default_as_of(due.occurrence_at),
            at=at,
            schedule=due.schedule,
            occurrence_at=due.occurrence_at,
            entity=due.schedule.entity,
            variant=due.schedule.variant,
            not_before=due.not_before(at),
        )
    events.answer(at=at)
    held.release(at=at)
    for run_id in runs.take_up(at=at):
        runs.wake(run_id=run_id)
    agenda.gather(at=at)


@shared_task(name="reports.tasks.forget_links")
def forget_links() -> None:
    """Delete the links of agenda mails that ran out long ago; safe to repeat."""
    taps.forget_old(at=clock.now())


@shared_task(name="reports.tasks.carry_out")
def carry_out(run_id: int) -> None:
    """Issue the report that a queued run asks for; does nothing where another worker has it."""
    issue.carry_out(run_id=run_id, at=clock.now())
