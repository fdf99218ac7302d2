"""The nouns of the portfolio, one file each."""

from portfolio.models.account import Account, AccountKind, AccountRole, MonthlyBalance, Period, PeriodState
from portfolio.models.booking import Booking, BookingCost, BookingStage, CostKind
from portfolio.models.channel import Channel, ChannelStatus, Commission, FunnelCount
from portfolio.models.contract import BillingModel, ClientContract, ContractState
from portfolio.models.entity import (
    Agreement,
    Asset,
    AssetKind,
    Entity,
    EntityKind,
    Handover,
    Responsibility,
    Stake,
)
from portfolio.models.handoff import HandoffFile, HandoffRow
from portfolio.models.intake import CategoryRule, ImportedLine, ImportFile, ImportKind
from portfolio.models.journal import EntrySource, EntryState, JournalEntry, Posting
from portfolio.models.plan import (
    Assumption,
    Basis,
    CapitalOption,
    CapitalTier,
    FinancialRule,
    KpiValue,
    ModelState,
    MonthlyTarget,
    ProfitabilityModel,
    Scenario,
)
from portfolio.models.sample import SampleMark

__all__ = [
    "Account",
    "AccountKind",
    "AccountRole",
    "Agreement",
    "Asset",
    "AssetKind",
    "Assumption",
    "Basis",
    "BillingModel",
    "Booking",
    "BookingCost",
    "BookingStage",
    "CapitalOption",
    "CapitalTier",
    "CategoryRule",
    "Channel",
    "ChannelStatus",
    "ClientContract",
    "Commission",
    "ContractState",
    "CostKind",
    "Entity",
    "EntityKind",
    "EntrySource",
    "EntryState",
    "FinancialRule",
    "FunnelCount",
    "HandoffFile",
    "HandoffRow",
    "Handover",
    "ImportFile",
    "ImportKind",
    "ImportedLine",
    "JournalEntry",
    "KpiValue",
    "ModelState",
    "MonthlyBalance",
    "MonthlyTarget",
    "Period",
    "PeriodState",
    "Posting",
    "ProfitabilityModel",
    "Responsibility",
    "SampleMark",
    "Scenario",
    "Stake",
]
