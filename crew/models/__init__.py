"""The nouns of the crew portal, one file each."""

from crew.models.checklist import ChecklistItem, ItemState
from crew.models.event import OVER, Event, EventState
from crew.models.grant import Duty, EventGrant, StaffGrant
from crew.models.guest import Guest, GuestState
from crew.models.link import BoardingRequest, Link, LinkEvent, LinkEventKind, LinkSecret, StepUp
from crew.models.person import Person, PersonManager
from crew.models.position import Credential, DayOff, Position, PositionState
from crew.models.template import (
    Anchor,
    ChecklistTemplate,
    CredentialKind,
    DueFrom,
    EventKind,
    EventTemplate,
    Evidence,
    ItemTemplate,
    Phase,
    PositionTemplate,
    Role,
    Station,
)
from crew.models.vessel import MaintenanceRecord, Mode, OperatingLimit, Port, Vessel

__all__ = [
    "OVER",
    "Anchor",
    "BoardingRequest",
    "ChecklistItem",
    "ChecklistTemplate",
    "Credential",
    "CredentialKind",
    "DayOff",
    "DueFrom",
    "Duty",
    "Event",
    "EventGrant",
    "EventKind",
    "EventState",
    "EventTemplate",
    "Evidence",
    "Guest",
    "GuestState",
    "ItemState",
    "ItemTemplate",
    "Link",
    "LinkEvent",
    "LinkEventKind",
    "LinkSecret",
    "MaintenanceRecord",
    "Mode",
    "OperatingLimit",
    "Person",
    "PersonManager",
    "Phase",
    "Port",
    "Position",
    "PositionState",
    "PositionTemplate",
    "Role",
    "StaffGrant",
    "Station",
    "StepUp",
    "Vessel",
]
