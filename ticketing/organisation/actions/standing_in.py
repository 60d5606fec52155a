"""Posts with A and B, who stands in when somebody is away, acting heads, and duty rosters."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ticketing.organisation import kept
from ticketing.organisation.actions.structure import What, check_administers, note
from ticketing.organisation.actor import Actor
from ticketing.organisation.errors import StructureError
from ticketing.organisation.models import DutyShift, Post, Staff, StandIn, Unit
from ticketing.organisation.roles import UNIT_ROLES, Role
from ticketing.organisation.selectors import units_below


def _belongs(staff: Staff, unit: Unit, field: str) -> None:
    if not staff.is_active or staff.unit_id not in units_below(unit.pk):
        raise StructureError(_("“%(name)s” does not work in “%(unit)s”.") % {"name": staff, "unit": unit}, field)


def _window(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise StructureError(_("The end must come after the beginning."), "ends_at")
    if ends_at <= timezone.now():
        raise StructureError(_("The window lies in the past."), "ends_at")


@transaction.atomic
def save_post(
    *, unit: Unit, name: str, holder: Staff, actor: Actor, substitute: Staff | None = None, is_head: bool = False
) -> Post:
    """Write down a post with its holder (A) and substitute (B), or change the one of this name.

    Raises StructureForbidden, StructureError where somebody does not work in the unit or both are one person.
    """
    check_administers(actor, unit)
    _belongs(holder, unit, "holder")
    if substitute is not None:
        _belongs(substitute, unit, "substitute")
        if substitute.pk == holder.pk:
            raise StructureError(_("A and B must be two people."), "substitute")
    if is_head:
        Post.objects.filter(unit=unit, is_head=True).exclude(name=name).update(is_head=False)
    post, _made = Post.objects.update_or_create(
        unit=unit,
        name=name.strip()[:60],
        is_active=True,
        defaults={"holder": holder, "substitute": substitute, "is_head": is_head},
    )
    kept.forget()
    note(unit, What.POST, actor, f"{post.name}：A {holder}，B {substitute or '–'}", post=post.pk)
    return post


@transaction.atomic
def note_absence(*, staff: Staff, starts_at: datetime, ends_at: datetime, reason: str, actor: Actor) -> list[StandIn]:
    """Somebody is away: in each of their posts the substitute (B) stands in for that time. People may note their own.

    Raises StructureForbidden, StructureError where no post has a substitute, or the substitute is away then too.
    """
    posts = list(Post.objects.filter(holder=staff, is_active=True).select_related("unit", "substitute"))
    if actor.staff_id != staff.pk:
        check_administers(actor, *([post.unit for post in posts] or ([staff.unit] if staff.unit else [])))
    _window(starts_at, ends_at)
    covered = [post for post in posts if post.substitute is not None]
    if not covered:
        raise StructureError(_("“%(name)s” has no post with a substitute. Name a substitute first.") % {"name": staff}, "staff")
    return [_stand_in(post, post.substitute, StandIn.Kind.SUBSTITUTE, starts_at, ends_at, reason, actor) for post in covered]


@transaction.atomic
def appoint_acting_head(
    *, unit: Unit, staff: Staff, starts_at: datetime, ends_at: datetime, reason: str, actor: Actor
) -> StandIn:
    """Name who acts for the head of a unit in a window, with what the head may do. Raises StructureForbidden, StructureError."""
    check_administers(actor, unit)
    _window(starts_at, ends_at)
    head = Post.objects.filter(unit=unit, is_head=True, is_active=True).select_related("unit", "holder").first()
    if head is None:
        raise StructureError(_("The unit has no post of its head. Write it down first."), "staff")
    _belongs(staff, unit, "staff")
    if staff.pk == head.holder_id:
        raise StructureError(_("“%(name)s” is the head already.") % {"name": staff}, "staff")
    return _stand_in(head, staff, StandIn.Kind.ACTING, starts_at, ends_at, reason, actor)


def _stand_in(
    post: Post, substitute: Staff | None, kind: str, starts_at: datetime, ends_at: datetime, reason: str, actor: Actor
) -> StandIn:
    assert substitute is not None
    if not reason.strip():
        raise StructureError(_("Say why: the reason stays in the history."), "reason")
    if StandIn.objects.filter(absent=substitute, starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise StructureError(
            _("“%(name)s” is away then too. Name an acting head or another substitute.") % {"name": substitute}, "staff"
        )
    made = StandIn.objects.create(
        post=post,
        kind=kind,
        absent=post.holder,
        substitute=substitute,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason.strip()[:200],
        made_by=actor.name,
    )
    kept.forget()
    note(post.unit, What.STAND_IN, actor, f"{post.name}：{post.holder} → {substitute}", stand_in=made.pk)
    return made


@transaction.atomic
def end_stand_in(*, stand_in: StandIn, actor: Actor) -> StandIn:
    """The person is back early: from now on nobody stands in. Raises StructureForbidden, StructureError once it is over."""
    if actor.staff_id != stand_in.absent_id:
        check_administers(actor, stand_in.post.unit)
    now = timezone.now()
    if stand_in.ends_at <= now:
        raise StructureError(_("This has ended already."))
    stand_in.starts_at, stand_in.ends_at, stand_in.ended_by = min(stand_in.starts_at, now), now, actor.name
    stand_in.save(update_fields=["starts_at", "ends_at", "ended_by"])
    kept.forget()
    note(stand_in.post.unit, What.STAND_IN_ENDED, actor, f"{stand_in.absent} ← {stand_in.substitute}", stand_in=stand_in.pk)
    return stand_in


@transaction.atomic
def enter_shift(
    *, unit: Unit, staff: Staff, starts_at: datetime, ends_at: datetime, actor: Actor, role: str = Role.UNIT_CLERK, text: str = ""
) -> DutyShift:
    """Put somebody on the duty roster of a unit; for that time they hold `role` there. Raises StructureForbidden, StructureError."""
    check_administers(actor, unit)
    _window(starts_at, ends_at)
    _belongs(staff, unit, "staff")
    if role not in UNIT_ROLES:
        raise StructureError(_("A shift gives a role of the unit."), "role")
    if DutyShift.objects.filter(unit=unit, staff=staff, starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise StructureError(_("“%(name)s” is on duty then already.") % {"name": staff}, "staff")
    made = DutyShift.objects.create(
        unit=unit, staff=staff, role=role, starts_at=starts_at, ends_at=ends_at, note=text.strip()[:100], made_by=actor.name
    )
    kept.forget()
    window = f"{timezone.localtime(starts_at):%Y-%m-%d %H:%M} – {timezone.localtime(ends_at):%Y-%m-%d %H:%M}"
    note(unit, What.SHIFT, actor, f"{staff} {window}", shift=made.pk)
    return made


@transaction.atomic
def remove_shift(*, shift: DutyShift, actor: Actor) -> None:
    """Take a line out of the duty roster. Raises StructureForbidden."""
    check_administers(actor, shift.unit)
    note(shift.unit, What.SHIFT_REMOVED, actor, f"{shift.staff} {timezone.localtime(shift.starts_at):%Y-%m-%d %H:%M}")
    shift.delete()
    kept.forget()
