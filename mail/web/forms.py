"""What the mailbox list may be asked."""

from django import forms

from mail.models import State

LARGEST_ID = 2**63 - 1


class MailboxForm(forms.Form):
    """State, search words, and the place to read on from."""

    q = forms.CharField(label="Address or subject", required=False, max_length=200)
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any state"), *State.choices])
    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)
