"""Who may ask the office's pages what: books, reports, mail and the way in. Letters as in `table`."""

from collections.abc import Callable
from typing import Any

from core import months
from portfolio.domain.statement_columns import Form
from portfolio.models import Account, CapitalOption, EntryDocument, KpiValue
from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import World

STAFF = "OKBR"
MONTH = 2026 * 12 + 9


def _books(name: str) -> Callable[[World], Any]:
    """Return what gives the key of one record of entity A's books."""
    return lambda world: getattr(world.places["a"].office["books"], name).pk


def _office(name: str) -> Callable[[World], Any]:
    return lambda world: world.places["a"].office[name]


def _whole(name: str) -> Callable[[World], Any]:
    return lambda world: world.whole[name]


def _account(world: World) -> int:
    return Account.objects.get(entity=world.places["a"].event.entity, code="1010").pk


def _document(world: World) -> int:
    return EntryDocument.objects.get(entry=world.places["a"].office["books"].entry).pk


def _account_of_sales(world: World) -> int:
    return Account.objects.get(entity=world.places["a"].event.entity, code="4000").pk


def _option(world: World) -> int:
    return CapitalOption.objects.get(entity=world.places["a"].event.entity).pk


def _kpi(world: World) -> int:
    return KpiValue.objects.filter(entity=world.places["a"].event.entity).first().pk


def _figure(world: World) -> str:
    """Return what asks for the debits or credits that an entry's first posting is among."""
    posting = world.places["a"].office["books"].entry.postings.select_related("account").first()
    month = months.iso(posting.month)
    side = 1 if posting.amount_minor > 0 else 2
    return f"from={month}&to={month}&line={posting.account.code}&column={side}"


def _reading(name: str, /, **kwargs: Any) -> Page:
    """Return a page of one record of the entity, for its staff to read."""
    return Page(name, get=STAFF, scope="entity", kwargs=kwargs)


def _form(name: str, letters: str, /, **kwargs: Any) -> Page:
    return Page(name, get=letters, post=letters, scope="entity", kwargs=kwargs)


def _press(name: str, letters: str, scope: str = "entity", /, **kwargs: Any) -> Page:
    return Page(name, post=letters, scope=scope, kwargs=kwargs)


def _list(name: str, /, **kwargs: Any) -> Page:
    return Page(name, get=STAFF, scope="portal", kwargs=kwargs)


_SLUG = {"slug": "entity-a"}
_EDITION = {"slug": "ceo", "number": _office("edition")}
_MAIL = {"public_id": _whole("message")}
_LIST = {"pk": _whole("list")}
_CAMPAIGN = {"pk": _whole("campaign")}
_SUPPRESSION = {"pk": _whole("suppression")}
_TOKEN = {"token": _whole("token")}

