"""One row of a table as an order with its past: looked up, checked, and refused with all its faults at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.citizens.actions import Contact, InvalidContact, normalise_phone
from ticketing.exchange.tables import text_of
from ticketing.orders.bulk import OrderRow, StepRow
from ticketing.orders.import_map import FIELDS, STATES, TIMES, ImportMap
from ticketing.orders.models import Secrecy, WorkOrder
from ticketing.orders.workflow import Action, State
from ticketing.organisation.actor import Actor
from ticketing.organisation.models import DutyItem, OrderType, Place, Region, Unit, Urgency
from ticketing.organisation.roles import Role

OLDEST_YEARS = 50
CHANNEL = "import"


@dataclass(frozen=True, slots=True)
class RowError:
    """One fault of one row, in the words of the file."""

    row: int
    field: str
    value: str
    message: str


class RowRefused(Exception):
    """The row cannot become an order; `errors` names every fault."""

    def __init__(self, errors: list[RowError]) -> None:
        self.errors = errors
        super().__init__("; ".join(error.message for error in errors))


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row that can be loaded: the order, and whom it came from."""

    row: int
    order: OrderRow
    contact: Contact | None
    state: str


@dataclass(slots=True)
class Lookup:
    """Content by every name that is certain; a name that two rows share is none."""

    types: dict[str, OrderType] = field(default_factory=dict)
    items: dict[str, DutyItem] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def read(cls) -> Lookup:
        """Everything that rows may name, in five queries."""
        return cls(
            types=_by_name(OrderType.objects.all(), "code", "name_zh", "name_en"),
            items=_by_name(
                DutyItem.objects.select_related("category", "owner__calendar", "order_type"), "code", "name", "name_en"
            ),
            units=_by_name(Unit.objects.select_related("calendar", "region"), "code", "name", "short_name"),
            regions=_by_name(Region.objects.all(), "code", "name"),
            places=_by_name(Place.objects.select_related("region"), "code", "name"),
        )


