"""The nouns of the crew portal, one file each."""

from crew.models.grant import Duty, StaffGrant
from crew.models.person import Person, PersonManager

__all__ = ["Duty", "Person", "PersonManager", "StaffGrant"]
