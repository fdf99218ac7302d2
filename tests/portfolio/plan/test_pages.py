"""The pages of plans: set by whoever may, refused with a sentence, and the same queries however much is planned."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from portfolio.domain import plans
from portfolio.domain.plan import budgets, forecasts
from portfolio.models import (
    Assumption,
    Budget,
    CapitalOption,
    FinancialRule,
    Forecast,
    KpiValue,
    MonthlyTarget,
    ProfitabilityModel,
    Scenario,
)
from tests.portfolio.web.conftest import AT, World, account_of, world  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db
ROOT = "/portfolio/entities/qos/plans/"
JANUARY = 2026 * 12


def test_a_budget_is_proposed_set_and_shown(world: World) -> None:  # noqa: F811
    client, dockage = world.client("bookkeeper"), account_of(world.mine, "6100")
    path = f"{ROOT}budget/{dockage.pk}/?year=2026"

    proposed = client.get(f"{path}&propose=1&total=12,000.01").content.decode()
    refused = client.post(path, {"source": "Owner", f"month_{JANUARY}": "many"})
    answer = client.post(path, {"source": "Owner", f"month_{JANUARY}": "1,180.00"})

    assert "$1,000.01" in proposed
    assert proposed.count("$1,000.00") == 11
    assert (refused.status_code, "is not an amount" in refused.content.decode()) == (422, True)
    assert 'value="many"' in refused.content.decode()
    assert (answer.status_code, Budget.objects.get().amount_minor) == (302, 118_000)
    page = client.get(f"{ROOT}?year=2026").content.decode()
    assert "of $1,180" in page


def test_each_plan_has_its_form_and_those_who_may(world: World) -> None:  # noqa: F811
    owner = world.client("owner")
    rule = FinancialRule.objects.create(
        check_name="runway_floor", position=1, statement="Long runway", threshold=300
    )
    option = CapitalOption.objects.get(entity=world.mine.entity)
    kpi = KpiValue.objects.get(entity=world.mine.entity, tracked=True)
    draft = {
        "name": "Charter", "price_minor": "2,100", "crew_minor": "530", "fuel_minor": "45", "dock_minor": "0", "food_minor": "60",
        "commission_bp": "700", "card_fee_bp": "290", "card_fee_fixed_minor": "0.30", "source": "Bea",
    }  # fmt: skip
    posts = {
        f"{ROOT}models/add/": draft,
        f"/portfolio/plans/models/{world.mine.model.pk}/": draft | {"name": "Sunset", "price_minor": "1,900"},
        f"/portfolio/plans/kpis/{kpi.pk}/": {"label": "Enquiries", "key": "enquiries", "as_of": "2026-10-30", "value": "12.5", "source": "Bea"},
        f"{ROOT}targets/": {"source": "Owner", f"month_{JANUARY + 11}": "5,000"},
        f"{ROOT}kpis/add/": {"label": "NPS", "key": "nps", "as_of": "2026-11-01", "source": "Bea"},
        f"{ROOT}forecasts/add/": {"key": "revenue", "month": "2099-12", "value": "5", "source": "Bea"},
        f"{ROOT}capital/add/": {"name": "Sails", "tier": "revenue", "outlay_minor": "9,000", "source": "Bea"},
        f"/portfolio/plans/capital/{option.pk}/": {"name": "List it", "tier": "low_cost", "outlay_minor": "0", "source": "Bea"},
        f"/portfolio/plans/rules/{rule.pk}/": {"statement": "Longer", "threshold": "400", "position": "1", "active": "on"},
        "/portfolio/plans/scenarios/0/": {
            "name": "Low", "position": "1", "units_a_month": "2", "price_minor": "2000", "fixed_change_bp": "0", "source": "Bea",
        },
        "/portfolio/plans/assumptions/add/": {
            "key": "card-fee-bp", "effective_on": "2026-01-01", "value": "290", "note": "Fee", "source": "Bea",
        },
    }  # fmt: skip
    for path, typed in posts.items():
        assert owner.get(path).status_code == 200, path
        assert owner.post(path, {}).status_code == 422, path
        assert owner.post(path, typed).status_code == 302, path
        assert world.client("reader").post(path, typed).status_code in {403, 404}, path

    kpi.refresh_from_db()
    assert (kpi.key, kpi.value, kpi.as_of) == ("enquiries", 12.5, dt.date(2026, 10, 30))
    assert set(ProfitabilityModel.objects.filter(entity=world.mine.entity).values_list("name", "price_minor", "state")) == {
        ("Charter", 210_000, "draft"), ("Sunset", 190_000, "draft"),
    }  # fmt: skip
    world.mine.model.refresh_from_db()
    plans.adopt_model(model=world.mine.model, today=dt.date(2026, 11, 10), at=AT, by=world.owner)
    refused = owner.post(f"/portfolio/plans/models/{world.mine.model.pk}/", draft)
    assert (refused.status_code, "write a new draft from it" in refused.content.decode()) == (422, True)
    assert 'value="$1,900.00"' in owner.get(f"{ROOT}models/add/?from={world.mine.model.pk}").content.decode()
    assert MonthlyTarget.objects.filter(month=JANUARY + 11, revenue_minor=500_000).exists()
    assert KpiValue.objects.get(key="nps").tracked is False
    assert Forecast.objects.get().value_minor == 500
    assert set(CapitalOption.objects.filter(entity=world.mine.entity).values_list("name", flat=True)) == {
        "Sails",
        "List it",
    }
    assert (FinancialRule.objects.get().statement, Scenario.objects.get().price_minor) == ("Longer", 200_000)
    assert Assumption.objects.get().value == 290
    link, whole = f"/portfolio/plans/capital/{option.pk}/", "/portfolio/plans/"
    assert all(words in owner.get(whole).content.decode() for words in ("Longer", link))
    assert link not in world.client("bookkeeper").get(whole).content.decode()
    live = owner.get("/reports/assumptions/").content.decode()
    assert "Longer" in live
    assert "Runway" in live


def test_a_file_of_plans_lands_or_is_refused_with_its_place(world: World) -> None:  # noqa: F811
    client = world.client("bookkeeper")
    heads = b"entity,account,month,amount,source\n"

    def bring(data: bytes, kind: str = "budgets") -> object:
        return client.post(f"{ROOT}upload/", {"kind": kind, "file": SimpleUploadedFile("plan.csv", data)})

    bad = bring(heads + b"qos,6100,2026-13,5,x\n")
    good = bring(heads + b"qos,6100,2026-12,5,x\n")
    targets = bring(b"entity,month,revenue,source\nqos,2026-12,5,x\n", "targets")

    assert (bad.status_code, "plan.csv line 2, column month" in bad.content.decode()) == (422, True)  # type: ignore[attr-defined]
    assert (good.status_code, Budget.objects.get().amount_minor) == (302, 500)  # type: ignore[attr-defined]
    assert "no entity that you plan for" in targets.content.decode()  # type: ignore[attr-defined]


def test_a_page_offers_what_the_person_may_and_compares_what_has_come(world: World) -> None:  # noqa: F811
    dockage = account_of(world.mine, "6100")
    amounts: dict[int, int | None] = dict.fromkeys(range(JANUARY, JANUARY + 12), 100_000)
    budgets.set_months(account=dockage, amounts=amounts, source="x", by=None, at=AT)
    offered = {
        "targets": (f"{ROOT}targets/", {"owner"}),
        "capital": (f"{ROOT}capital/add/", {"owner"}),
        "model": (f"{ROOT}models/add/", {"owner", "bookkeeper"}),
        "kpi": ("/portfolio/plans/kpis/", {"owner", "bookkeeper"}),
        "all": ('"/portfolio/plans/"', {"owner", "bookkeeper"}),
    }
    for who in ("owner", "bookkeeper", "reader"):
        client = world.client(who)
        page = client.get(f"{ROOT}?year=2026").content.decode()
        for link, allowed in offered.values():
            assert (link in page) == (who in allowed), (who, link)
        assert ('"/portfolio/plans/"' in client.get("/portfolio/").content.decode()) == (who != "reader")
    # Eleven months are compared, December stands in the year alone.
    assert all(
        words in page for words in ("Budget to Nov 2026", "$11,000", "$12,000", "-$9,820".replace("-", "−"))
    )


def test_an_odd_year_is_the_present_one(world: World) -> None:  # noqa: F811
    for odd in ("0", "99999999999", "%00", "٢٠٢٦", "1900"):
        assert "Plans, 2026" in world.client("reader").get(f"{ROOT}?year={odd}").content.decode()


def test_the_page_takes_the_same_queries_however_much_is_planned(
    world: World,  # noqa: F811
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = world.client("reader")
    client.get(ROOT)
    with django_assert_num_queries(16):
        client.get(ROOT)
    for code in ("4000", "5100", "6100", "6300"):
        amounts: dict[int, int | None] = dict.fromkeys(range(JANUARY, JANUARY + 12), 100)
        budgets.set_months(account=account_of(world.mine, code), amounts=amounts, source="x", by=None, at=AT)
    for month in range(JANUARY + 10, JANUARY + 14):
        forecasts.make(
            entity=world.mine.entity, key="net", month=month, value_minor=5, scenario="", source="x",
            today=dt.date(2026, 11, 1), by=None, at=AT,
        )  # fmt: skip
    with django_assert_num_queries(16):
        client.get(ROOT)
