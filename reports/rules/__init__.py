"""Rules: live queries over the records, each returning the findings it sees. One file per family.

A rule's name and a finding's subject are the finding's identity over editions; a finding clears itself
when its rule no longer returns it. A subject is an entity's slug, or ``portfolio`` for the whole report, with
what is needed to tell two findings of one rule apart behind a colon. Lenses list the rules they run.
"""

from reports.discovery import modules_of
from reports.rules import kpi_gaps
from reports.rules.cash import CASH_RULES
from reports.rules.held import HELD_RULES
from reports.rules.registry import Rule, by_name, counted, run
from reports.rules.shortfalls import NOTE_RULES, SHORTFALLS

# Every rule of every family by name: what the tuples of rules in the modules here hold.
RULES: dict[str, Rule] = by_name(modules_of(__name__))

__all__ = [
    "CASH_RULES",
    "HELD_RULES",
    "NOTE_RULES",
    "RULES",
    "SHORTFALLS",
    "Rule",
    "counted",
    "kpi_gaps",
    "run",
]
