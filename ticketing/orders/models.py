"""Work orders (工单), what is said about them, and their append-only history."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import models
from django.utils.translation import gettext_lazy as _

from ticketing.citizens.models import Citizen
from ticketing.citizens.sealing import SealedTextField, seal_bytes, unseal_bytes
from ticketing.orders.fields import SealableJSONField, SealableTextField, is_sealed

# The room's other tables, to be found here with the rest.
from ticketing.orders.nuisance_models import NuisanceCase  # noqa: F401
from ticketing.orders.people_models import ReplyAuthority, ReplyTemplate, SavedFilter, SealedHandler, TypedDraft  # noqa: F401
from ticketing.orders.workflow import Action, State
from ticketing.organisation.models import BilingualName, DutyItem, OrderType, Place, Region, Unit, Urgency
from ticketing.organisation.roles import Role


class Secrecy(models.TextChoices):
    """Open: the unit sees the contact. Confidential: identity hidden from the unit. Sealed: a report (举报)."""

    OPEN = "open", _("Not confidential")
    CONFIDENTIAL = "confidential", _("Confidential")
    SEALED = "sealed", _("Sealed")


class ReturnReason(BilingualName):
    """A ground on which a unit may ask to return an order, and what it must bring with it."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    needs_unit = models.BooleanField(_("the unit that should act must be named"), default=False)
    needs_evidence = models.BooleanField(_("a file must show it"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("ground of return")
        verbose_name_plural = _("grounds of return")
        ordering = ["position", "code"]


class ReplyCheck(BilingualName):
    """One line of the checklist by which the hotline reviews a reply; a required one must be ticked."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    required = models.BooleanField(_("required"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("reply check")
        verbose_name_plural = _("reply checks")
        ordering = ["position", "code"]


LIST_FIELDS = ("unit", "duty_item", "order_type", "region", "place")


class NumberSequence(models.Model):
    """The next free sequence of one day; its row is locked while a number is taken."""

    day = models.DateField(primary_key=True)
    next_value = models.PositiveIntegerField(default=1)


class WorkOrder(models.Model):
    """One matter of one citizen, from intake to archive. State changes only through `orders.actions`."""

    class Origin(models.TextChoices):
        LIVE = "live", _("Live")
        IMPORT = "import", _("Imported")
        GENERATED = "generated", _("Generated")

    number = models.CharField(_("order number"), max_length=12, unique=True)
    query_code = SealedTextField(_("query code"))
    query_code_index = models.CharField(max_length=64, editable=False)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.TRIAGE)
    version = models.PositiveIntegerField(default=1, editable=False)  # rises with every event; stale forms are refused by it
    order_type = models.ForeignKey(OrderType, on_delete=models.PROTECT, verbose_name=_("type"))
    duty_item = models.ForeignKey(DutyItem, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("duty item"))
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency, default=Urgency.NORMAL)
    secrecy = models.CharField(_("secrecy"), max_length=12, choices=Secrecy, default=Secrecy.OPEN)
    title = SealableTextField(_("title"), max_length=120)
    content = SealableTextField(_("content"))
    wish = SealableTextField(_("wish"), max_length=300, blank=True)
    incident_time = SealableTextField(_("when it happened"), max_length=80, blank=True)
    answers = SealableJSONField(_("answers to the item's questions"), default=dict, blank=True)
    citizen = models.ForeignKey(
        Citizen, null=True, blank=True, on_delete=models.SET_NULL, related_name="orders", verbose_name=_("citizen")
    )
    channel = models.CharField(_("channel"), max_length=20)
    conversation_ref = models.CharField(_("conversation"), max_length=40, blank=True, db_index=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    idempotency_key = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    origin = models.CharField(_("origin"), max_length=10, choices=Origin, default=Origin.LIVE)
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("place"))
    place_text = SealableTextField(_("place in words"), max_length=200, blank=True)
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT, verbose_name=_("region"))
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="orders", verbose_name=_("lead unit")
    )
    # Within the lead unit, which stays answerable: the section that acts, and the person it was given to (二级派单).
    sub_unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("section in charge")
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="assigned_orders",
        verbose_name=_("person in charge"),
    )  # fmt: skip
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="drafts",
        verbose_name=_("drafted by"),
    )
    return_count = models.PositiveSmallIntegerField(_("returns"), default=0)
    redo_count = models.PositiveSmallIntegerField(_("redone"), default=0)
    urge_count = models.PositiveSmallIntegerField(_("urged"), default=0)
    unreached_count = models.PositiveSmallIntegerField(_("call-backs not reached"), default=0)
    final_unit = models.BooleanField(_("unit named by a ruling"), default=False)  # it cannot ask to return the order again
    review_at = models.DateTimeField(_("look again at"), null=True, blank=True)  # of a suspension
    resumes = models.BooleanField(_("resumes by itself"), default=False)
    flags = models.JSONField(_("flags"), default=list, blank=True)
    about_unit = models.ForeignKey(
        Unit,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="complaints",
        verbose_name=_("complaint about the unit"),
    )
    about_staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="complaints",
        verbose_name=_("complaint about the person"),
    )  # fmt: skip
    supervised = models.BooleanField(_("under supervision"), default=False)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_orders", verbose_name=_("merged into")
    )
    created_at = models.DateTimeField(_("created"))
    dispatched_at = models.DateTimeField(_("dispatched"), null=True, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    replied_at = models.DateTimeField(_("replied"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # Copies of the running handling clock, so that lists sort and filter by an index; the clock row is the truth.
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    warn_at = models.DateTimeField(_("warning"), null=True, blank=True)
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("work order")
        verbose_name_plural = _("work orders")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="order_state_due"),
            models.Index(fields=["state", "urgency", "created_at"], name="order_inbox"),
            models.Index(fields=["state", "-created_at"], name="order_state_created"),
            models.Index(fields=["unit", "state", "due_at"], name="order_unit_due"),
            models.Index(fields=["created_at"], name="order_created"),
            models.Index(fields=["duty_item", "region", "created_at"], name="order_item_region"),
            models.Index(fields=["citizen", "-created_at"], name="order_citizen"),
            models.Index(fields=["query_code_index"], condition=models.Q(secrecy="sealed"), name="order_sealed"),
        ]

    SEALED_REF = "S"

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def ref(self) -> str:
        """What clocks, notices, jobs and feeds call the order: its number; for a sealed report a word that tells nothing."""
        return f"{self.SEALED_REF}{self.query_code_index[:11]}" if is_sealed(self) else self.number


class OrderEvent(models.Model):
    """One thing that happened to an order. Rows are never changed; each carries the hash of the one before it.

    `data` holds references and plain facts of the process; personal or free text appears only as a salted commitment
    (`Commitment`), so that erasing the text and its salt leaves every hash valid.
    """

    order = models.ForeignKey(WorkOrder, on_delete=models.PROTECT, related_name="events", verbose_name=_("order"))
    seq = models.PositiveIntegerField(_("number"))
    action = models.CharField(_("action"), max_length=30)  # Action or one of the events that change no state
    at = models.DateTimeField(_("at"))
    from_state = models.CharField(_("from"), max_length=20, blank=True)
    to_state = models.CharField(_("to"), max_length=20)
    actor_kind = models.CharField(max_length=10)
    actor_role = models.CharField(max_length=20, choices=Role)
    actor_name = models.CharField(max_length=60)
    actor_staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="order_events"
    )
    actor_unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=20, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering = ["order_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["order", "seq"], name="one_event_per_seq")]
        indexes = [models.Index(fields=["action", "at"], name="event_action_at")]

    def __str__(self) -> str:
        return f"{self.order_id}#{self.seq} {self.action}"

    @property
    def label(self) -> str:
        """The action in the reader's language."""
        return str(Action(self.action).label) if self.action in Action.values else self.action


class Commitment(models.Model):
    """The salt and the sealed value behind one commitment of an event; erased together when the value must go."""

    event = models.ForeignKey(OrderEvent, on_delete=models.CASCADE, related_name="commitments")
    field = models.CharField(max_length=30)
    salt = models.CharField(max_length=32)
    value = SealedTextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "field"], name="one_commitment_per_event_field")]