def _by_name(rows: Any, *fields: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    doubled: set[str] = set()
    for row in rows:
        for name in {getattr(row, f) for f in fields} - {""}:
            if name in found:
                doubled.add(name)
            found[name] = row
    codes = {row.code for row in found.values()}
    return {name: row for name, row in found.items() if name not in doubled or (name in codes and row.code == name)}


class RowReader:
    """Reads rows under one mapping; keeps what it looked up."""

    def __init__(self, mapping: ImportMap, lookup: Lookup | None = None) -> None:
        self.mapping, self.lookup = mapping, lookup or Lookup.read()
        self.now = timezone.now()
        self.prefix = f"imp:{hashlib.sha256(mapping.source.encode()).hexdigest()[:8]}:"

    def key(self, number: str) -> str:
        """What makes a row unique: the source and its number there."""
        key = self.prefix + number
        return key if len(key) <= 64 else self.prefix + hashlib.sha256(number.encode()).hexdigest()[:50]

    def cell(self, cells: Mapping[str, Any], name: str) -> Any:
        """What the row says of a field, else the mapping's default."""
        column = self.mapping.columns.get(name)
        value = cells.get(column) if column else None
        return value if value not in (None, "") else self.mapping.defaults.get(name, "")

    def number(self, cells: Mapping[str, Any]) -> str:
        """The row's number in its source."""
        return text_of(self.cell(cells, "number"))

    def read(self, row: int, cells: Mapping[str, Any]) -> ReadRow:
        """The order of a row. Raises RowRefused with everything that is wrong with it."""
        errors: list[RowError] = []

        def wrong(name: str, value: Any, message: str) -> None:
            errors.append(RowError(row, str(FIELDS[name][0]), text_of(value)[:80], message))

        texts = {name: text_of(self.cell(cells, name)) for name in FIELDS if name not in TIMES}
        for name in ("number", "content"):
            if not texts[name]:
                wrong(name, "", _("is empty"))
        times = self._times(cells, wrong)
        codes = {name: self._word(name, texts[name], wrong) for name in ("state", "channel", "urgency", "secrecy")}
        state, unit = codes["state"] or State.TRIAGE.value, self._named("unit", self.lookup.units, texts["unit"], wrong)
        if state not in STATES:
            wrong("state", state, _("is no state that can be imported"))
        item = self._named("duty_item", self.lookup.items, texts["duty_item"], wrong)
        order_type = self._named("order_type", self.lookup.types, texts["order_type"], wrong)
        if order_type is None and not texts["order_type"]:
            order_type = item.order_type if item else None
            if order_type is None:
                wrong("order_type", "", _("is empty, and the duty item does not tell it"))
        solved = self._word("solved", texts["solved"], wrong)
        score = self._word("satisfaction", texts["satisfaction"], wrong)
        if score and score not in "12345":
            wrong("satisfaction", score, _("must be 1 to 5"))
        if unit is None and not texts["unit"] and state in ("dispatched", "processing", "reply_review", "callback", "closed"):
            wrong("unit", "", _("is empty, though the order was dispatched"))
        contact = self._contact(texts, wrong)
        if codes["urgency"] and codes["urgency"] not in Urgency.values:
            wrong("urgency", codes["urgency"], _("is no degree of urgency"))
        if codes["secrecy"] and codes["secrecy"] not in Secrecy.values:
            wrong("secrecy", codes["secrecy"], _("is no degree of secrecy"))
        if errors:
            raise RowRefused(errors)
        assert order_type is not None
        region, place = self._named("region", self.lookup.regions, texts["region"], wrong), self.lookup.places.get(texts["place"])
        if errors:
            raise RowRefused(errors)
        secrecy = codes["secrecy"] or (Secrecy.SEALED if order_type.sealed_by_default else Secrecy.OPEN)
        order = OrderRow(
            key=self.key(texts["number"]),
            order_type=order_type,
            title=texts["title"] or texts["content"].splitlines()[0],
            content=texts["content"],
            channel=(codes["channel"] or "voice")[:20],
            created_at=times["created_at"],
            actor=Actor(kind="staff", role=Role.SEAT, name=self.mapping.source, channel=CHANNEL),
            duty_item=item,
            region=region or (place.region if place else None),
            place=place,
            place_text=texts["place"][:200],
            wish=texts["wish"],
            urgency=codes["urgency"] or Urgency.NORMAL,
            secrecy=secrecy,
            origin=WorkOrder.Origin.IMPORT,
        )
        steps = self._past(state, unit, times, texts, solved, score)
        return ReadRow(row, replace(order, steps=steps), contact, state)

    def _word(self, name: str, text: str, wrong: Any) -> str:
        known = self.mapping.values[name]
        if not text:
            return ""
        if text not in known:
            self.lookup.unknown[(name, text[:60])] += 1
            wrong(name, text, _("has no meaning in the mapping"))
            return ""
        return known[text]

    def _named(self, name: str, known: dict[str, Any], text: str, wrong: Any) -> Any:
        if not text:
            return None
        code = self.mapping.values[name].get(text, text)
        if not code:
            return None
        if code not in known:
            self.lookup.unknown[(name, text[:60])] += 1
            wrong(name, text, _("is not known here, or two share the name; give it a meaning in the mapping"))
            return None
        return known[code]

    def _contact(self, texts: dict[str, str], wrong: Any) -> Contact | None:
        try:
            phone = normalise_phone(texts["phone"])
        except InvalidContact:
            wrong("phone", texts["phone"], _("is no telephone number"))
            return None
        contact = Contact(name=texts["name"][:60], phone=phone)
        return None if contact.is_empty else contact

    def _times(self, cells: Mapping[str, Any], wrong: Any) -> dict[str, datetime]:
        """All moments of the order; one that is missing is the one before it."""
        times: dict[str, datetime] = {}
        before: datetime | None = None
        for name in TIMES:
            value = self.cell(cells, name)
            try:
                found = self.mapping.moment(value)
            except (ValueError, OverflowError):
                wrong(name, value, _("is no time in one of the forms of the mapping"))
                found = None
            fault = self._fault(found, before)
            if fault:
                wrong(name, value, fault)
                found = None
            if found is None and name == "created_at" and value in (None, ""):
                wrong(name, "", _("is empty"))
            before = found or before
            if before is not None:
                times[name] = before
        return times

    def _fault(self, found: datetime | None, before: datetime | None) -> str:
        """Why a moment cannot be right; empty when it can."""
        if found is None:
            return ""
        if found > self.now:
            return _("lies in the future")
        if found < self.now - timedelta(days=366 * OLDEST_YEARS):
            return _("lies too far in the past")
        return _("is earlier than the step before it") if before is not None and found < before else ""

    def _past(
        self, state: str, unit: Unit | None, times: dict[str, datetime], texts: dict[str, str], solved: str, score: str
    ) -> list[StepRow]:
        """The steps that lead to the state, each by the role that takes it."""

        def by(role: Role) -> Actor:
            name = unit.name if role == Role.UNIT_CLERK and unit else self.mapping.source
            unit_id = unit.pk if role == Role.UNIT_CLERK and unit else None
            return Actor(kind="staff", role=role, name=name[:60], unit_id=unit_id, channel=CHANNEL)

        reply, done = texts["reply"], times["closed_at"]
        match state:
            case "closed_direct":
                return [StepRow(Action.CLOSE_DIRECT, done, by(Role.SEAT), text=reply)]
            case "rejected":
                return [StepRow(Action.REJECT, done, by(Role.DISPATCHER), text=reply)]
            case "transferred":
                return [StepRow(Action.TRANSFER, done, by(Role.DISPATCHER), text=reply)]
            case "withdrawn":
                return [StepRow(Action.WITHDRAW, done, by(Role.SEAT), text=reply)]
        answered = times["replied_at"]
        steps = [
            StepRow(Action.DISPATCH, times["dispatched_at"], by(Role.DISPATCHER), unit=unit, text=self.mapping.source),
            StepRow(Action.SIGN, times["signed_at"], by(Role.UNIT_CLERK)),
            StepRow(Action.SUBMIT_REPLY, answered, by(Role.UNIT_CLERK), text=reply, solved=solved != "0"),
            StepRow(Action.APPROVE_REPLY, answered, by(Role.DISPATCHER)),
        ]
        if score:
            told = solved == "1" if solved else int(score) >= 3
            steps.append(StepRow(Action.CLOSE, done, by(Role.CALLBACK), solved=told, satisfaction=int(score)))
        else:
            steps.append(StepRow(Action.CLOSE_UNRATED, done, by(Role.CALLBACK)))
        return steps[: {"triage": 0, "dispatched": 1, "processing": 2, "reply_review": 3, "callback": 4, "closed": 5}[state]]
