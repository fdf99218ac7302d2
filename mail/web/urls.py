"""The addresses of the mailbox, below ``/mail/``."""

from django.urls import path

from mail.web import views

app_name = "mail"

urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("<uuid:public_id>/", views.message, name="message"),
    path("<uuid:public_id>/html", views.html, name="html"),
    path("<uuid:public_id>/file", views.file, name="file"),
    path("<uuid:public_id>/parts/<int:number>", views.part, name="part"),
    path("<uuid:public_id>/retry", views.retry, name="retry"),
    path("<uuid:public_id>/arrived", views.arrived, name="arrived"),
    path("<uuid:public_id>/again", views.again, name="again"),
]
