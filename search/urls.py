"""Addresses under /knowledge/."""

from django.urls import path

from search import desk_views, views

app_name = "search"
urlpatterns = [
    path("", views.home, name="home"),
    path("typed/", views.typed, name="typed"),
    path("missing/", views.missing, name="missing"),
    path("category/<path:name>/", views.category, name="category"),
    path("article/<str:code>/", views.article, name="article"),
    path("article/<str:code>/opinion/", views.opinion, name="opinion"),
    path("desk/", desk_views.desk, name="desk"),
    path("desk/gaps/<int:pk>/close/", desk_views.close_gap, name="close_gap"),
    path("desk/gaps/<int:pk>/reopen/", desk_views.reopen_gap, name="reopen_gap"),
    path("desk/draft/", desk_views.draft, name="draft"),
    path("desk/draft/<int:pk>/", desk_views.draft, name="edit_draft"),
    path("desk/version/<int:pk>/", desk_views.version, name="version"),
    path("desk/version/<int:pk>/<slug:verb>/", desk_views.step, name="step"),
]
