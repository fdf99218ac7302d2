"""A report of one file: no figure of its own, and everything a report has."""

import ast
from pathlib import Path

import pytest

from reports.lenses import LENSES, Family, board_pack
from reports.metrics import REGISTRY
from tests.reports.sample_case import draft

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("sample_owner")]


def test_it_defines_no_metric_and_no_rule_and_is_asked_for_by_name() -> None:
    tree = ast.parse(Path(board_pack.__file__).read_text(encoding="utf-8"))
    decorated = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.decorator_list]
    assert decorated == []
    assert LENSES["board-pack"].family is Family.EXTRA


def test_all_its_figures_are_other_reports_figures() -> None:
    own = {figure.metric for figure in draft("board-pack").figures.values()} - set(REGISTRY)
    # What a change or a total is called that a lens works out of figures.
    assert own <= {"own"}
    shared = draft("ceo").figures
    same = [figure for key, figure in draft("board-pack").figures.items() if key in shared]
    assert len(same) > 40
    assert all(figure == shared[figure.key] for figure in same)
