"""The map of the reports' pages, namespace ``reports``, under ``/reports/``."""

from django.urls import path, re_path

from reports.web import actions, calendar, commentary, editions, held, runs, schedules, tap, work

app_name = "reports"

urlpatterns = [
    path("", editions.reports, name="reports"),
    path("runs/", runs.run_list, name="runs"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("held/", held.held_list, name="held_list"),
    path("held/<int:pk>/", held.held_run, name="held_run"),
    path("held/<int:pk>/preview/", held.held_preview, name="held_preview"),
    path("held/<int:pk>/figures/<path:key>/", held.held_figure, name="held_figure"),
    path("held/<int:pk>/approve/", held.approve, name="approve_held"),
    path("held/<int:pk>/discard/", held.discard, name="discard_held"),
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/new/", schedules.new_schedule, name="new_schedule"),
    path("schedules/<int:pk>/", schedules.edit_schedule, name="edit_schedule"),
    path("schedules/<int:pk>/pause/", schedules.pause_schedule, name="pause_schedule"),
    path("findings/", work.findings, name="findings"),
    path("findings/<int:pk>/", work.finding, name="finding"),
    path("findings/<int:pk>/mute/", work.mute, name="mute_finding"),
    path("findings/<int:pk>/unmute/", work.unmute, name="unmute_finding"),
    *calendar.urlpatterns,
    *actions.urlpatterns,
    *tap.urlpatterns,
    path("assumptions/", work.assumptions, name="assumptions"),
    path("<slug:slug>/", editions.report, name="report"),
    path("<slug:slug>/run/", runs.run_now, name="run_now"),
    path("<slug:slug>/commentary/", commentary.pieces, name="commentary"),
    path("<slug:slug>/commentary/new/", commentary.write, name="write_commentary"),
    path("<slug:slug>/commentary/<int:pk>/withdraw/", commentary.withdraw, name="withdraw_commentary"),
    path("<slug:slug>/holding/", held.holding, name="holding"),
    path("<slug:slug>/editions/", editions.editions, name="editions"),
    path("<slug:slug>/recipients/", schedules.add_recipient, name="add_recipient"),
    path(
        "<slug:slug>/recipients/<int:pk>/leave-out/",
        schedules.leave_out_recipient,
        name="leave_out_recipient",
    ),
    path("<slug:slug>/<int:number>/", editions.edition, name="edition"),
    path("<slug:slug>/<int:number>/figures/<path:key>/", editions.figure, name="figure"),
    re_path(
        r"^(?P<slug>[-\w]+)/(?P<number>[0-9]{1,9})/charts/(?P<name>[-\w.]+)\.svg$",
        editions.chart,
        name="chart",
    ),
    re_path(
        r"^(?P<slug>[-\w]+)/(?P<number>[0-9]{1,9})/report\.(?P<ending>pdf|txt|xlsx|json)$",
        editions.form,
        name="form",
    ),
    path("<slug:slug>/<int:number>/mail/", editions.mail, name="mail"),
    path("<slug:slug>/<int:number>/mail/body/", editions.mail_body, name="mail_body"),
    path("<slug:slug>/<int:number>/resend/", editions.resend, name="resend"),
]
