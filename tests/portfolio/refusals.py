"""Asking the database to refuse rows, each for the constraint that forbids it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction


def each_is_refused(acts: Mapping[str, Callable[[], Any]], model: type[models.Model]) -> None:
    """Expect each act to be refused by the constraint it is named for, and that every constraint of a model was asked."""
    for name, act in acts.items():
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            act()
        if connection.vendor == "postgresql":
            assert name in str(refused.value)
        else:
            columns = next(
                (c.fields for c in model._meta.constraints if c.name == name and hasattr(c, "fields")), ()
            )
            assert name in str(refused.value) or all(f".{column}" in str(refused.value) for column in columns)
    assert set(acts) == {constraint.name for constraint in model._meta.constraints}
