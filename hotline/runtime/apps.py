from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "hotline.runtime"
    label = "runtime"

    def ready(self) -> None:
        from hotline.runtime import probes

        probes.announce()
