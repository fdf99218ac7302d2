"""Who may ask which page of the crew portal what. By hand, from what the portal promises, never from `crew.rules`.

Letters: on an event C captain, W crew, G guest, A admin (by grant, or staff who own or book its entity), S staff who
only read its entity. On pages of the portal also O owner, K bookkeeper, B bookings, R reader, N nobody in particular,
and ``*`` everybody who has signed in.
"""

from tests.crew.permissions.answers import Page
from tests.crew.permissions.table_office import PAGES as OFFICE

STAFF = "OKBR"

PAGES: list[Page] = [
    *OFFICE,
    Page("crew:home", get=STAFF, scope="portal"),
    # The sample's way in, shut wherever DEMO is off.
    Page("crew:demo", get="", post="", scope="nowhere", kwargs={"token": "forged"}),
]
