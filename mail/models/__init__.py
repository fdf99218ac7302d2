"""The nouns of mail, one file each."""

from mail.models.message import MOVES, Message, State

__all__ = ["MOVES", "Message", "State"]
