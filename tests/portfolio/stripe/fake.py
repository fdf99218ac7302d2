"""A Stripe of our own: an account with a history, its API over HTTP, its events, and its balance file.

Objects are Stripe's own samples (`data/objects.json`, MIT) with our ids and amounts. Each object is kept in every version it
had, so that the API can answer as it would have answered at the time of any event.
"""

import copy
import csv
import datetime as dt
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stripe import WebhookSignature

SAMPLES = json.loads((Path(__file__).parent / "data" / "objects.json").read_text(encoding="utf-8"))
BEGIN = dt.datetime(2026, 9, 1, 18, 0, tzinfo=dt.UTC)
NEVER = 10**9
KINDS = {"charges": "charge", "refunds": "refund", "disputes": "dispute", "payouts": "payout", "payment_intents": "payment_intent", "balance_transactions": "balance_transaction"}  # fmt: skip
WORDS = {"adjustment": "dispute", "payout_failure": "payout_reversal", "stripe_fee": "fee"}


class Account:
    """A Stripe account and all that ever happened in it, in order."""

    def __init__(self) -> None:
        """Open an account on which nothing happened."""
        self.versions: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        self.txns: list[str] = []
        self.pending: list[str] = []
        self.carried: dict[str, str] = {}
        self.events: list[tuple[str, str, dt.datetime]] = []
        self.at = BEGIN
        self.number = 0
        self.shown = NEVER  # The API answers as after this many events.

    def _new(self, kind: str, prefix: str, **values: Any) -> dict[str, Any]:
        self.number += 1
        made: dict[str, Any] = copy.deepcopy(SAMPLES[kind])
        made |= {"id": f"{prefix}_{self.number:06d}Q", "created": int(self.at.timestamp()), "livemode": False}
        return self._put(made | values)

    def _put(self, thing: dict[str, Any], **values: Any) -> dict[str, Any]:
        thing = {**thing, **values}
        self.versions.setdefault(thing["id"], []).append((len(self.events), thing))
        return thing

    def _txn(self, word: str, source: str | None, amount: int, fee: int, words: str) -> str:
        days = 0 if word.startswith("payout") else 2
        made = self._new(
            "balance_transaction", "txn", type=word, reporting_category=WORDS.get(word, word), source=source,
            amount=amount, fee=fee, net=amount - fee, description=words,
            available_on=int((self.at + dt.timedelta(days=days)).timestamp()),
            fee_details=[{"amount": fee - 10, "type": "stripe_fee"}, {"amount": 10, "type": "application_fee"}] if fee else [],
        )  # fmt: skip
        self.txns.append(made["id"])
        if word != "payout":
            self.pending.append(made["id"])
        return str(made["id"])

    def _tell(self, word: str, thing: str) -> None:
        self.events.append((word, thing, self.at))
        self.at += dt.timedelta(hours=7)

    def now(self, thing: str, shown: int = NEVER) -> dict[str, Any] | None:
        """Return an object as it was after some events, or None where it was not yet."""
        found = [made for step, made in self.versions.get(thing, []) if step <= shown]
        return found[-1] if found else None

    def _last(self, thing: str) -> dict[str, Any]:
        return self.versions[thing][-1][1]

    def charge(self, words: str, amount: int, booking: str = "") -> str:
        """Take a card payment."""
        fee = amount * 29 // 1000 + 30 + 10
        charge = self._new("charge", "ch", amount=amount, description=words, metadata={"booking": booking} if booking else {})  # fmt: skip
        intent = self._new("payment_intent", "pi", latest_charge=charge["id"])
        txn = self._txn("charge", charge["id"], amount, fee, words)
        self._put(charge, balance_transaction=txn, payment_intent=intent["id"])
        self._tell("payment_intent.succeeded", intent["id"])
        self._tell("charge.succeeded", charge["id"])
        return str(charge["id"])

    def refund(self, charge: str, amount: int) -> str:
        """Give part of a payment back."""
        taken = self._last(charge)
        refund = self._new("refund", "re", amount=amount, charge=charge)
        txn = self._txn("refund", refund["id"], -amount, 0, f"REFUND FOR CHARGE ({taken['description']})")
        self._put(refund, balance_transaction=txn)
        self._put(taken, amount_refunded=taken["amount_refunded"] + amount)
        self._tell("refund.created", refund["id"])
        self._tell("charge.refunded", charge)
        return str(refund["id"])

    def fail_refund(self, refund: str) -> None:
        """Let a refund come back."""
        made = self._last(refund)
        words = self._last(made["balance_transaction"])["description"]
        txn = self._txn("refund_failure", refund, made["amount"], 0, words)
        self._put(made, failure_balance_transaction=txn, status="failed")
        self._tell("refund.failed", refund)

    def dispute(self, charge: str, amount: int) -> str:
        """Let a client dispute a payment: the funds and a fee are withdrawn."""
        dispute = self._new("dispute", "du", amount=amount, charge=charge)
        txn = self._txn("adjustment", dispute["id"], -amount, 1510, f"Chargeback withdrawal for {charge}")
        self._put(dispute, balance_transactions=[txn])
        self._tell("charge.dispute.created", dispute["id"])
        self._tell("charge.dispute.funds_withdrawn", dispute["id"])
        return str(dispute["id"])

    def win(self, dispute: str) -> None:
        """Win a dispute: the funds and the fee are reinstated."""
        made = self._last(dispute)
        txn = self._txn(
            "adjustment", dispute, made["amount"], -1500, f"Chargeback reversal for {made['charge']}"
        )
        self._put(made, balance_transactions=[*made["balance_transactions"], txn], status="won")
        self._tell("charge.dispute.funds_reinstated", dispute)

    def fee(self, amount: int, words: str = "Radar") -> None:
        """Let Stripe charge for something; no event names it."""
        self._txn("stripe_fee", None, -amount, 0, words)
        self._tell("balance.available", "")

    def payout(self) -> str:
        """Pay the balance out to the bank."""
        self.at += dt.timedelta(days=1)
        amount = sum(self._last(txn)["net"] for txn in self.pending)
        arrives = int(self.at.timestamp())
        payout = self._new(
            "payout", "po", amount=amount, automatic=True, status="in_transit", arrival_date=arrives
        )
        txn = self._txn("payout", payout["id"], -amount, 0, "STRIPE PAYOUT")
        for carried in [*self.pending, txn]:
            self.carried[carried] = payout["id"]
        self.pending = []
        payout = self._put(payout, balance_transaction=txn)
        self._tell("payout.created", payout["id"])
        self._put(payout, status="paid")
        self._tell("payout.paid", payout["id"])
        return str(payout["id"])

    def fail(self, payout: str) -> None:
        """Let the bank send a payout back."""
        made = self._last(payout)
        txn = self._txn("payout_failure", payout, made["amount"], 0, "STRIPE PAYOUT FAILURE")
        self._put(made, status="failed", failure_balance_transaction=txn)
        self._tell("payout.failed", payout)

    def csv(self, first: int = 0, last: int | None = None) -> bytes:
        """Return the itemised balance file of some of the movements, by their order."""
        out = io.StringIO()
        write = csv.writer(out, lineterminator="\r\n").writerow
        write(["balance_transaction_id", "created_utc", "available_on_utc", "currency", "gross", "fee", "net",
               "reporting_category", "source_id", "description", "automatic_payout_id", "charge_id",
               "payment_metadata[booking]", "some_new_column"])  # fmt: skip
        for identifier in self.txns[first:last]:
            txn = self._last(identifier)
            source = self._last(txn["source"]) if txn["source"] else {}
            charge = source if source.get("object") == "charge" else self._last(source["charge"]) if source.get("charge") else {}  # fmt: skip
            when = [dt.datetime.fromtimestamp(txn[key], dt.UTC).strftime("%Y-%m-%d %H:%M:%S") for key in ("created", "available_on")]  # fmt: skip
            money = [f"{txn[key] / 100:.2f}" for key in ("amount", "fee", "net")]
            write([identifier, *when, "usd", *money, txn["reporting_category"], txn["source"] or "", txn["description"],
                   self.carried.get(identifier, ""), charge.get("id", ""), (charge.get("metadata") or {}).get("booking", ""), "?"])  # fmt: skip
        return b"\xef\xbb\xbf" + out.getvalue().encode()

    def json(self) -> list[dict[str, Any]]:
        """Return the movements as the API lists them, sources and their charges expanded."""
        return [self._shown(self._last(txn), [["source", "charge"]]) for txn in self.txns]

    def bodies(self, slug: str) -> list[str]:
        """Return the events as an entity's address receives them, in the order in which they happened."""
        found = []
        for number, (word, thing, at) in enumerate(self.events):
            about = self._last(thing) if thing else {"object": "balance", "livemode": False}
            event = {
                **SAMPLES["event"], "id": f"evt_{slug}{number:04d}", "type": word, "created": int(at.timestamp()),
                "data": {"object": about},
            }  # fmt: skip
            found.append(json.dumps(event))
        return found

    def answer(self, path: str, query: dict[str, list[str]]) -> dict[str, Any] | None:
        """Return what the API answers, or None where there is no such thing."""
        expand = [way.removeprefix("data.").split(".") for key, ways in query.items() if key.startswith("expand") for way in ways]  # fmt: skip
        parts = path.strip("/").split("/")[1:]
        if len(parts) == 2 and parts[0] in KINDS:
            found = self.now(parts[1], self.shown)
            return (
                self._shown(found, expand)
                if found is not None and found["object"] == KINDS[parts[0]]
                else None
            )
        if parts == ["refunds"]:
            rows = [self.now(name, self.shown) for name in self.versions if name.startswith("re_")]
            rows = [row for row in rows if row and row["charge"] == query["charge"][0]]
        elif parts == ["balance_transactions"]:
            rows = [self.now(name, self.shown) for name in reversed(self.txns)]
            least = int(query.get("created[gte]", ["0"])[0])
            payout = query.get("payout", [""])[0]
            rows = [row for row in rows if row and row["created"] >= least and (not payout or self.carried.get(row["id"]) == payout)]  # fmt: skip
        else:
            return None
        ids = [row["id"] for row in rows if row]
        after = query.get("starting_after", [""])[0]
        begin = ids.index(after) + 1 if after else 0
        limit = (
            int(query.get("limit", ["10"])[0]) if len(ids) < 8 else 7
        )  # Pages small enough that there are several.
        page = [self._shown(row, expand) for row in rows[begin : begin + limit] if row]
        return {"object": "list", "data": page, "has_more": begin + limit < len(ids)}

    def _shown(self, thing: dict[str, Any], expand: list[list[str]]) -> dict[str, Any]:
        shown = dict(thing)
        if shown["object"] == "dispute":
            shown["balance_transactions"] = [
                self.now(txn, self.shown) for txn in shown["balance_transactions"]
            ]
        for key, *rest in expand:
            if isinstance(shown.get(key), str):
                found = self.now(shown[key], self.shown)
                shown[key] = self._shown(found, [rest] if rest else []) if found else None
        return shown


