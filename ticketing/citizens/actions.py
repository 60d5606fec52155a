"""Writing citizens: found or made from a contact, corrected, revealed with a reason, erased."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from ticketing.citizens import selectors
from ticketing.citizens.models import Citizen, Consent, Reveal
from ticketing.citizens.sealing import SealedTextField, blind_index
from ticketing.organisation.models import Staff

REVEALABLE = frozenset({"name", "phone", "address", "id_number"})
PHONE = re.compile(r"\+?\d[\d\- ]{4,18}\d")


class InvalidContact(ValueError):
    """The contact cannot be used; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Contact:
    """How a citizen can be reached. Everything may be empty: a report can be anonymous."""

    name: str = ""
    phone: str = ""
    address: str = ""
    id_number: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.name or self.phone or self.address or self.id_number)


def normalise_phone(phone: str) -> str:
    """Digits only, +86 dropped. Raises InvalidContact where no number of 5 to 15 digits is left."""
    phone = phone.strip()
    if not phone:
        return ""
    if not PHONE.fullmatch(phone):
        raise InvalidContact("telephone")
    digits = re.sub(r"\D", "", phone)
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if not 5 <= len(digits) <= 15:
        raise InvalidContact("telephone")
    return digits


def find_or_create_citizen(*, contact: Contact | None, language: str = "zh-hans") -> Citizen | None:
    """The citizen behind `contact`, known by telephone; None for an anonymous one. Fills in what was not known."""
    if contact is None or contact.is_empty:
        return None
    phone = normalise_phone(contact.phone)
    citizen = selectors.find_by_phone(phone) if phone else None
    if citizen is None:
        return Citizen.objects.create(
            name=contact.name,
            phone=phone,
            phone_index=blind_index(phone, "phone"),
            id_number=contact.id_number,
            id_number_index=blind_index(contact.id_number, "id_number"),
            address=contact.address,
            language=language,
        )
    changed = []
    for field in ("name", "address", "id_number"):
        value = getattr(contact, field)
        if value and not getattr(citizen, field):
            setattr(citizen, field, value)
            changed.append(field)
    if "id_number" in changed:
        citizen.id_number_index = blind_index(citizen.id_number, "id_number")
        changed.append("id_number_index")
    if changed:
        citizen.save(update_fields=changed)
    return citizen


def give_consent(*, citizen: Citizen, purpose: str, text_version: str, channel: str) -> Consent:
    """Record what the citizen agreed to (Personal Information Protection Law, article 14)."""
    return Consent.objects.create(citizen=citizen, purpose=purpose, text_version=text_version, channel=channel)


@transaction.atomic
def reveal(*, staff: Staff, citizen: Citizen, field: str, reason: str, order_number: str = "", request_id: str = "") -> str:
    """One sealed field in clear, with the look recorded. Raises ValueError for an empty reason or unknown field."""
    if field not in REVEALABLE:
        raise ValueError(field)
    if len(reason.strip()) < 2:
        raise ValueError("reason")
    Reveal.objects.create(
        staff=staff, citizen=citizen, field=field, reason=reason.strip()[:200], order_number=order_number, request_id=request_id
    )
    return str(getattr(citizen, field))


@transaction.atomic
def erase_citizen(*, citizen: Citizen) -> None:
    """Forget who it was (PIPL article 47). Orders stay; what identified the person goes."""
    Citizen.objects.filter(pk=citizen.pk).update(
        name="", phone="", phone_index="", id_number="", id_number_index="", address="", erased_at=timezone.now()
    )


def rotate_sealing(*, batch: int = 500) -> int:
    """Rewrite every sealed value of the platform with the newest key; returns how many rows. Safe to stop and start again.

    The model registry names the sealed fields, so that no room can be forgotten.
    """
    done = 0
    for model in apps.get_models():
        sealed = [f.name for f in model._meta.concrete_fields if isinstance(f, SealedTextField)]
        last: Any = None
        while sealed:
            rows = model._default_manager.order_by("pk")
            chunk = list((rows.filter(pk__gt=last) if last is not None else rows)[:batch])
            if not chunk:
                break
            model._default_manager.bulk_update(chunk, sealed)
            last, done = chunk[-1].pk, done + len(chunk)
    return done
