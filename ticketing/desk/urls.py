"""Addresses of the desks, below /desk/."""

from __future__ import annotations

from django.urls import path

from ticketing.desk import (
    claim_views,
    filter_views,
    held_views,
    importing_views,
    many_views,
    mine_views,
    nuisance_views,
    order_views,
    sealed_views,
    views,
    writing_views,
)

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("mine/", mine_views.mine, name="mine"),
    path("mine/new/", mine_views.new_draft, name="new_draft"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/next/", claim_views.claim_next, name="claim_next"),
    path("unit/", views.unit, name="unit"),
    path("unit/tree/", views.unit_tree, name="unit_tree"),
    path("callback/", views.callback, name="callback"),
    path("supervision/", views.supervision, name="supervision"),
    path("orders/", views.all_orders, name="orders"),
    path("search/", views.all_orders, name="search"),
    path("templates/", writing_views.templates, name="templates"),
    path("templates/<int:pk>/", writing_views.templates, name="template"),
    path("templates/<int:pk>/delete/", writing_views.delete_template, name="template_delete"),
    path("unit/calendar/", writing_views.due_calendar, name="due_calendar"),
    path("filters/", filter_views.save, name="filter_save"),
    path("filters/<int:pk>/delete/", filter_views.drop, name="filter_drop"),
    path("nuisance/", nuisance_views.cases, name="nuisance"),
    path("nuisance/<int:pk>/", nuisance_views.case, name="nuisance_case"),
    path("orders/<str:number>/nuisance/", nuisance_views.record, name="nuisance_record"),
    path("held/", held_views.held, name="held"),
    path("sealed/", sealed_views.queue, name="sealed"),
    path("sealed/handlers/", sealed_views.handlers, name="handlers"),
    path("sealed/handlers/<int:pk>/end/", sealed_views.end, name="handler_end"),
    path("import/", importing_views.start, name="import"),
    path("import/<int:pk>/", importing_views.run, name="import_run"),
    path("import/<int:pk>/go/", importing_views.go, name="import_go"),
    path("import/<int:pk>/errors/", importing_views.errors, name="import_errors"),
    path("many/", many_views.many_orders, name="many"),
    path("orders/<str:number>/", order_views.order_page, name="order"),
    path("orders/<str:number>/claim/", claim_views.claim, name="claim"),
    path("orders/<str:number>/release/", claim_views.release, name="release"),
    path("orders/<str:number>/undo/", order_views.undo, name="undo"),
    path("orders/<str:number>/contact/", order_views.reveal_contact, name="reveal"),
    path("orders/<str:number>/files/<int:pk>/", order_views.download, name="file"),
    path("orders/<str:number>/typed/<slug:key>/", writing_views.typed, name="typed"),
    path("orders/<str:number>/do/<slug:key>/", order_views.act, name="act"),
]
