"""Versions of what dispatch goes by: a draft is begun, changed, published or thrown away; the one before is put back in one step.

Each step is recorded with who took it and why. What was changed past these verbs (a city's file, a rule that was switched off,
a model trained by command) is kept as a version of its own before anything takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.dispatch import model_versions
from ticketing.dispatch.actions.routing import put_rule
from ticketing.dispatch.models import DispatchRule, Release, ReleaseEvent
from ticketing.dispatch.rules import BadRule, checked_row, row_of, rules_from
from ticketing.organisation.actor import SYSTEM, Actor
from ticketing.organisation.models import DutyItem, Level, Region, Unit
from ticketing.organisation.roles import Role

Kind: TypeAlias = Release.Kind
State: TypeAlias = Release.State
What: TypeAlias = ReleaseEvent.What
EDITORS = frozenset({Role.DISPATCHER, Role.SHIFT_LEADER, Role.ADMIN})
PUBLISHERS = frozenset({Role.SHIFT_LEADER, Role.SUPERVISOR, Role.ADMIN})
MOST_RULES = 2000
MOST_OWNERS = 5000
REASON_CHARACTERS = 300


class ReleaseError(Exception):
    """What was asked cannot be done; the text says why and what to do."""


class ReleaseForbidden(ReleaseError):
    """The actor's role may not do this."""


def _check(actor: Actor, roles: frozenset[Role]) -> None:
    if actor.kind != "system" and actor.role not in roles:
        raise ReleaseForbidden(_("Your role may not do this with the dispatch rules."))


def _note(release: Release, what: What, actor: Actor, reason: str = "") -> None:
    ReleaseEvent.objects.create(
        release=release,
        what=what,
        at=timezone.now(),
        actor_name=actor.name,
        actor_role=actor.role,
        staff_id=actor.staff_id,
        reason=reason,
    )


def _reason(text: str) -> str:
    text = text.strip()
    if len(text) < 2:
        raise ReleaseError(_("Say why: the reason is kept with the version."))
    return text[:REASON_CHARACTERS]


def _new(kind: Kind, state: State, content: Any, actor: Actor) -> Release:
    last = Release.objects.filter(kind=kind).aggregate(last=Max("number"))["last"] or 0
    now = timezone.now()
    published = now if state == State.PUBLISHED else None
    return Release.objects.create(
        kind=kind,
        number=last + 1,
        state=state,
        content=content,
        created_by=actor.name,
        created_at=now,
        published_at=published,
    )


def locked(kind: Kind, state: State) -> Release | None:
    """The draft or the version in force of a kind, locked until the transaction ends."""
    return Release.objects.select_for_update().filter(kind=kind, state=state).first()


def _draft(kind: Kind) -> Release:
    found = locked(kind, State.DRAFT)
    if found is None:
        raise ReleaseError(_("There is no draft; begin one first."))
    return found


# --- What is in force ------------------------------------------------------------------------------------------------


def live_rules() -> list[dict[str, Any]]:
    """The rules in force, as rows."""
    return [row_of(r) for r in DispatchRule.objects.select_related("to_unit", "to_item", "duty_item", "region")]


