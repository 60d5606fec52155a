"""The peer's addresses, and one that says that it is up."""

from django.http import HttpResponse
from django.urls import include, path

urlpatterns = [path("up/", lambda request: HttpResponse("up")), path("", include("helpdesk.urls"))]
