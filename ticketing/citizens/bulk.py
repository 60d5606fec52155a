"""Many citizens at once, for imports: the same rows that `actions.find_or_create_citizen` makes one by one."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from ticketing.citizens.actions import Contact, normalise_phone
from ticketing.citizens.models import Citizen
from ticketing.citizens.sealing import blind_index

BATCH = 500


@transaction.atomic
def find_or_create_citizens(*, contacts: Sequence[Contact | None]) -> list[int | None]:
    """The primary key of the citizen behind each contact, known by telephone; None where there is no contact.

    Raises InvalidContact for a telephone that is none. A name without a telephone makes a citizen of its own each time,
    so call it only for orders that are new.
    """
    indexes = [blind_index(normalise_phone(c.phone), "phone") if c is not None and c.phone else "" for c in contacts]
    known = dict(Citizen.objects.filter(phone_index__in={i for i in indexes if i}).values_list("phone_index", "pk"))
    fresh: dict[str | int, Citizen] = {}
    for position, (contact, index) in enumerate(zip(contacts, indexes, strict=True)):
        if contact is None or contact.is_empty or index in known or index in fresh:
            continue
        fresh[index or position] = Citizen(
            name=contact.name, phone=normalise_phone(contact.phone), phone_index=index, address=contact.address
        )
    Citizen.objects.bulk_create(fresh.values(), batch_size=BATCH)
    known |= {str(index): citizen.pk for index, citizen in fresh.items() if isinstance(index, str)}
    found: list[int | None] = []
    for position, (contact, index) in enumerate(zip(contacts, indexes, strict=True)):
        if contact is None or contact.is_empty:
            found.append(None)
        else:
            found.append(known[index] if index else fresh[position].pk)
    return found
