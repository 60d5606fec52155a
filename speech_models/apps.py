from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SpeechModelsConfig(AppConfig):
    name = "speech_models"
    verbose_name = _("Speech models")

    def ready(self) -> None:
        from speech_models import service
        from ticketing.outbox.probes import register_probe
        from ticketing.outbox.registry import at_start, at_stop

        register_probe("speech", service.probe)
        register_probe("voice_out", service.probe_voice_out)
        at_start(service.warm)
        at_stop(service.stop)
