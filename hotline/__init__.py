"""The front door, and the Django project."""

from hotline.celery import app as celery_app

__all__ = ["celery_app"]
