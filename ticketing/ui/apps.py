"""The design system: base templates, styles, template tags. It has no models and knows no other room."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UiConfig(AppConfig):
    name = "ticketing.ui"
    label = "ui"
    verbose_name = _("Design system")
