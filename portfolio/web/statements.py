"""Pages of statements, of one entity and of several together, their files, and the postings behind each figure."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path, register_converter, reverse
from django.views.decorators.http import require_safe

from core import access, clock, months
from portfolio.domain import pages, statement_views
from portfolio.domain.statement_columns import Asked, By, Compare, Form, UnfitError, span_label
from portfolio.domain.statement_parts import EmptyPeriodError, UnlikeCurrenciesError
from portfolio.domain.statement_views import Figure, Statement
from portfolio.models import Account, Entity
from portfolio.render import statements_files
from portfolio.render.statements import Kind, Style, Table, written
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import record
from portfolio.web.entities import ROWS_A_PAGE, crumbs, views_of_portfolio
from portfolio.web.statement_asks import AskedError, read, usual_spans
from portfolio.web.tabs import books

BY = {By.TOTAL: "One column", By.MONTH: "Months", By.QUARTER: "Quarters"}
COMPARE = {
    Compare.NOTHING: "Nothing",
    Compare.BEFORE: "The period before",
    Compare.YEAR: "The same months a year before",
}
LEDES = {
    Form.TRIAL: "Every account with its balance, debits beside credits.",
    Form.INCOME: "What was earned and what it cost.",
    Form.BALANCE: "What is owned and what is owed.",
    Form.CASH: "Where money came from and where it went.",
}
FILES: dict[str, tuple[str, Callable[[Table, dt.datetime], bytes]]] = {
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        lambda table, at: statements_files.as_xlsx(table),
    ),
    "csv": ("text/csv; charset=utf-8", lambda table, at: statements_files.as_csv(table)),
    "pdf": ("application/pdf", lambda table, at: statements_files.as_pdf(table, at=at)),
    "json": ("application/json", lambda table, at: statements_files.as_json(table)),
}


class FormConverter:
    """A statement in an address."""

    regex = "|".join(form.value for form in Form)

    def to_python(self, value: str) -> Form:
        """Return the statement."""
        return Form(value)

    def to_url(self, value: Form) -> str:
        """Write the statement."""
        return value.value


register_converter(FormConverter, "statement")


@dataclass(frozen=True, slots=True)
class Whose:
    """The entities of a page and the addresses that belong to them; ``entity`` is None where several stand together."""

    entities: Sequence[Entity]
    choices: Sequence[Entity]
    entity: Entity | None

    def url(self, name: str, *args: Any) -> str:
        """Return the address of one of these pages."""
        if self.entity is None:
            return reverse(f"portfolio:all_{name}", args=args)
        return reverse(f"portfolio:{name}", args=[self.entity.slug, *args])

    @property
    def crumbs(self) -> list[dict[str, Any]]:
        """Return the way back from a statement."""
        return [*crumbs(self.entity), {"label": "Statements", "url": self.url("statements")}]

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """Return the tabs above the page."""
        return (
            views_of_portfolio("all_statements") if self.entity is None else books(self.entity, "statements")
        )


def _whose(request: HttpRequest, slug: str | None) -> Whose:
    """Return the entities a page is about.

    Raises:
        Http404: the one it names is not there for this person.
        AskedError: of several, one is not there.
    """
    if slug is not None:
        entity = entity_or_404(request, slug)
        return Whose([entity], [], entity)
    seen = Entity.objects.filter(active=True).order_by("slug")
    ids = access.entity_ids(request.user)
    choices = list(seen if ids is None else seen.filter(pk__in=ids))
    wanted = [value for value in request.GET.getlist("entity") if value]
    unknown = sorted(set(wanted) - {entity.slug for entity in choices})
    if unknown:
        raise AskedError(f"You see no entity called {unknown[0][:40]!r}; choose among those listed.")
    chosen = [entity for entity in choices if entity.slug in wanted] if wanted else choices
    if not wanted and chosen:
        # Without a choice, those whose books are in the currency most of them are kept in.
        kept = [entity.currency for entity in chosen]
        usual = max(sorted(set(kept)), key=kept.count)
        chosen = [entity for entity in chosen if entity.currency == usual]
    return Whose(chosen, choices, None)


def _wanted(told: QueryDict) -> str:
    """Return the kind of file that is asked for; nothing is the page.

    Raises:
        AskedError: there is no such kind.
    """
    wanted = told.get("format") or ""
    if wanted and wanted not in FILES:
        raise AskedError("A statement is sent as xlsx, csv, pdf or json; choose one of them.")
    return wanted


def _query(asked: Asked, whose: Whose, **changes: Any) -> str:
    """Return an address's parameters for what is asked, with changes."""
    told: dict[str, Any] = {
        "from": months.iso(asked.first),
        "to": months.iso(asked.last),
        "by": asked.by.value if asked.by is not By.TOTAL else "",
        "compare": asked.compare.value,
        "budget": "1" if asked.budget else "",
        "entity": [one.slug for one in whose.entities] if len(whose.entities) < len(whose.choices) else [],
    } | changes
    return urlencode({name: value for name, value in told.items() if value != ""}, doseq=True)


