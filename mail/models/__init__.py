"""The nouns of mail, one file each."""

from mail.models.audience import MailingList, Segment, Subscriber
from mail.models.campaign import Campaign, CampaignState
from mail.models.feedback import Attempt, EventKind, MessageEvent, Notification
from mail.models.message import MOVES, Bounce, Kind, Message, State
from mail.models.pace import Pace
from mail.models.suppression import Reason, Scope, Suppression

__all__ = [
    "MOVES",
    "Attempt",
    "Bounce",
    "Campaign",
    "CampaignState",
    "EventKind",
    "Kind",
    "MailingList",
    "Message",
    "MessageEvent",
    "Notification",
    "Pace",
    "Reason",
    "Scope",
    "Segment",
    "State",
    "Subscriber",
    "Suppression",
]
