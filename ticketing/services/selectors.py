"""Reading service items: the list with its filters, one guide, what else belongs to it."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from ticketing.services.models import ServiceItem

WORDS_MAX = 5
LIST_FIELDS = (
    "code",
    "name",
    "variant",
    "kind",
    "department",
    "promised_value",
    "promised_measure",
    "promised_raw",
    "online_only",
)


def find_items(*, words: str = "", kind: str = "", department: str = "", served: str = "") -> QuerySet[ServiceItem]:
    """Active items by words (each must occur somewhere in name, code or department), kind, department, who is served."""
    found = ServiceItem.objects.filter(is_active=True)
    for word in words.replace("\x00", "").split()[:WORDS_MAX]:
        anywhere = (
            Q(name__icontains=word) | Q(variant__icontains=word) | Q(short_name__icontains=word) | Q(code__istartswith=word)
        )
        found = found.filter(anywhere | Q(department__icontains=word) | Q(catalogue_name__icontains=word))
    if kind:
        found = found.filter(kind=kind)
    if department:
        found = found.filter(department=department)
    if served == "person":
        found = found.filter(Q(served__icontains="自然人") | Q(served__icontains="\\u81ea\\u7136\\u4eba"))
    elif served == "body":
        found = found.filter(Q(served__icontains="法人") | Q(served__icontains="\\u6cd5\\u4eba"))
    return found.only(*LIST_FIELDS).order_by("department", "name", "code")


def kinds() -> list[tuple[str, int]]:
    """Kinds of items with how many there are, most first."""
    counted = ServiceItem.objects.filter(is_active=True).exclude(kind="").order_by().values_list("kind")
    return [(kind, count) for kind, count in counted.annotate(n=Count("pk")).order_by("-n")]


def departments(*, limit: int = 300) -> list[str]:
    """Departments that have items, those with most items first."""
    counted = ServiceItem.objects.filter(is_active=True).exclude(department="").order_by().values_list("department")
    return [name for name, _count in counted.annotate(n=Count("pk")).order_by("-n")[:limit]]


def item(code: str) -> ServiceItem | None:
    """The guide of an active item."""
    return ServiceItem.objects.select_related("unit").filter(code=code, is_active=True).first()


def siblings(shown: ServiceItem, *, limit: int = 12) -> QuerySet[ServiceItem]:
    """Other cases of the same item in the catalogue."""
    if not shown.catalogue_code:
        return ServiceItem.objects.none()
    others = ServiceItem.objects.filter(catalogue_code=shown.catalogue_code, department=shown.department, is_active=True)
    return others.exclude(pk=shown.pk).only(*LIST_FIELDS).order_by("name")[:limit]
