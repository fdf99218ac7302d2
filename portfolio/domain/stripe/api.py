"""Asking Stripe: what an event is about, as movements of the balance.

The only file that speaks to Stripe's API. It reads and never writes, holds no transaction while it waits, and gives
typed movements; which of them are new to the books is decided in `portfolio.domain.stripe.landing`.
"""

import datetime as dt
from collections.abc import Container, Iterator, Mapping
from typing import Any

from django.conf import settings

from portfolio.formats.errors import FormatError
from portfolio.formats.stripe import IDENTIFIER, BalanceTransaction
from portfolio.formats.stripe_json import movement
from portfolio.models import Entity

NAME = "Stripe"
PAGE = 100
# Seconds to connect, and to wait for an answer.
PATIENCE = (5, 30)
# What Stripe's fees, top-ups and corrections of a day belong to has no event of its own.
LOOK_BACK = dt.timedelta(days=3)


class StripeError(Exception):
    """Stripe cannot be asked, or its answer cannot be used; the message is a sentence without any secret."""


class NoKeyError(StripeError):
    """There is no key for this entity's account."""


def livemode(entity: Entity) -> bool | None:
    """Tell whether an entity's key is for real money; None where there is no key, or its name does not say."""
    key = settings.STRIPE_API_KEYS.get(entity.slug, "")
    if key.startswith(("sk_live_", "rk_live_")):
        return True
    return False if key.startswith(("sk_test_", "rk_test_")) else None


