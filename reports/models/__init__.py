"""The nouns of reporting, one file each."""

from reports.models.action import Action, ActionLink, ActionState, AgendaLine, LinkVerb, OwnerName
from reports.models.binder import Binder, BinderEdition, BinderFile
from reports.models.commentary import Commentary
from reports.models.edition import Edition, EditionFile, EditionPrint, FileKind
from reports.models.event import EventAnswer, EventKind, EventTrigger, LeastSeverity
from reports.models.finding import EditionFinding, Finding, FindingState, FindingStatus
from reports.models.report import Hold, Recipient, Report, Schedule, SubjectLine
from reports.models.run import HeldDraft, Run, RunState, Trigger
from reports.models.variant import Variant

__all__ = [
    "Action",
    "ActionLink",
    "ActionState",
    "AgendaLine",
    "Binder",
    "BinderEdition",
    "BinderFile",
    "Commentary",
    "Edition",
    "EditionFile",
    "EditionFinding",
    "EditionPrint",
    "EventAnswer",
    "EventKind",
    "EventTrigger",
    "FileKind",
    "Finding",
    "FindingState",
    "FindingStatus",
    "HeldDraft",
    "Hold",
    "LeastSeverity",
    "LinkVerb",
    "OwnerName",
    "Recipient",
    "Report",
    "Run",
    "RunState",
    "Schedule",
    "SubjectLine",
    "Trigger",
    "Variant",
]
