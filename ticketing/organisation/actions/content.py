"""Editing one row of content by hand, as the content admin does."""

from __future__ import annotations

from django.db import models, transaction


@transaction.atomic
def save_content(*, row: models.Model) -> None:
    """Check and save one row of content. Raises ValidationError with the fields that do not fit."""
    row.full_clean(exclude={"password"})
    row.save()


@transaction.atomic
def delete_content(*, row: models.Model) -> None:
    """Remove one row. Raises ProtectedError where orders or other rows stand on it: switch it off instead."""
    row.delete()
