"""The addresses of mail, below ``/mail/``: each family of pages keeps its own."""

from mail.web import campaigns, doubt, lists, mailbox, sns, suppressions

app_name = "mail"

# Each module's own `urlpatterns`, concatenated.
urlpatterns = [
    *mailbox.urlpatterns,
    *doubt.urlpatterns,
    *lists.urlpatterns,
    *campaigns.urlpatterns,
    *suppressions.urlpatterns,
    *sns.urlpatterns,
]
