"""The map of addresses. Every room names its own; this page only says where each begins."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("ui/", include("ticketing.ui.urls")),
    path("api/", include("ticketing.desk.api_urls")),
    path("api/knowledge/", include("search.api_urls")),
    path("knowledge/", include("search.urls")),
    path("desk/seat/", include("hotline.seats.urls")),
    path("", include("ticketing.notices.urls")),
    path("api/surveys/", include("ticketing.notices.api_urls")),
    path("desk/quality/", include("hotline.quality.urls")),
    path("api/quality/", include("hotline.quality.api_urls")),
    path("desk/wall/", include("hotline.insight.urls")),
    path("desk/rounds/", include("ticketing.inspection.urls")),
    path("desk/watch/", include("ticketing.inspection.watch_urls")),
    path("desk/steering/", include("ticketing.steering.urls")),
    path("desk/", include("ticketing.desk.urls")),
    path("api/inspection/", include("ticketing.inspection.api_urls")),
    path("api/steering/", include("ticketing.steering.api_urls")),
    path("api/catalogue/", include("ticketing.services.api_urls")),
    path("catalogue/", include("ticketing.services.catalogue_urls")),
    path("plans/", include("ticketing.clocks.urls")),
    path("units/", include("ticketing.structure.urls")),
    path("api/units/", include("ticketing.structure.api_urls")),
    path("api/plans/", include("ticketing.clocks.api_urls")),
    path("services/", include("ticketing.services.urls")),
    path("exports/", include("ticketing.exchange.urls")),
    path("voice/", include("hotline.voice.urls")),
    path("chat/", include("hotline.chat.urls")),
    path("health/", include("hotline.runtime.urls")),
    path("", include("hotline.portal.urls")),
]