PAGES: list[Page] = [
    Page("healthz", scope="public"),
    Page("favicon", scope="public"),
    Page("account_login", scope="public"),
    Page("account_request_login_code", scope="public"),
    Page("account_confirm_login_code", scope="public"),
    Page("account_logout", scope="public", get=None),
    # Books.
    _list("portfolio:entities"),
    _reading("portfolio:entity", **_SLUG),
    _reading("portfolio:entries", **_SLUG),
    _reading("portfolio:months", **_SLUG),
    _reading("portfolio:statements", **_SLUG),
    _reading("portfolio:statement", form=Form.INCOME, **_SLUG),
    Page(
        "portfolio:figure",
        get=STAFF,
        scope="entity",
        kwargs={"form": Form.TRIAL, **_SLUG},
        query=_figure,
    ),
    _list("portfolio:all_statements"),
    _list("portfolio:all_statement", form=Form.BALANCE),
    Page(
        "portfolio:all_figure",
        get=STAFF,
        scope="portal",
        kwargs={"form": Form.TRIAL},
        query=_figure,
    ),
    _form("portfolio:reconcile_month", "OK", month=MONTH, **_SLUG),
    Page("portfolio:close_month", get="OK", post="O", scope="entity", kwargs={"month": MONTH, **_SLUG}),
    _press("portfolio:tick_item", "OK", month=MONTH, **_SLUG),
    _form("portfolio:reopen_month", "O", month=MONTH, **_SLUG),
    _reading("portfolio:bank", **_SLUG),
    _reading("portfolio:unexplained_lines", **_SLUG),
    _form("portfolio:bank_balance", "OK", **_SLUG),
    _form("portfolio:bank_line", "OK", pk=_books("bank_line")),
    _reading("portfolio:rules", **_SLUG),
    _form("portfolio:add_rule", "OK", **_SLUG),
    _form("portfolio:change_rule", "OK", pk=_books("rule")),
    _press("portfolio:press_rule", "OK", pk=_books("rule")),
    _reading("portfolio:column_maps", **_SLUG),
    _form("portfolio:column_map", "OK", pk=_books("column_map")),
    Page("portfolio:say_accounts", post=STAFF, scope="portal"),
    Page("portfolio:say_columns", post=STAFF, scope="portal"),
    _reading("portfolio:handoff", **_SLUG),
    _reading("portfolio:stripe", **_SLUG),
    _form("portfolio:try_stripe_event", "OK", pk=_books("stripe_event")),
    Page("portfolio:portfolio_plans", get=STAFF, scope="whole"),
    Page("portfolio:change_scenario", get="O", post="O", scope="whole", kwargs={"pk": 0}),
    Page(
        "portfolio:change_financial_rule",
        get="O",
        post="O",
        scope="whole",
        kwargs={"pk": _whole("financial_rule")},
    ),
    Page("portfolio:add_assumption", get="O", post="O", scope="whole"),
    _form("portfolio:change_capital", "O", pk=_option),
    _reading("portfolio:plans", **_SLUG),
    _form("portfolio:budget_account", "OK", pk=_account_of_sales, **_SLUG),
    _form("portfolio:set_targets", "O", **_SLUG),
    _form("portfolio:enter_kpi", "OK", **_SLUG),
    _form("portfolio:make_forecast", "OK", **_SLUG),
    _form("portfolio:add_capital", "O", **_SLUG),
    _form("portfolio:add_model", "OK", **_SLUG),
    _form("portfolio:change_model", "OK", pk=_books("model")),
    _form("portfolio:change_kpi", "OK", pk=_kpi),
    _form("portfolio:upload_plans", "OK", **_SLUG),
    _reading("portfolio:payables", **_SLUG),
    _reading("portfolio:bills", **_SLUG),
    _form("portfolio:add_bill", "OK", **_SLUG),
    _reading("portfolio:bill", pk=_books("bill")),
    _press("portfolio:pay_bill", "OK", pk=_books("bill")),
    _form("portfolio:void_bill", "OK", pk=_books("bill")),
    _form("portfolio:reverse_bill_payment", "OK", pk=_books("bill_payment")),
    _reading("portfolio:vendors", **_SLUG),
    _form("portfolio:add_vendor", "OK", **_SLUG),
    _reading("portfolio:vendor", pk=_books("vendor")),
    _form("portfolio:change_vendor", "OK", pk=_books("vendor")),
    _reading("portfolio:contractors", **_SLUG),
    _form("portfolio:opening", "OK", **_SLUG),
    _form("portfolio:opening_items", "OK", **_SLUG),
    _reading("portfolio:deferred", **_SLUG),
    _reading("portfolio:deferred_csv", **_SLUG),
    _reading("portfolio:deferred_xlsx", **_SLUG),
    _reading("portfolio:deferred_month", month=MONTH, **_SLUG),
    _form("portfolio:decide_booking", "O", pk=_books("booking")),
    _form("portfolio:reprice_booking", "O", pk=_books("booking")),
    _form("portfolio:take_back_booking", "OB", pk=_books("booking")),
    _form("portfolio:dismiss_waiting", "OK", pk=_books("booking")),
    _reading("portfolio:terms", **_SLUG),
    _form("portfolio:add_terms", "O", **_SLUG),
    _press("portfolio:retire_terms", "O", pk=_books("terms")),
    _press("portfolio:standard_terms", "O", pk=_books("terms")),
    _reading("portfolio:tax", **_SLUG),
    _form("portfolio:add_tax_rate", "O", **_SLUG),
    _form("portfolio:remit_tax", "OK", **_SLUG),
    _form("portfolio:say_tax_filing", "O", **_SLUG),
    _form("portfolio:undo_tax", "OK", pk=_office("tax_paid")),
    _reading("portfolio:account", pk=_account),
    _reading("portfolio:account_month", pk=_account, month=MONTH),
    _reading("portfolio:entry", pk=_books("entry")),
    _form("portfolio:reverse_entry", "OK", pk=_books("entry")),
    _form("portfolio:correct_entry", "OK", pk=_books("entry")),
    _press("portfolio:attach_document", "OK", pk=_books("entry")),
    _reading("portfolio:document", pk=_document),
    _form("portfolio:add_entry", "OK", **_SLUG),
    _form("portfolio:import_journal", "OK", **_SLUG),
    Page("portfolio:export_journal", get=STAFF, scope="entity", kwargs=_SLUG, query="format=hledger"),
    _reading("portfolio:chart", **_SLUG),
    _form("portfolio:add_account", "O", **_SLUG),
    _form("portfolio:change_account", "O", pk=_account),
    _list("portfolio:search"),
    _list("portfolio:bookings"),
    Page("portfolio:add_booking", get="OB", post="OB", scope="portal"),
    _reading("portfolio:booking", pk=_books("booking")),
    _form("portfolio:change_booking", "OB", pk=_books("booking")),
    _press("portfolio:advance_booking", "OB", pk=_books("booking")),
    _list("portfolio:imports"),
    Page("portfolio:upload", get="OK", post="OK", scope="portal"),
    # Without a file that was read before there is nothing to land, and staff are led back to where one is.
    Page("portfolio:land", post=STAFF, scope="portal"),
    _reading("portfolio:import", pk=_books("file")),
    _form("portfolio:sign_stake", "O", pk=_books("stake")),
    _form("portfolio:move_channel", "OB", pk=_books("channel")),
    _form("portfolio:adopt_model", "O", pk=_books("model")),
    _form("portfolio:hand_over", "O", pk=_books("responsibility")),
    _form("portfolio:set_billing", "O", pk=_books("contract")),
    _reading("portfolio:record", model="stake", pk=_books("stake")),
    # Reports.
    _list("reports:reports"),
    _list("reports:report", slug="ceo"),
    _list("reports:editions", slug="ceo"),
    _list("reports:runs"),
    _reading("reports:run", pk=_office("run")),
    Page("reports:run_now", get="OK", post="OK", scope="portal", kwargs={"slug": "ceo"}),
    _list("reports:findings"),
    _reading("reports:finding", pk=_office("finding")),
    _list("reports:actions"),
    _press("reports:settle_action", "OK", pk=_office("action")),
    _press("reports:reopen_action", "OK", pk=_office("action")),
    _press("reports:move_action", "OK", pk=_office("action")),
    Page("reports:assumptions", get=STAFF, scope="whole"),
    Page("reports:schedules", get=STAFF, scope="whole"),
    Page("reports:new_schedule", get="O", post="O", scope="whole"),
    Page("reports:edit_schedule", get="O", post="O", scope="whole", kwargs={"pk": _whole("schedule")}),
    _press("reports:pause_schedule", "O", "whole", pk=_whole("schedule")),
    Page("reports:triggers", get=STAFF, scope="whole"),
    Page("reports:new_trigger", get="O", post="O", scope="whole"),
    Page("reports:edit_trigger", get="O", post="O", scope="whole", kwargs={"pk": _whole("trigger")}),
    _press("reports:pause_trigger", "O", "whole", pk=_whole("trigger")),
    _press("reports:add_recipient", "O", "whole", slug="ceo"),
    _press("reports:leave_out_recipient", "O", "whole", slug="ceo", pk=_whole("recipient")),
    Page(
        "reports:set_variant",
        post="O",
        scope="whole",
        kwargs={"slug": "ceo", "pk": _whole("recipient")},
        data={"variant": "brief"},
    ),
    Page("reports:subjects", get="O", post="O", scope="whole", kwargs={"slug": "ceo"}),
    _press("reports:retire_subject", "O", "whole", slug="ceo", pk=_whole("subject_line")),
    _reading("reports:edition", **_EDITION),
    _reading("reports:figure", key="revenue.qos", **_EDITION),
    _reading("reports:chart", name="burn", **_EDITION),
    _reading("reports:form", ending="pdf", **_EDITION),
    _reading("reports:mail", **_EDITION),
    _reading("reports:mail_body", **_EDITION),
    _press("reports:resend", "OK", **_EDITION),
    # Mail.
    Page("mail:mailbox", get=STAFF, scope="whole"),
    Page("mail:message", get=STAFF, scope="whole", kwargs=_MAIL),
    Page("mail:html", get=STAFF, scope="whole", kwargs=_MAIL),
    # It has not left yet, so there is no file.
    Page("mail:file", get=STAFF, scope="whole", kwargs=_MAIL, empty=True),
    Page("mail:part", get=STAFF, scope="whole", kwargs={"number": 1, **_MAIL}),
    _press("mail:retry", "O", "whole", **_MAIL),
    _press("mail:release", "O", "whole", **_MAIL),
    _press("mail:discard", "O", "whole", **_MAIL),
    _press("mail:arrived", "O", "whole", **_MAIL),
    _press("mail:again", "O", "whole", **_MAIL),
    # Believed by its signature alone.
    Page("mail:sns", scope="public", get=None),
    Page("stripe_webhook", scope="public", get=None, kwargs=_SLUG),
    Page("mail:doubt", get=STAFF, scope="whole"),
    _press("mail:confirm_doubt", "O", "whole"),
    _press("mail:decide_doubt", "O", "whole"),
    _press("mail:resend_failed", "O", "whole", **_CAMPAIGN),
    # Lists and campaigns.
    Page("mail:lists", get=STAFF, scope="whole"),
    Page("mail:new_list", get="O", post="O", scope="whole"),
    Page("mail:sample_subscribers", get=STAFF, scope="whole"),
    Page("mail:list", get=STAFF, scope="whole", kwargs=_LIST),
    Page("mail:change_list", get="O", post="O", scope="whole", kwargs=_LIST),
    Page("mail:import_subscribers", get="O", post="O", scope="whole", kwargs=_LIST),
    Page("mail:add_subscriber", get="O", post="O", scope="whole", kwargs=_LIST),
    Page(
        "mail:remove_subscriber",
        get="O",
        post="O",
        scope="whole",
        kwargs={"subscriber": _whole("subscriber"), **_LIST},
    ),
    Page("mail:campaigns", get=STAFF, scope="whole"),
    Page("mail:new_campaign", get="O", post="O", scope="whole"),
    Page("mail:campaign", get=STAFF, scope="whole", kwargs=_CAMPAIGN),
    Page("mail:campaign_checks", get=STAFF, scope="whole", kwargs=_CAMPAIGN),
    Page("mail:campaign_html", get=STAFF, scope="whole", kwargs=_CAMPAIGN),
    Page("mail:change_campaign", get="O", post="O", scope="whole", kwargs=_CAMPAIGN),
    Page("mail:start_campaign", get="O", post="O", scope="whole", kwargs=_CAMPAIGN),
    Page("mail:cancel_campaign", get="O", post="O", scope="whole", kwargs=_CAMPAIGN),
    _press("mail:test_campaign", "O", "whole", **_CAMPAIGN),
    _press("mail:pause_campaign", "O", "whole", **_CAMPAIGN),
    _press("mail:resume_campaign", "O", "whole", **_CAMPAIGN),
    Page("mail:release_campaign", get="O", post="O", scope="whole", kwargs=_CAMPAIGN),
    Page("mail:copy_campaign", get="O", post="O", scope="whole", kwargs=_CAMPAIGN),
    # Suppressed addresses, and what readers choose.
    Page("mail:suppressions", get=STAFF, scope="whole"),
    Page("mail:export_suppressions", get=STAFF, scope="whole"),
    Page("mail:add_suppression", get="O", post="O", scope="whole"),
    Page("mail:suppression", get=STAFF, scope="whole", kwargs=_SUPPRESSION),
    _press("mail:lift_suppression", "O", "whole", **_SUPPRESSION),
    # Whoever holds the mail; the token in it decides.
    Page("unsubscribe:page", scope="public", kwargs=_TOKEN),
    Page("unsubscribe:choose", scope="public", get=None, kwargs=_TOKEN),
    # Of one's own address alone.
    Page("crew:my_mail", get="*", post="*", scope="portal"),
]
