"""Every address of the portal: each module's own, home, sign-in, and the sample's sign-in links.

Of django-allauth only the four pages below are on the map: its pages for passwords, signing up and managing addresses
have no place in a portal where the owner adds people and nobody has a password.
"""

from allauth.account import views as allauth
from django.urls import path

from crew.web import (
    checklist_edits,
    checklists,
    comparison,
    credentials,
    days,
    demo,
    dock,
    event_bookings,
    event_page,
    events,
    grants,
    guests,
    home,
    links,
    live,
    maintenance,
    my_mail,
    pay,
    position_edits,
    positions,
    work,
)

app_name = "crew"

account_urls = [
    path("login/", allauth.login, name="account_login"),
    path("login/code/", allauth.request_login_code, name="account_request_login_code"),
    path("login/code/confirm/", allauth.confirm_login_code, name="account_confirm_login_code"),
    path("logout/", allauth.logout, name="account_logout"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("demo/<str:token>/", demo.demo, name="demo"),
    # Addresses of one event bear its key: /events/KEY/… . Each module lists its own.
    *(
        entry
        for module in (
            links,
            dock,
            events,
            event_bookings,
            event_page,
            live,
            guests,
            grants,
            position_edits,
            positions,
            checklist_edits,
            checklists,
            comparison,
            maintenance,
            work,
            credentials,
            days,
            pay,
            my_mail,
        )
        for entry in module.urlpatterns
    ),
]
