"""Addresses of the plans, below /plans/."""

from django.urls import path, re_path

from ticketing.clocks import views

app_name = "clocks"
urlpatterns = [
    path("", views.plan_list, name="plans"),
    path("new/", views.edit, name="new_plan"),
    path("<slug:code>/", views.plan_page, name="plan"),
    path("<slug:code>/edit/", views.edit, name="edit_plan"),
    re_path(r"^(?P<code>[-\w]+)/(?P<way>on|off)/$", views.switch, name="switch"),
]
