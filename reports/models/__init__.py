"""The nouns of reporting, one file each."""

from reports.models.action import Action, ActionState
from reports.models.edition import Edition, EditionFile, FileKind
from reports.models.finding import EditionFinding, Finding, FindingState, FindingStatus
from reports.models.report import Recipient, Report, Schedule
from reports.models.run import Run, RunState, Trigger

__all__ = [
    "Action",
    "ActionState",
    "Edition",
    "EditionFile",
    "EditionFinding",
    "FileKind",
    "Finding",
    "FindingState",
    "FindingStatus",
    "Recipient",
    "Report",
    "Run",
    "RunState",
    "Schedule",
    "Trigger",
]