def bare_rules(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without who edited them, in one order, so that two sets can be compared."""
    bare = [{name: value for name, value in row.items() if name != "edited_by"} for row in rows]
    return sorted(bare, key=lambda row: (row["position"], row["name"]))


def keep_live(*, kind: Kind) -> Release:
    """The version in force; what was changed past these verbs is first kept as a version of its own."""
    with transaction.atomic():
        published = locked(kind, State.PUBLISHED)
        match kind:
            case Kind.RULES:
                content: Any = live_rules()
                same = published is not None and bare_rules(published.content) == bare_rules(content)
            case Kind.OWNERS:
                content, same = [], published is not None
            case Kind.MODEL:
                content = model_versions.live_figures()
                same = published is not None and published.content.get("sha256") == content["sha256"]
        if published is not None and same:
            return published
        if published is not None:
            Release.objects.filter(pk=published.pk).update(state=State.REPLACED)
        made = _new(kind, State.PUBLISHED, content, SYSTEM)
        made.replaced = published
        if kind == Kind.MODEL:
            made.content = model_versions.keep_live(made.number)
        made.save(update_fields=["replaced", "content"])
        _note(made, What.PUBLISHED, SYSTEM, str(_("Found in force")))
    return made


# --- Drafts ----------------------------------------------------------------------------------------------------------


def open_rules(*, actor: Actor) -> Release:
    """Begin a draft as a copy of the rules in force. Raises ReleaseError when there is one already."""
    _check(actor, EDITORS)
    with transaction.atomic():
        live = keep_live(kind=Kind.RULES)
        return _begin(Kind.RULES, live.content, actor)


def _begin(kind: Kind, content: Any, actor: Actor) -> Release:
    if locked(kind, State.DRAFT) is not None:
        raise ReleaseError(_("There is a draft already; publish it or throw it away first."))
    try:
        with transaction.atomic():
            draft = _new(kind, State.DRAFT, content, actor)
    except IntegrityError:
        raise ReleaseError(_("There is a draft already; publish it or throw it away first.")) from None
    _note(draft, What.OPENED, actor)
    return draft


def save_rule(*, actor: Actor, row: Mapping[str, Any], instead_of: str = "") -> Release:
    """Add a rule to the draft, or put it in the place of the one called `instead_of`. Raises BadRule, ReleaseError."""
    _check(actor, EDITORS)
    checked = checked_row(row) | {"edited_by": actor.name}
    with transaction.atomic():
        draft = _draft(Kind.RULES)
        others = [r for r in draft.content if r["name"] != instead_of]
        if instead_of and len(others) == len(draft.content):
            raise ReleaseError(_("The draft has no rule “%(name)s” any more.") % {"name": instead_of})
        if any(r["name"] == checked["name"] for r in others):
            raise BadRule("name", _("Another rule has this name; choose another one."))
        if len(others) >= MOST_RULES:
            raise ReleaseError(_("There are %(most)d rules at most.") % {"most": MOST_RULES})
        _keep_rules(draft, [*others, checked])
        _note(draft, What.CHANGED, actor, checked["name"])
    return draft


def put_rules(*, actor: Actor, rows: Iterable[Mapping[str, Any]]) -> Release:
    """Replace all rules of the draft. Raises BadRule naming the rule, ReleaseError."""
    _check(actor, EDITORS)
    checked: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, 1):
        if number > MOST_RULES:
            raise ReleaseError(_("There are %(most)d rules at most.") % {"most": MOST_RULES})
        row = {"position": number * 10} | dict(row)
        try:
            one = checked_row(row)
        except BadRule as error:
            said = _("Rule %(number)d (%(name)s): %(error)s") % {"number": number, "name": row.get("name"), "error": error}
            raise BadRule(error.field, said, error.position) from error
        if one["name"] in checked:
            raise BadRule("name", _("Two rules are called “%(name)s”.") % {"name": one["name"]})
        checked[one["name"]] = one | {"edited_by": actor.name}
    with transaction.atomic():
        draft = _draft(Kind.RULES)
        _keep_rules(draft, list(checked.values()))
        _note(draft, What.CHANGED, actor)
    return draft


def remove_rule(*, actor: Actor, name: str) -> Release:
    """Take a rule out of the draft. Raises ReleaseError."""
    _check(actor, EDITORS)
    with transaction.atomic():
        draft = _draft(Kind.RULES)
        _keep_rules(draft, [r for r in draft.content if r["name"] != name])
        _note(draft, What.CHANGED, actor, name)
    return draft


def _keep_rules(draft: Release, rows: list[dict[str, Any]]) -> None:
    draft.content = sorted(rows, key=lambda r: int(r["position"]))
    draft.save(update_fields=["content"])


def draft_owners(*, actor: Actor, rows: Iterable[Mapping[str, str]]) -> Release:
    """Draft another owner, and perhaps another level, for duty items: {code, owner, acts_at}. Replaces such a draft.

    Raises ReleaseError naming the row that refers to something unknown.
    """
    _check(actor, EDITORS)
    items = {i.code: i for i in DutyItem.objects.select_related("owner")}
    takers = set(Unit.objects.filter(is_active=True, accepts_orders=True).values_list("code", flat=True))
    content: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, 1):
        code, owner = str(row.get("code") or "").strip(), str(row.get("owner") or "").strip()
        item = items.get(code)
        values = {"number": number, "code": code, "owner": owner}
        if item is None:
            raise ReleaseError(_("Row %(number)d: there is no duty item “%(code)s”.") % values)
        acts_at = str(row.get("acts_at") or "").strip() or item.acts_at
        if owner not in takers:
            raise ReleaseError(_("Row %(number)d: there is no unit “%(owner)s” that takes orders.") % values)
        if acts_at not in Level.values:
            values |= {"levels": ", ".join(Level.values)}
            raise ReleaseError(_("Row %(number)d: the level must be one of %(levels)s.") % values)
        content[code] = {"code": code, "owner": owner, "acts_at": acts_at}
        content[code] |= {"owner_before": item.owner.code, "acts_at_before": item.acts_at}
    if not content or len(content) > MOST_OWNERS:
        raise ReleaseError(_("Name between 1 and %(most)d duty items.") % {"most": MOST_OWNERS})
    with transaction.atomic():
        keep_live(kind=Kind.OWNERS)
        draft = locked(Kind.OWNERS, State.DRAFT) or _begin(Kind.OWNERS, [], actor)
        draft.content = list(content.values())
        draft.save(update_fields=["content"])
        _note(draft, What.CHANGED, actor)
    return draft


def draft_model(*, actor: Actor, train: model_versions.Train) -> Release:
    """Have `train` write a model into the folder of a new draft. Raises ReleaseError, and what `train` raises."""
    _check(actor, EDITORS)
    with transaction.atomic():
        keep_live(kind=Kind.MODEL)
        draft = _begin(Kind.MODEL, {}, actor)
    try:
        train(model_versions.folder(draft.number))
    except BaseException:
        discard_draft(kind=Kind.MODEL, actor=actor)
        raise
    draft.content = model_versions.figures(draft.number)
    draft.save(update_fields=["content"])
    return draft


def discard_draft(*, kind: Kind, actor: Actor, reason: str = "") -> Release:
    """Throw the draft away; its number is not used again."""
    _check(actor, EDITORS)
    with transaction.atomic():
        draft = _draft(kind)
        draft.state = State.DISCARDED
        draft.save(update_fields=["state"])
        _note(draft, What.DISCARDED, actor, reason.strip()[:REASON_CHARACTERS])
    return draft


# --- Publishing ------------------------------------------------------------------------------------------------------


def publish(*, kind: Kind, actor: Actor, reason: str) -> Release:
    """Put the draft in force at once for every order that is dispatched from now on. Raises ReleaseError, BadRule."""
    _check(actor, PUBLISHERS)
    reason = _reason(reason)
    with transaction.atomic():
        draft = _draft(kind)
        live = keep_live(kind=kind)
        _apply(draft)
        _switch(live, draft, actor, What.PUBLISHED, reason)
        draft.replaced = live
        draft.save(update_fields=["replaced"])
    return draft


def roll_back(*, kind: Kind, actor: Actor, reason: str) -> Release:
    """Put the version before the one in force back in force. Raises ReleaseError when there is none."""
    _check(actor, PUBLISHERS)
    reason = _reason(reason)
    with transaction.atomic():
        live = keep_live(kind=kind)
        earlier = live.replaced
        if earlier is None:
            raise ReleaseError(_("There is no earlier version to go back to."))
        if kind == Kind.OWNERS:
            _apply_owners(live.content, back=True)
        else:
            _apply(earlier)
        _switch(live, earlier, actor, What.ROLLED_BACK, reason)
    return earlier


def _switch(old: Release, new: Release, actor: Actor, what: What, reason: str) -> None:
    Release.objects.filter(pk=old.pk).update(state=State.REPLACED)
    new.state, new.published_at = State.PUBLISHED, timezone.now()
    new.save(update_fields=["state", "published_at"])
    _note(new, what, actor, reason)


def _apply(release: Release) -> None:
    match release.kind:
        case Kind.RULES:
            _apply_rules(release.content)
        case Kind.OWNERS:
            _apply_owners(release.content, back=False)
        case Kind.MODEL:
            model_versions.put_in_force(release.content)


def _apply_rules(rows: list[dict[str, Any]]) -> None:
    rules = rules_from(
        rows,
        units={u.code: u for u in Unit.objects.all()},
        items={i.code: i for i in DutyItem.objects.all()},
        regions={r.code: r for r in Region.objects.all()},
    )
    for gone in DispatchRule.objects.exclude(name__in=[rule.name for rule in rules]):
        gone.delete()
    for rule in rules:
        put_rule(rule)


def _apply_owners(rows: list[dict[str, str]], *, back: bool) -> None:
    units = {u.code: u for u in Unit.objects.filter(code__in=[row[k] for row in rows for k in ("owner", "owner_before")])}
    items = {i.code: i for i in DutyItem.objects.select_for_update().filter(code__in=[row["code"] for row in rows])}
    owners = dict(DutyItem.objects.filter(code__in=items).values_list("code", "owner__code"))
    before, after = ("", "_before") if back else ("_before", "")
    for row in rows:
        item = items.get(row["code"])
        if item is None or (owners[item.code], item.acts_at) != (row[f"owner{before}"], row[f"acts_at{before}"]):
            raise ReleaseError(_("“%(code)s” was changed in the duty list meanwhile; draft it again.") % {"code": row["code"]})
        item.owner, item.acts_at = units[row[f"owner{after}"]], row[f"acts_at{after}"]
        item.save(update_fields=["owner", "acts_at"])
