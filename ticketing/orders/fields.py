"""Columns whose words are sealed in the database when the order they belong to is a sealed report (举报)."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from ticketing.citizens.sealing import SealedTextField, seal, unseal

SEALED = "sealed"
MARK = "\ue5ea"  # of the private use area: what begins with it is sealed; nobody's keyboard writes it


class Secret(str):
    """A text that came out of a sealed column, or goes into one."""

    __slots__ = ()


def is_sealed(row: models.Model) -> bool:
    """Whether the row is a sealed report, or belongs to one."""
    order = row if hasattr(row, "secrecy") else row.order  # type: ignore[attr-defined]
    return bool(order.secrecy == SEALED)


class SealableTextField(SealedTextField):
    """A text, sealed at rest where its order is sealed. Open rows can be searched as any text; sealed ones never match."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return Secret(value) if value and isinstance(value, str) and is_sealed(model_instance) else value

    def get_prep_value(self, value: Any) -> Any:
        value = models.TextField.get_prep_value(self, value)
        if not isinstance(value, str):
            return value
        return MARK + seal(value) if isinstance(value, Secret) and value else value.removeprefix(MARK)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return Secret(unseal(value.removeprefix(MARK))) if isinstance(value, str) and value.startswith(MARK) else value


class SealableJSONField(models.JSONField):
    """JSON, sealed as one text where its order is sealed."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return {SEALED: seal(json.dumps(value, ensure_ascii=False))} if value and is_sealed(model_instance) else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        value = super().from_db_value(value, expression, connection)
        return json.loads(unseal(value[SEALED])) if isinstance(value, dict) and set(value) == {SEALED} else value
