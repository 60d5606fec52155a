from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VoiceConfig(AppConfig):
    name = "hotline.voice"
    label = "voice"
    verbose_name = _("Voice")

    def ready(self) -> None:
        from hotline.voice import tasks  # noqa: F401  registers jobs
        from hotline.voice.health import probe_calls
        from ticketing.outbox.probes import register_probe

        register_probe("calls", probe_calls)
