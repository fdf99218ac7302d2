"""Forms of actions: whom one is given to, who is meant by a word, and one that a person writes down."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from crew.models import Person
from reports.domain import actions, owners, queries
from reports.models import Report
from reports.web.forms import DateInput

_NOBODY = "Nobody yet"


def named(person: Person) -> str:
    """Return who somebody is, so that two of one name are two."""
    return f"{person.name} ({person.email})" if person.name else person.email


class _PersonField(forms.ModelChoiceField):
    """Somebody on the staff, by name and address."""

    def label_from_instance(self, obj: Any) -> str:
        """Say who it is."""
        return named(obj)


class AssignForm(forms.Form):
    """Somebody who may read what an action is about, or nobody."""

    person = _PersonField(Person.objects.none(), label="Given to", required=False, empty_label=_NOBODY)

    def __init__(self, data: Any = None, *, people: QuerySet[Person], initial: Any = None) -> None:
        """Offer some people."""
        super().__init__(data, initial=initial)
        cast(forms.ModelChoiceField, self.fields["person"]).queryset = people


class OwnerForm(AssignForm):
    """Who is meant by a word; the word itself comes from the list."""

    word = forms.CharField(max_length=actions.LONGEST_OWNER)


class ActionForm(forms.Form):
    """An action that a person writes down: what, by whom, by when, and which report reviews it."""

    title = forms.CharField(label="What is to be done", max_length=actions.LONGEST_TITLE)
    owner = forms.ChoiceField(label="By whom", help_text="Who is meant by each word stands under Owners.")
    due_on = forms.DateField(label="By when", widget=DateInput())
    report = forms.ModelChoiceField(
        Report.objects.none(),
        label="Which report reviews it",
        to_field_name="slug",
        empty_label=None,
        help_text="Its editions print the action until it is settled.",
    )

    def __init__(self, data: Any = None) -> None:
        """Offer the words that rules and actions use, and the active reports."""
        super().__init__(data)
        cast(forms.ChoiceField, self.fields["owner"]).choices = [
            (word.name, word.name) for word in owners.words()
        ]
        cast(forms.ModelChoiceField, self.fields["report"]).queryset = queries.reports()
