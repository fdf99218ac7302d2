"""Domain names, DNS records and cache rules, each as last seen."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.domain.technology.masking import mask
from portfolio.domain.technology.refused import TechnologyRefusedError, past
from portfolio.models import CacheRule, DnsRecord, DomainName, Entity

_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.ASCII
)
TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SRV", "CAA")
LONGEST_SECONDS = 31_536_000


@dataclass(frozen=True, slots=True)
class DomainSaid:
    """A domain name, when it and its certificate run out, and what vouches for its mail; None is not known."""

    name: str
    expires_on: dt.date | None = None
    certificate_expires_on: dt.date | None = None
    spf: bool | None = None
    dkim: bool | None = None
    dmarc: bool | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class RecordSaid:
    """A DNS record; ``ttl`` is seconds, ``dangling`` says that it points at nothing of ours any more."""

    zone: str
    name: str
    type: str
    ttl: int
    value: str
    dangling: bool = False
    source: str = ""


def say_domain(
    *, entity: Entity, said: DomainSaid, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> DomainName:
    """Write down what was seen of a domain name on a local day; what is known of it is replaced.

    Raises:
        TechnologyRefusedError: the name is none, or the day lies ahead.
    """
    past(on, at)
    values = {
        "expires_on": said.expires_on, "certificate_expires_on": said.certificate_expires_on, "spf": said.spf,
        "dkim": said.dkim, "dmarc": said.dmarc, "seen_on": on, "source": mask(said.source)[:120],
    }  # fmt: skip
    with transaction.atomic():
        row, _ = DomainName.objects.update_or_create(entity=entity, name=_name(said.name), defaults=values)
        _record(row, entity, "domain_name", "say", {"seen_on": on.isoformat()}, by=by, at=at)
    return row


def say_record(
    *, entity: Entity, said: RecordSaid, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> DnsRecord:
    """Write down a DNS record as seen on a local day; the same record again brings its TTL and state up to date.

    Raises:
        TechnologyRefusedError: a name is none, the type is unknown, the TTL is out of bounds, or the day lies ahead.
    """
    past(on, at)
    if said.type not in TYPES:
        raise TechnologyRefusedError(f"{said.type!r} is no type of record we keep; use {', '.join(TYPES)}.")
    value = mask(said.value).strip()[:500]
    if not value:
        raise TechnologyRefusedError("Say what the record points at.")
    values = {
        "ttl": _seconds(said.ttl),
        "dangling": said.dangling,
        "seen_on": on,
        "source": mask(said.source)[:120],
    }
    with transaction.atomic():
        row, _ = DnsRecord.objects.update_or_create(
            entity=entity,
            zone=_name(said.zone),
            name=_name(said.name),
            type=said.type,
            value=value,
            defaults=values,
        )
        _record(row, entity, "dns_record", "say", {"ttl": row.ttl, "dangling": row.dangling}, by=by, at=at)
    return row


def say_cache(
    *, entity: Entity, path: str, seconds: int, said_by: str, source: str = "",
    by: AbstractBaseUser | None, at: dt.datetime,
) -> CacheRule:  # fmt: skip
    """Write down for how long a place says that a path may be kept; the same place again replaces it.

    Raises:
        TechnologyRefusedError: the path or the place is not named, or the time is out of bounds.
    """
    path, said_by = mask(path).strip()[:250], mask(said_by).strip()[:120]
    if not path or not said_by:
        raise TechnologyRefusedError("Name the path, and the place that says how long it is kept.")
    with transaction.atomic():
        row, _ = CacheRule.objects.update_or_create(
            entity=entity, path=path, said_by=said_by,
            defaults={"seconds": _seconds(seconds), "source": mask(source)[:120]},
        )  # fmt: skip
        _record(row, entity, "cache_rule", "say", {"seconds": row.seconds}, by=by, at=at)
    return row


def forget(*, row: DomainName | DnsRecord | CacheRule, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take away a name, a record or a rule that is no more."""
    kind = {DomainName: "domain_name", DnsRecord: "dns_record", CacheRule: "cache_rule"}[type(row)]
    with transaction.atomic():
        _record(row, row.entity, kind, "forget", {"was": str(row)}, by=by, at=at)
        row.delete()


def _name(text: str) -> str:
    name = text.strip().rstrip(".").casefold()
    if not _NAME.fullmatch(name):
        raise TechnologyRefusedError("That is no domain name; write it as www.example.com.")
    return name


def _seconds(value: int) -> int:
    if not 0 <= value <= LONGEST_SECONDS:
        raise TechnologyRefusedError("Give a number of seconds between 0 and a year.")
    return value


def _record(
    subject: DomainName | DnsRecord | CacheRule,
    entity: Entity,
    kind: str,
    verb: str,
    data: dict[str, Any],
    *,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    audit.record(
        action=f"portfolio:{kind}:{verb}", subject=subject, at=at, by=by, entity=entity.slug, data=data
    )