class Api:
    """One entity's Stripe account."""

    def __init__(self, entity: Entity) -> None:
        """Take the entity's key.

        Raises:
            NoKeyError: it has none.
        """
        import stripe  # noqa: PLC0415 - a tenth of a second that only those who ask Stripe pay

        key = settings.STRIPE_API_KEYS.get(entity.slug)
        if not key:
            raise NoKeyError(
                f"There is no Stripe key for {entity.name}; set STRIPE_API_KEYS, and what waits is fetched."
            )
        self._errors = stripe.StripeError
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": settings.STRIPE_API_BASE},
            http_client=stripe.RequestsClient(timeout=PATIENCE),
            max_network_retries=0,
        )
        self._charges: dict[str, dict[str, Any]] = {}

    def of_charge(self, charge_id: str) -> list[BalanceTransaction]:
        """Return the movements of a charge and of its refunds."""
        charge = self._get(
            f"/v1/charges/{charge_id}", expand=["balance_transaction", "failure_balance_transaction"]
        )
        self._charges[charge_id] = charge
        found = self._moved(charge, charge)
        if charge.get("amount_refunded") or charge.get("refunded"):
            both = ["data.balance_transaction", "data.failure_balance_transaction"]
            for refund in self._pages("/v1/refunds", charge=charge_id, expand=both):
                found += self._moved(refund, charge)
        return found

    def of_refund(self, refund_id: str) -> list[BalanceTransaction]:
        """Return the movements of a refund: its own, and that of its failure."""
        refund = self._get(
            f"/v1/refunds/{refund_id}",
            expand=["balance_transaction", "failure_balance_transaction", "charge"],
        )
        return self._moved(refund, self._charge_of(refund))

    def of_dispute(self, dispute_id: str) -> list[BalanceTransaction]:
        """Return the movements of a dispute: funds withdrawn, its fee, and funds reinstated."""
        dispute = self._get(f"/v1/disputes/{dispute_id}", expand=["charge"])
        charge = self._charge_of(dispute)
        return [
            movement({**self._whole(raw), "source": dispute}, name=NAME, line=0, charge=charge)
            for raw in dispute.get("balance_transactions") or ()
        ]

    def of_intent(self, intent_id: str) -> list[BalanceTransaction]:
        """Return the movements of the charge that a payment came to."""
        latest = self._get(f"/v1/payment_intents/{intent_id}").get("latest_charge")
        charge_id = latest.get("id") if isinstance(latest, dict) else latest
        return self.of_charge(_safe(charge_id)) if charge_id else []

    def of_payout(
        self, payout_id: str, known: Container[str] = ()
    ) -> tuple[dict[str, Any], list[BalanceTransaction]]:
        """Return a payout as it stands, and its movements: its own, its failure's, and all that it carried.

        Stripe lists what an automatic payout carried; for a manual one nobody knows. ``known`` are movements whose
        charge need not be looked up, because they have landed.
        """
        payout = self._get(
            f"/v1/payouts/{payout_id}", expand=["balance_transaction", "failure_balance_transaction"]
        )
        if not isinstance(payout.get("amount"), int) or not isinstance(payout.get("arrival_date"), int) or not isinstance(payout.get("status"), str):  # fmt: skip
            raise StripeError(f"Stripe's answer about {payout_id} is no payout.")
        found = self._moved(payout, {})
        if payout.get("automatic") is not False:
            listed = self._pages("/v1/balance_transactions", payout=payout_id, expand=["data.source"])
            found += [self._listed(raw, known, payout_id) for raw in listed]
        return payout, found

    def between(
        self, first: dt.datetime, before: dt.datetime | None, known: Container[str] = ()
    ) -> Iterator[BalanceTransaction]:
        """Yield the movements created from an instant on, and before another where one is given, newest first."""
        created = {"gte": int(first.timestamp())} | ({"lt": int(before.timestamp())} if before else {})
        for raw in self._pages("/v1/balance_transactions", created=created, expand=["data.source"]):
            yield self._listed(raw, known, "")

    def _listed(self, raw: Any, known: Container[str], payout_id: str) -> BalanceTransaction:
        source = raw.get("source") if isinstance(raw, dict) else None
        charge: Mapping[str, Any] = {}
        if isinstance(source, dict) and source.get("charge") and raw.get("id") not in known:
            charge = self._charge_of(source)
        return movement(raw, name=NAME, line=0, payout_id=payout_id, charge=charge)

    def _moved(self, source: dict[str, Any], charge: Mapping[str, Any]) -> list[BalanceTransaction]:
        """Return the movements that an object names as its own."""
        return [
            movement({**self._whole(raw), "source": source}, name=NAME, line=0, charge=charge)
            for raw in (source.get("balance_transaction"), source.get("failure_balance_transaction"))
            if raw is not None
        ]

    def _whole(self, raw: Any) -> dict[str, Any]:
        """Return a movement that an answer holds whole, or names by its id alone as older versions of the API do."""
        return raw if isinstance(raw, dict) else self._get(f"/v1/balance_transactions/{_safe(raw)}")

    def _charge_of(self, holder: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the charge of a refund or dispute, asked for once."""
        named = holder.get("charge")
        if isinstance(named, dict):
            return named
        if not named:
            return {}
        charge_id = _safe(named)
        if charge_id not in self._charges:
            self._charges[charge_id] = self._get(f"/v1/charges/{charge_id}")
        return self._charges[charge_id]

    def _pages(self, path: str, **asked: Any) -> Iterator[Any]:
        after: dict[str, str] = {}
        while True:
            page = self._get(path, limit=PAGE, **asked, **after)
            rows = page.get("data")
            if not isinstance(rows, list):
                raise StripeError(f"Stripe's answer to {path} is no list.")
            yield from rows
            if not page.get("has_more") or not rows:
                return
            after = {"starting_after": _safe(rows[-1].get("id") if isinstance(rows[-1], dict) else None)}

    def _get(self, path: str, **asked: Any) -> dict[str, Any]:
        try:
            answer = self._client.raw_request("get", path, **asked).data
        except self._errors as error:
            status = getattr(error, "http_status", None)
            if status is None:
                raise StripeError(
                    f"Stripe cannot be reached to ask for {path}; it is tried again."
                ) from error
            words = " ".join(str(error.user_message or "").split())[:120]
            raise StripeError(f"Stripe answered {status} when asked for {path}: {words}") from error
        except (RecursionError, ValueError) as error:
            raise StripeError(f"Stripe's answer to {path} cannot be read.") from error
        if not isinstance(answer, dict):
            raise StripeError(f"Stripe's answer to {path} is no object.")
        return answer


def _safe(identifier: object) -> str:
    """Return an id that may stand in an address."""
    if not isinstance(identifier, str) or not IDENTIFIER.fullmatch(identifier):
        raise FormatError(
            file=NAME, line=0, column="id", reason="an id in Stripe's answer is none", fix="try again"
        )
    return identifier
