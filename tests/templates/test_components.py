"""The parts in templates/components: what they say, and that every reference they make points at something."""

import re
from html.parser import HTMLParser

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template.loader import render_to_string


class Reader(HTMLParser):
    """Collects the ids of a fragment, what refers to them, and its words."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.words: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in {"for", "aria-describedby", "aria-labelledby"}:
                self.references += (value or "").split()
            elif name == "href" and (value or "").startswith("#"):
                self.references.append((value or "")[1:])

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(" ".join(data.split()))


def draw(part: str, **context: object) -> str:
    """Render one part with a context."""
    return render_to_string(f"components/{part}.html", context)


class Landing(forms.Form):
    """One field of each kind the portal uses."""

    day = forms.DateField(label="Day", help_text="Year-month-day.")
    entity = forms.ChoiceField(label="Entity", choices=[("qos", "QueenofSanDiego")])
    variant = forms.ChoiceField(
        label="Variant", choices=[("long", "Long"), ("brief", "Brief")], widget=forms.RadioSelect
    )
    mail_it = forms.BooleanField(label="Mail it", required=False, help_text="Otherwise it is only kept.")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


@pytest.mark.parametrize("data", [None, {"day": "31 November"}], ids=["fresh", "refused"])
def test_every_label_hint_and_error_of_a_form_is_tied_to_its_control(data: dict[str, str] | None) -> None:
    read = Reader(draw("form", form=Landing(data), submit="Land"))

    assert sorted(set(read.references) - set(read.ids)) == []
    assert sorted(name for name in set(read.ids) if read.ids.count(name) > 1) == []


def test_a_refused_form_says_at_the_top_what_is_wrong_and_where() -> None:
    markup = draw(
        "form", form=Landing({"day": "31 November", "entity": "qos", "variant": "long"}), submit="Land"
    )

    summary = markup[markup.index("error-summary") : markup.index("</ul>")]
    assert re.findall(r'<a href="#([^"]+)">([^<]+)</a>', summary) == [("id_day", "Day: Enter a valid date.")]


def test_a_form_names_what_may_be_left_out() -> None:
    words = Reader(draw("form", form=Landing(), submit="Land")).words

    assert words.count("(optional)") == 1
    assert words[words.index("(optional)") - 1] == "Note"


def test_a_figure_without_data_says_so_and_never_shows_a_value() -> None:
    words = Reader(draw("kpi", label="DSO", missing="Not tracked since Nov 2025", value="0")).words

    assert words == ["DSO", "Not tracked since Nov 2025"]


def test_a_figure_shows_its_value_change_target_and_where_it_comes_from() -> None:
    words = Reader(
        draw(
            "kpi",
            label="Gross burn",
            value="$8,214",
            prior="$7,902",
            change="+$312",
            target="≤ $8,000",
            status="watch",
            status_label="Watch",
            badge="measured",
        )
    ).words

    assert words == [
        *("Gross burn", "$8,214", "Change", "+$312", "Before", "$7,902", "Target", "≤ $8,000"),
        *("Measured", "Watch"),
    ]


@pytest.mark.parametrize(("level", "bars"), [("critical", 4), ("high", 3), ("medium", 2), ("low", 1)])
def test_severity_is_a_word_and_as_many_bars(level: str, bars: int) -> None:
    markup = draw("severity", level=level)

    assert Reader(markup).words == [level.capitalize()]
    assert markup.count('class="on"') == bars


def test_steps_say_their_state_in_words() -> None:
    steps = [
        {"name": "Gathered", "state": "done"},
        {"name": "Drawn", "state": "current"},
        {"name": "Mailed", "state": "todo"},
    ]

    assert Reader(draw("steps", steps=steps)).words == [
        *("Gathered", "(done)", "Drawn", "(under way)", "Mailed", "(not started)"),
    ]


def test_pages_keep_the_filter_and_stay_away_where_one_page_is_enough() -> None:
    many = Paginator(range(60), 25).page(2)

    assert re.findall(r'href="([^"]+)"', draw("pagination", page_obj=many, query="state=failed&")) == [
        "?state=failed&amp;page=1",
        "?state=failed&amp;page=3",
    ]
    assert Reader(draw("pagination", page_obj=many, noun="messages")).words[0] == "26–50 of 60 messages"
    assert Reader(draw("pagination", page_obj=Paginator(range(3), 25).page(1))).words == []


HOSTILE = '<script src="x"></script>'


@pytest.mark.parametrize(
    ("part", "context"),
    [
        ("empty", {"title": HOSTILE, "text": HOSTILE}),
        ("callout", {"title": HOSTILE, "text": HOSTILE}),
        ("kpi", {"label": HOSTILE, "value": HOSTILE, "url": HOSTILE}),
        ("finding", {"finding": {"title": HOSTILE, "severity": "low", "evidence": HOSTILE}}),
        ("action", {"action": {"title": HOSTILE, "owner": HOSTILE}}),
        (
            "figure",
            {
                "src": "chart.svg",
                "alt": HOSTILE,
                "caption": HOSTILE,
                "columns": [HOSTILE],
                "rows": [[HOSTILE]],
            },
        ),
    ],
)
def test_text_from_outside_is_text(part: str, context: dict[str, object]) -> None:
    markup = draw(part, **context)

    assert "&lt;script src=&quot;x&quot;&gt;" in markup
    assert "<script" not in markup
