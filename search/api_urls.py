"""Addresses under /api/knowledge/."""

from django.urls import path

from search import api

app_name = "search-api"
urlpatterns = [
    path("search/", api.SearchView.as_view(), name="search"),
    path("suggest/", api.SuggestView.as_view(), name="suggest"),
    path("answer/", api.AnswerView.as_view(), name="answer"),
    path("articles/<str:code>/", api.ArticleView.as_view(), name="article"),
]