class Reply(models.Model):
    """What a unit answers: the public words for the citizen apart from the internal note."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Sent back")

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="replies", verbose_name=_("order"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, verbose_name=_("unit"))
    public_text = SealableTextField(_("reply to the citizen"))
    internal_text = SealableTextField(_("internal note"), blank=True)
    solved = models.BooleanField(_("solved"))
    contacted_at = models.DateTimeField(_("citizen contacted"), null=True, blank=True)
    is_stage = models.BooleanField(_("stage reply"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SUBMITTED)
    review_note = SealableTextField(_("review note"), max_length=300, blank=True)
    endorsed = models.BooleanField(_("endorsed by the unit's reviewer"), default=False)
    created_at = models.DateTimeField(_("written"))
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["created_at"]


class Extension(models.Model):
    """A unit's request for more time: one in each round of the handling clock, in the clock's own measure."""

    class Status(models.TextChoices):
        ASKED = "asked", _("Asked for")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="extensions", verbose_name=_("order"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("unit"))
    round = models.PositiveSmallIntegerField(_("round"))
    amount = models.PositiveIntegerField(_("more time"))
    measure = models.CharField(_("measure"), max_length=14)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ASKED)
    old_due = models.DateTimeField(_("due before"))
    new_due = models.DateTimeField(_("due after"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint(fields=["order", "round"], name="one_extension_per_round")]


class OrderAssist(models.Model):
    """A unit that helps the lead unit with its own part of a matter (协办), with a clock of its own."""

    class Status(models.TextChoices):
        ASKED = "asked", _("Waiting for its reply")
        REPLIED = "replied", _("Has replied")
        DECLINED = "declined", _("Declined")
        CANCELLED = "cancelled", _("Called off")
        LAPSED = "lapsed", _("Did not reply in time")

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="assists", verbose_name=_("order"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="assists", verbose_name=_("assisting unit"))
    round = models.PositiveSmallIntegerField(_("round"))  # the round of its clock
    task = SealableTextField(_("task"))
    asked_by = models.CharField(_("asked by"), max_length=60)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ASKED)
    text = SealableTextField(_("its reply"), blank=True)
    gathered = models.BooleanField(_("gathered"), default=False)
    started_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    replied_at = models.DateTimeField(_("replied"), null=True, blank=True)

    class Meta:
        verbose_name = _("assistance")
        verbose_name_plural = _("assistances")
        ordering = ["started_at"]
        constraints = [models.UniqueConstraint(fields=["order", "round"], name="one_assist_per_round")]
        indexes = [models.Index(fields=["unit", "status", "due_at"], name="assist_unit_due")]


class Callback(models.Model):
    """One attempt to ask the citizen whether the matter is solved (回访)."""

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="callbacks", verbose_name=_("order"))
    channel = models.CharField(_("channel"), max_length=20)
    reached = models.BooleanField(_("reached"))
    solved = models.BooleanField(_("solved"), null=True, blank=True)
    satisfaction = models.PositiveSmallIntegerField(_("satisfaction, 1 to 5"), null=True, blank=True)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    note = SealableTextField(_("note"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("call-back")
        verbose_name_plural = _("call-backs")
        ordering = ["at"]


class Rating(models.Model):
    """A rating by the citizen. The call, the order and the service are three things, rated apart."""

    class Kind(models.TextChoices):
        CALL = "call", _("The call")
        ORDER = "order", _("The handling")
        SERVICE = "service", _("The service")

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="ratings", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    score = models.PositiveSmallIntegerField(_("score, 1 to 5"))
    note = SealableTextField(_("note"), max_length=300, blank=True)
    channel = models.CharField(_("channel"), max_length=20)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints = [
            models.UniqueConstraint(fields=["order", "kind"], name="one_rating_per_kind"),
            models.CheckConstraint(condition=models.Q(score__gte=1, score__lte=5), name="rating_one_to_five"),
        ]


class Attachment(models.Model):
    """A file of an order, with its hash; `public` ones may be shown to the citizen."""

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("order"))
    file = models.FileField(_("file"), upload_to="orders/%Y/%m")
    name = SealableTextField(_("name"), max_length=120)
    content_type = models.CharField(_("type"), max_length=60)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    purpose = models.CharField(_("purpose"), max_length=20, default="report")  # report, reply, evidence
    public = models.BooleanField(_("shown to the citizen"), default=False)
    created_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["created_at"]

    def read(self) -> bytes:
        """The bytes as they were sent; those of a sealed report lie sealed on the disk."""
        with self.file.open("rb") as kept:
            data: bytes = kept.read()
        return unseal_bytes(data) if is_sealed(self) else data

    def keep(self, data: bytes, *, name: str) -> None:
        """Write the bytes to the disk under `name`; sealed, and under a name that tells nothing, for a sealed report."""
        if is_sealed(self):
            data, name = seal_bytes(data), f"{secrets.token_hex(16)}.bin"
        self.file.save(name, ContentFile(data), save=False)


class Flag(models.TextChoices):
    """Marks on an order that change how people look at it, not where it goes."""

    SENSITIVE = "sensitive", _("Sensitive")
    GROUP = "group", _("Group matter")
    MEDIA = "media", _("In the media")
    INSTRUCTION = "instruction", _("Leader's instruction")
    CONFIDENTIAL = "confidential", _("Keep confidential")


class Supervision(models.Model):
    """An order under watch (督办): why, at which level, until when the unit reports, and what it reported."""

    class Level(models.TextChoices):
        GENERAL = "general", _("General")
        KEY = "key", _("Key matter")
        LEADER = "leader", _("By a leader's instruction")

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="supervisions", verbose_name=_("order"))
    level = models.CharField(_("level"), max_length=10, choices=Level, default=Level.GENERAL)
    note = SealableTextField(_("note"))
    due_at = models.DateTimeField(_("report until"), null=True, blank=True)
    opened_by = models.CharField(_("opened by"), max_length=60)
    opened_at = models.DateTimeField(_("opened"))
    report = SealableTextField(_("report of the unit"), blank=True)
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)
    closed_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("supervision")
        verbose_name_plural = _("supervisions")
        ordering = ["opened_at"]


class OrderCopy(models.Model):
    """A unit that is told of an order and may read it, without having to act (抄送)."""

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="copies", verbose_name=_("order"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="copies", verbose_name=_("unit"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("copy")
        verbose_name_plural = _("copies")
        constraints = [models.UniqueConstraint(fields=["order", "unit"], name="one_copy_per_unit")]


class Contestable(models.Model):
    """Something held against a unit, against which it may appeal once; the hotline then upholds or revokes it."""

    class Status(models.TextChoices):
        ISSUED = "issued", _("Issued")
        APPEALED = "appealed", _("Under appeal")
        UPHELD = "upheld", _("Upheld")
        REVOKED = "revoked", _("Revoked")

    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ISSUED)
    issued_by = models.CharField(_("issued by"), max_length=60)
    issued_at = models.DateTimeField(_("issued"))
    appeal = SealableTextField(_("appeal"), blank=True)
    ruling = SealableTextField(_("ruling"), blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["issued_at"]


class Card(Contestable):
    """A yellow or red card (黄牌 红牌) for a unit's handling of an order."""

    class Colour(models.TextChoices):
        YELLOW = "yellow", _("Yellow card")
        RED = "red", _("Red card")

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="cards", verbose_name=_("order"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="cards", verbose_name=_("unit"))
    colour = models.CharField(_("colour"), max_length=10, choices=Colour)
    reason = SealableTextField(_("reason"))

    class Meta(Contestable.Meta):
        verbose_name = _("card")
        verbose_name_plural = _("cards")


class Accountability(Contestable):
    """Who answers for what went wrong (追责): the cause and the finding."""

    class Cause(models.TextChoices):
        OVERDUE = "overdue", _("Time limit missed")
        IMPROPER_RETURN = "improper_return", _("Improper return")
        FALSE_CLOSING = "false_closing", _("Closed without having acted")
        ATTITUDE = "attitude", _("Conduct towards the citizen")
        LEAK = "leak", _("Personal data given away")

    order = models.ForeignKey(WorkOrder, on_delete=models.CASCADE, related_name="findings", verbose_name=_("order"))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="findings", verbose_name=_("unit"))
    cause = models.CharField(_("cause"), max_length=20, choices=Cause)
    reason = SealableTextField(_("finding"))

    class Meta(Contestable.Meta):
        verbose_name = _("accountability record")
        verbose_name_plural = _("accountability records")
