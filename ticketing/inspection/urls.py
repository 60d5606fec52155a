"""Addresses of inspection rounds, below /desk/rounds/."""

from django.urls import path

from ticketing.inspection import views

app_name = "inspection"
urlpatterns = [
    path("", views.rounds, name="rounds"),
    path("new/", views.new_round, name="new_round"),
    path("findings/", views.findings, name="findings"),
    path("findings/<int:pk>/", views.finding_page, name="finding"),
    path("findings/<int:pk>/order/", views.open_order, name="open_order"),
    path("findings/<int:pk>/photos/<int:photo>/", views.photo, name="photo"),
    path("places/<int:pk>/remove/", views.remove_place, name="remove_place"),
    path("places/<int:pk>/visit/", views.visit, name="visit"),
    path("places/<int:pk>/finding/", views.new_finding, name="new_finding"),
    path("<int:pk>/", views.round_page, name="round"),
    path("<int:pk>/edit/", views.edit_round, name="edit_round"),
    path("<int:pk>/end/", views.end_round, name="end_round"),
    path("<int:pk>/places/", views.add_place, name="add_place"),
]