def serve(account: Account) -> Iterator[str]:
    """Serve an account's API on this machine, and yield its address until the test is over."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            allowed = self.headers.get("Authorization", "").startswith("Bearer sk_test_")
            answer = account.answer(parts.path, parse_qs(parts.query)) if allowed else None
            status = 200 if answer is not None else 404 if allowed else 401
            body = json.dumps(
                answer if answer is not None else {"error": {"message": "No such thing."}}
            ).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def signed(body: str, secret: str, at: int | None = None) -> str:
    """Return the header with which Stripe signs a body."""
    return WebhookSignature.generate_signature_header(body, secret, at)


def history(rounds: int = 1) -> Account:
    """Return an account with everything that happens to money in one."""
    account = Account()
    for turn in range(rounds):
        name = f"QOS-{turn:03d}"
        deposit = account.charge(f"Deposit {name}, sail", 50_000, name)
        rest = account.charge(f"Balance {name}, sail", 160_000, name)
        cap = account.charge("Cap with logo", 2_000)
        first = account.payout()
        account.refund(deposit, 20_000)
        account.refund(deposit, 5_000)
        account.fail_refund(account.refund(rest, 1_000))
        lost = account.dispute(cap, 2_000)
        won = account.dispute(rest, 160_000)
        account.fee(700)
        account.charge(f"Balance {name}, tip", 30_000, name)
        account.win(won)
        account.fail(first)
        account.charge("Ticket, unknown", 12_300)
        account.payout()
        account.fee(250, "Tax reporting")
        assert lost != won
    account.payout()
    return account