@require_safe
@access.staff
def hub(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Show which statements there are, with the periods most asked for."""
    try:
        whose = _whose(request, slug)
    except AskedError:
        raise Http404 from None
    today = pages.as_of_date()
    now = months.month_of(today)
    cards = []
    for form in Form:
        asked = Asked(form, now - now % 12, now)
        links = [
            {
                "label": label,
                "url": f"?{_query(asked, whose, **{'from': months.iso(a), 'to': months.iso(b)})}",
            }
            for label, a, b in usual_spans(today)
        ]
        links.append({"label": "Year by month", "url": f"?{_query(asked, whose, by='month')}"})
        if whose.entity is None:
            links.append({"label": "Entity by entity", "url": f"?{_query(asked, whose, by='entity')}"})
        cards.append(
            {"title": form.title, "text": LEDES[form], "url": whose.url("statement", form), "links": links}
        )
    return render(
        request,
        "portfolio/statements/hub.html",
        {
            "whose": whose,
            "entity": whose.entity,
            "cards": cards,
            "as_of": today,
            "tabs": whose.tabs,
            "crumbs": crumbs(whose.entity),
        },
    )


@require_safe
@access.staff
def statement(request: HttpRequest, form: Form, slug: str | None = None) -> HttpResponse:
    """Show a statement, or send it as a file; what cannot be shown is said in a sentence."""
    today = pages.as_of_date()
    whose, asked = None, None
    try:
        whose = _whose(request, slug)
        asked = read(form, request.GET, today)
        made = _made(whose, asked)
        wanted = _wanted(request.GET)
    except (AskedError, UnfitError, UnlikeCurrenciesError, EmptyPeriodError) as error:
        return _refused(request, form, whose, slug, asked, str(error))
    table = made.table()
    if wanted:
        kind, write = FILES[wanted]
        answer = HttpResponse(write(table, clock.now()), content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="{table.file}.{wanted}"'
        return answer
    return render(
        request, "portfolio/statements/statement.html", _shown(request, made, table, whose, asked, today)
    )


def _made(whose: Whose, asked: Asked) -> Statement:
    if not whose.entities:
        raise AskedError("No entity is chosen; choose at least one.")
    return Statement(entities=whose.entities, asked=asked)


def _controls(whose: Whose | None, asked: Asked | None, told: QueryDict) -> dict[str, Any]:
    """Return what the form shows: what is asked, or what was typed where that could not be read."""
    by = dict(BY)
    if whose is not None and whose.entity is None:
        by[By.ENTITY] = "Entities"
    chosen_by = asked.by.value if asked else told.get("by", "")
    chosen = asked.compare.value if asked else told.get("compare", "")
    slugs = {one.slug for one in whose.entities} if whose else set()
    return {
        "from": months.iso(asked.first) if asked else told.get("from", "")[:20],
        "to": months.iso(asked.last) if asked else told.get("to", "")[:20],
        "by": [(one.value, label, one.value == chosen_by) for one, label in by.items()],
        "compare": [(one.value, label, one.value == chosen) for one, label in COMPARE.items()],
        "budget": asked.budget if asked else told.get("budget") == "1",
        "entities": [(one.slug, one.name, one.slug in slugs) for one in (whose.choices if whose else ())],
    }


def _refused(
    request: HttpRequest, form: Form, whose: Whose | None, slug: str | None, asked: Asked | None, said: str
) -> HttpResponse:
    """Say why there is no statement, with the form as it was filled in."""
    if whose is None:
        seen = Entity.objects.filter(active=True).order_by("slug")
        ids = access.entity_ids(request.user)
        whose = Whose([], list(seen if ids is None else seen.filter(pk__in=ids)), None)
    return render(
        request,
        "portfolio/statements/statement.html",
        {
            "entity": whose.entity,
            "form": form,
            "lede": LEDES[form],
            "refused": said,
            "controls": _controls(whose, asked, request.GET),
            "others": _others(form, whose, ""),
            "tabs": whose.tabs,
            "crumbs": whose.crumbs,
        },
        status=422,
    )


def _others(form: Form, whose: Whose, query: str) -> list[dict[str, Any]]:
    """Return the ways to the four statements of the same months."""
    return [
        {
            "label": one.title,
            "url": whose.url("statement", one) + (f"?{query}" if query else ""),
            "current": one is form,
        }
        for one in Form
    ]


def _shown(
    request: HttpRequest, made: Statement, table: Table, whose: Whose, asked: Asked, today: dt.date
) -> dict[str, Any]:
    query = _query(asked, whose)
    behind = whose.url("figure", asked.form)
    span = urlencode({"from": months.iso(asked.first), "to": months.iso(asked.last)})
    heads: list[dict[str, Any]] = []
    over: list[dict[str, Any]] = []
    for head in table.heads:
        heads.append({"label": head.label, "debit": head.kind in (Kind.DEBIT, Kind.CREDIT)})
        if over and over[-1]["label"] == head.over:
            over[-1]["width"] += 1
        else:
            over.append({"label": head.over, "width": 1})
    lines = [
        {
            "style": line.style.value,
            "heading": line.style is Style.HEADING,
            "code": line.code,
            "label": line.label,
            "account": f"{reverse('portfolio:account', args=[account])}?{span}" if account else "",
            "cells": [
                {
                    "text": written(cell, head.kind, table.currency),
                    "url": f"{behind}?{query}&line={line.key}&column={at}" if made.leads(line, at) else "",
                }
                for at, (cell, head) in enumerate(zip(line.cells, table.heads, strict=False))
            ],
        }
        for line, account in zip(table.lines, (one.account for one in made.lines), strict=True)
    ]
    return {
        "entity": whose.entity,
        "form": asked.form,
        "lede": LEDES[asked.form],
        "table": table,
        "heads": heads,
        "over": over if any(one["label"] for one in over) else [],
        "lines": lines,
        "width": len(heads) + 1,
        "controls": _controls(whose, asked, request.GET),
        "spans": [
            {
                "label": label,
                "url": f"?{_query(asked, whose, **{'from': months.iso(a), 'to': months.iso(b)})}",
                "current": (a, b) == (asked.first, asked.last),
            }
            for label, a, b in usual_spans(today)
        ],
        "downloads": [(kind.upper(), f"?{query}&format={kind}") for kind in FILES],
        "others": _others(asked.form, whose, _query(asked, whose, budget="")),
        "tabs": whose.tabs,
        "crumbs": whose.crumbs,
    }


@require_safe
@access.staff
def figure(request: HttpRequest, form: Form, slug: str | None = None) -> HttpResponse:
    """Show the postings behind one figure of a statement; they add up to it.

    Raises:
        Http404: the statement has no such figure.
    """
    try:
        whose = _whose(request, slug)
        asked = read(form, request.GET, pages.as_of_date())
        made = _made(whose, asked)
        column = request.GET.get("column", "")
        found = made.figure(
            key=request.GET.get("line", ""), at=int(column) if column.isdecimal() and len(column) < 4 else -1
        )
    except (AskedError, UnfitError, UnlikeCurrenciesError, EmptyPeriodError) as error:
        raise Http404(str(error)) from error
    if found is None:
        raise Http404
    query = _query(asked, whose)
    here = f"{query}&line={request.GET['line']}&column={column}&"
    return render(
        request,
        "portfolio/statements/postings.html",
        {
            **listing(request, found, made.books.currency, here),
            "title": f"{found.label}: {found.head}",
            "eyebrow": f"{whose.entity.name if whose.entity else 'Portfolio'} · {form.title}",
            "entity": whose.entity,
            "back": f"{whose.url('statement', form)}?{query}",
            "form": form,
            "several": True,
            "crumbs": [
                *whose.crumbs,
                {"label": form.title, "url": f"{whose.url('statement', form)}?{query}"},
            ],
        },
    )


def listing(
    request: HttpRequest, found: Figure, currency: str, query: str, opening: int = 0
) -> dict[str, Any]:
    """Return a page of postings with the running sum, and what all of them add up to, in the figure's own sign."""
    page = Paginator(found.postings, ROWS_A_PAGE).get_page(request.GET.get("page"))
    before = found.postings[: page.start_index() - 1] if page.number > 1 else None
    held = opening + (found.sign * statement_views.total(before) if before is not None else 0)
    rows = []
    for posting in page.object_list:
        amount = found.sign * posting.amount_minor
        held += amount
        rows.append({"posting": posting, "amount": amount, "held": held})
    added = found.sign * statement_views.total(found.postings)
    return {
        "rows": rows,
        "page_obj": page,
        "query": query,
        "currency": currency,
        "figure": found,
        "opening": opening,
        "added": added,
        "even": added == found.amount_minor,
    }


def account_span(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an account's postings over months, with the balance after each; from the first ever where no month is given.

    Called by the page of an account, which guards it.
    """
    account = record(request, Account.objects.select_related("entity"), pk=pk)
    refused, asked = "", None
    try:
        asked = read(Form.TRIAL, request.GET, pages.as_of_date())
    except AskedError as error:
        refused = str(error)
    context: dict[str, Any] = {"refused": refused}
    if asked is not None:
        first = asked.first if request.GET.get("from") else None
        opening, moved = statement_views.account_moves(account=account, first=first, last=asked.last)
        found = Figure(
            str(account),
            span_label(asked.first, asked.last) if first else f"up to {months.label(asked.last)}",
            moved,
            1,
            statement_views.postings(accounts=[account.pk], first=first, last=asked.last),
        )
        query = urlencode({"from": months.iso(first) if first else "", "to": months.iso(asked.last)})
        context |= listing(request, found, account.currency, f"{query}&", opening)
        context["span"] = found.head
    return render(
        request,
        "portfolio/statements/postings.html",
        {
            **context,
            "entity": account.entity,
            "title": str(account),
            "eyebrow": f"{account.entity.name} · {account.get_kind_display()} · {account.get_role_display()}",
            "account": account,
            "crumbs": crumbs(account.entity),
        },
        status=422 if refused else 200,
    )


urlpatterns = [
    path("statements/", hub, name="all_statements"),
    path("statements/<statement:form>/", statement, name="all_statement"),
    path("statements/<statement:form>/postings/", figure, name="all_figure"),
    path("entities/<slug:slug>/statements/", hub, name="statements"),
    path("entities/<slug:slug>/statements/<statement:form>/", statement, name="statement"),
    path("entities/<slug:slug>/statements/<statement:form>/postings/", figure, name="figure"),
]
