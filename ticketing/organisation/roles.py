"""Roles of the hotline (坐席, 派单员, 承办单位 ...). A person holds a role for a unit and everything below it."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    CITIZEN = "citizen", _("Citizen")
    BOT = "bot", _("Bot")
    SYSTEM = "system", _("System")
    SEAT = "seat", _("Seat agent")
    SHIFT_LEADER = "shift_leader", _("Shift leader")
    DISPATCHER = "dispatcher", _("Dispatcher")
    UNIT_CLERK = "unit_clerk", _("Unit clerk")
    UNIT_REVIEWER = "unit_reviewer", _("Unit reviewer")
    CALLBACK = "callback", _("Call-back agent")
    SUPERVISOR = "supervisor", _("Supervisor")
    QUALITY = "quality", _("Quality inspector")
    KNOWLEDGE_EDITOR = "knowledge_editor", _("Knowledge editor")
    KNOWLEDGE_REVIEWER = "knowledge_reviewer", _("Knowledge reviewer")
    KNOWLEDGE_PUBLISHER = "knowledge_publisher", _("Knowledge publisher")
    LEADER = "leader", _("Leader")
    INSPECTOR = "inspector", _("Inspector")
    UNIT_ADMIN = "unit_admin", _("Unit administrator")
    ADMIN = "admin", _("Administrator")


STAFF_ROLES = tuple(role for role in Role if role not in (Role.CITIZEN, Role.BOT, Role.SYSTEM))
CENTRE_ROLES = frozenset(
    {Role.SEAT, Role.SHIFT_LEADER, Role.DISPATCHER, Role.CALLBACK, Role.SUPERVISOR, Role.QUALITY, Role.LEADER}
)
UNIT_ROLES = frozenset({Role.UNIT_CLERK, Role.UNIT_REVIEWER})
# What an administrator of a unit may hand out, in that unit and below it.
DELEGABLE_ROLES = frozenset({Role.UNIT_CLERK, Role.UNIT_REVIEWER, Role.UNIT_ADMIN})
