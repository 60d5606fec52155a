from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    name = "hotline.conversations"
    label = "conversations"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from hotline.conversations import tasks  # noqa: F401  registers the periodic jobs
