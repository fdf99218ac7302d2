"""The icon that browsers ask for unasked."""

from django.test import Client


def test_the_icon_is_found_where_browsers_look_for_it(client: Client) -> None:
    answer = client.get("/favicon.ico")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/static/img/favicon.svg")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


def test_nothing_is_posted_to_it(client: Client) -> None:
    assert client.post("/favicon.ico").status_code == 405
