"""Migrating an empty database in a quarter of the time, for the database that each engine's tests begin with.

Django draws the models of a migration's state anew, with every model that is related to them, at each operation: that is
nearly all the time a first migration takes. What a new table or a new constraint changes is one model, and most of our
own steps (triggers) never ask for the models at all. What comes of it is compared with what Django alone makes in
`tests/core/test_quick_migrations.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.db.migrations.operations import RunPython
from django.db.migrations.state import ModelState, ProjectState
from django.utils.functional import SimpleLazyObject


@contextmanager
def quick() -> Iterator[None]:
    """Let migrations run like that for a while."""
    with (
        mock.patch.object(ProjectState, "add_model", _add_model),
        mock.patch.object(ProjectState, "_append_option", _append_option),
        mock.patch.object(RunPython, "database_forwards", _run),
    ):
        yield


def _add_model(state: Any, model: ModelState) -> None:
    """Draw the new model alone: nothing refers to it yet, and what it refers to learns of it."""
    key = model.app_label, model.name_lower
    state.models[key] = model
    if state._relations is not None:
        state.resolve_model_relations(key)
    if "apps" in state.__dict__:
        state.apps.render_multiple([model])


def _append_option(state: Any, app: str, name: str, option: str, value: object) -> None:
    """Give an index or a constraint to the model that is drawn already."""
    model = state.models[app, name]
    model.options[option] = [*model.options[option], value]
    if "apps" in state.__dict__:
        setattr(state.apps.get_model(app, name)._meta, option, model.options[option])


def _run(step: RunPython, app_label: str, editor: Any, before: Any, after: Any) -> None:
    """Run a step in Python, and draw the models only when it asks for them."""

    def apps() -> Any:
        before.clear_delayed_apps_cache()
        return before.apps

    step.code(SimpleLazyObject(apps), editor)  # type: ignore[arg-type]
