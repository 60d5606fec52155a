"""The catalogue's pages: lists, an entry, versions, differences, files, drift."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ticketing.exchange.tables import UnreadableTable
from ticketing.organisation.actor import Actor, staff_actor
from ticketing.organisation.models import Level, Region, Staff
from ticketing.organisation.roles import CENTRE_ROLES, UNIT_ROLES, Role
from ticketing.services import actions, catalogue_files
from ticketing.services import catalogue_selectors as selectors
from ticketing.services.catalogue_models import LOCAL, CatalogueEntry, CatalogueEvent, CatalogueVersion, Listing, LocalEntry
from ticketing.services.errors import BadCatalogue, CatalogueError, CatalogueForbidden
from ticketing.services.models import CONTENT_ROLES, EDITORS, PUBLISHERS
from ticketing.ui.messages import tell

ROWS, DIFF_ROWS = 50, 50
READERS = CONTENT_ROLES | CENTRE_ROLES | UNIT_ROLES | {Role.INSPECTOR}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
View = Callable[..., HttpResponse]
DIFF_KINDS = (("added", gettext_lazy("Added")), ("changed", gettext_lazy("Changed")), ("removed", gettext_lazy("Removed")))
DRIFT_KINDS = {
    "gone": gettext_lazy("The standard no longer has this entry"),
    "changed": gettext_lazy("The standard changed since the level confirmed its values"),
    "declared": gettext_lazy("The level's own file says something else"),
}


def staff_of(request: HttpRequest) -> Staff:
    """The signed-in person."""
    return cast(Staff, request.user)


def for_readers(view: View) -> View:
    """Signed in, with a role that reads the catalogue."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not staff_of(request).has_role(*READERS):
            raise PermissionDenied(_("Your role does not read the catalogue."))
        return view(request, *args, **kwargs)

    return guarded


def actor_of(request: HttpRequest, roles: Iterable[Role]) -> Actor:
    """The signed-in person in the first of `roles` that they hold. Raises PermissionDenied."""
    staff = staff_of(request)
    role = next((role for role in sorted(roles) if staff.has_role(role)), None)
    if role is None:
        raise PermissionDenied(_("Your role may not do this with the catalogue."))
    return staff_actor(staff, role=role, request_id=getattr(request, "request_id", ""))


def shown_version(request: HttpRequest) -> CatalogueVersion | None:
    """The version that ?version= names, else the one in force, else the draft."""
    number = request.GET.get("version", "")
    if number.isdecimal() and len(number) < 9:
        found = selectors.version(int(number))
        if found is None:
            raise Http404
        return found
    return selectors.published() or selectors.draft()


@require_GET
@for_readers
def entries(request: HttpRequest) -> HttpResponse:
    """The lists of one version, with search."""
    version = shown_version(request)
    listing, level = request.GET.get("list", ""), request.GET.get("level", "")
    words = request.GET.get("q", "").strip()[:60]
    listing = listing if listing in Listing.values else ""
    level = level if level in Level.values else ""
    found = (
        selectors.find_entries(version, words=words, listing=listing, level=level) if version else CatalogueEntry.objects.none()
    )
    context = {
        "version": version,
        "draft": selectors.draft(),
        "published": selectors.published(),
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "counts": selectors.list_counts(version) if version else [(listing, 0) for listing in Listing],
        "listing": listing,
        "level": level,
        "levels": Level,
        "q": words,
        "may_edit": staff_of(request).has_role(*EDITORS),
    }
    return render(request, "services/catalogue.html", context)


@require_GET
@for_readers
def entry(request: HttpRequest, listing: str, code: str) -> HttpResponse:
    """One entry, what it is linked with, and, for ?region=, what a lower level has of it."""
    version = shown_version(request)
    shown = get_object_or_404(CatalogueEntry, version=version, listing=listing, code=code)
    staff = staff_of(request)
    mine = next((a.unit.region for a in staff.appointments_now() if a.role in UNIT_ROLES), None)
    region = Region.objects.filter(code=request.GET.get("region", "")).first() or mine
    outgoing, incoming = selectors.linked(shown)
    context = {
        "entry": shown,
        "version": version,
        "outgoing": outgoing,
        "incoming": incoming,
        "region": region,
        "regions": Region.objects.order_by("code")[:500],
        "effective": selectors.effective(shown, region) if region else None,
        "local": LocalEntry.objects.filter(listing=listing, code=code).select_related("region")[:100],
        "may_set": region is not None and version.state == "published" and actions.may_set_local(staff, region),  # type: ignore[union-attr]
        "may_edit": version.state == "draft" and staff.has_role(*EDITORS),  # type: ignore[union-attr]
    }
    return render(request, "services/entry.html", context)


@require_POST
@for_readers
def local(request: HttpRequest, listing: str, code: str) -> HttpResponse:
    """Set place, telephone and window for a region."""
    region = get_object_or_404(Region, code=request.POST.get("region", ""))
    values = {name: request.POST.get(name, "") for name in LOCAL}
    actor = actor_of(request, EDITORS | UNIT_ROLES)
    try:
        actions.set_local(region=region, listing=listing, code=code, values=values, staff=staff_of(request), actor=actor)
    except CatalogueForbidden as error:
        raise PermissionDenied(str(error)) from error
    except CatalogueError as error:
        tell(request, messages.ERROR, what=str(error))
    else:
        tell(
            request,
            messages.SUCCESS,
            what=_("Set for %(region)s. Everything else follows the standard.") % {"region": region.name},
        )
    return redirect(f"{request.path.removesuffix('local/')}?region={region.code}")


FORM_FIELDS: tuple[str, ...] = (
    "name",
    "kind",
    "owner",
    "unit_code",
    "level",
    "basis",
    "materials",
    "legal_limit",
    "promised_limit",
    "measures",
)
FORM_FIELDS += ("place", "phone", "window", "links", "note")


@require_http_methods(["GET", "POST"])
@for_readers
def edit(request: HttpRequest, listing: str, code: str = "") -> HttpResponse:
    """Make or change an entry of the draft."""
    actor, draft = actor_of(request, EDITORS), selectors.draft()
    if listing not in Listing.values or draft is None:
        raise Http404
    shown = draft.entries.filter(listing=listing, code=code).first() if code else None
    if code and shown is None:
        raise Http404
    error = ""
    values = {"code": code, **(shown.content() if shown else {})}
    if request.method == "POST":
        values = {"code": code or request.POST.get("code", "")}
        values |= {name: request.POST.get(name, "") for name in FORM_FIELDS}
        try:
            if "remove" in request.POST and shown is not None:
                actions.remove_entry(entry=shown, actor=actor)
                return redirect(f"/catalogue/?version={draft.number}&list={listing}")
            kept = actions.save_entry(listing=listing, values=values, actor=actor)
        except CatalogueError as refused:
            error = str(refused)
        else:
            tell(request, messages.SUCCESS, what=_("Kept in the draft: %(name)s.") % {"name": kept.name})
            return redirect(f"/catalogue/{listing}/{kept.code}/?version={draft.number}")
    shown_fields = []
    for name in FORM_FIELDS:
        value = values.get(name, "")
        text = "\n".join(value) if isinstance(value, list) else value
        label = getattr(CatalogueEntry._meta.get_field(name), "verbose_name", name)
        shown_fields.append(
            {"name": name, "label": label, "text": text, "long": name in catalogue_files.LISTS, "level": name == "level"}
        )
    context = {"listing": Listing(listing), "code": values["code"], "fields": shown_fields, "entry": shown, "error": error}
    context |= {"draft": draft, "levels": Level}
    return render(request, "services/entry_form.html", context, status=400 if error else 200)


@require_GET
@for_readers
def versions(request: HttpRequest) -> HttpResponse:
    """All versions, what can be done with them, and who did what."""
    published, staff = selectors.published(), staff_of(request)
    context = {
        "versions": CatalogueVersion.objects.select_related("replaced")[:100],
        "published": published,
        "draft": selectors.draft(),
        "events": CatalogueEvent.objects.all()[:30],
        "may_edit": staff.has_role(*EDITORS),
        "may_publish": staff.has_role(*PUBLISHERS),
    }
    return render(request, "services/versions.html", context)


@require_POST
@for_readers
def step(request: HttpRequest, verb: str) -> HttpResponse:
    """Begin, throw away or publish the draft, or roll the catalogue back."""
    text = request.POST.get("text", "").strip()
    try:
        match verb:
            case "open":
                made = actions.open_draft(actor=actor_of(request, EDITORS), note=text)
                tell(request, messages.SUCCESS, what=_("Draft %(version)s is open.") % {"version": made})
            case "discard":
                number = actions.discard_draft(actor=actor_of(request, EDITORS))
                tell(request, messages.SUCCESS, what=_("Draft v%(number)d was thrown away.") % {"number": number})
            case "publish":
                made = actions.publish(actor=actor_of(request, PUBLISHERS), note=text)
                tell(request, messages.SUCCESS, what=_("Version %(version)s is in force.") % {"version": made})
            case "roll-back":
                made = actions.roll_back(actor=actor_of(request, PUBLISHERS), reason=text)
                tell(request, messages.SUCCESS, what=_("Version %(version)s is in force again.") % {"version": made})
            case _:
                raise Http404
    except BadCatalogue as error:
        tell(request, messages.ERROR, what=str(error), kept="\n".join(error.faults[:10]))
    except CatalogueError as error:
        tell(request, messages.ERROR, what=str(error))
    return redirect("catalogue:versions")


@require_GET
@for_readers
def compare(request: HttpRequest, number: int) -> HttpResponse:
    """What a version changes against the one in force, or against ?with=."""
    after = selectors.version(number)
    if after is None:
        raise Http404
    other = request.GET.get("with", "")
    if other.isdecimal() and len(other) < 9:
        before = selectors.version(int(other))
    else:
        before = selectors.published() if after.state == "draft" else after.replaced
    found = selectors.diff(before, after)
    kind = request.GET.get("kind", "")
    rows = [row for row in found.rows if not kind or row.kind == kind]
    context = {
        "before": before,
        "after": after,
        "counts": [(key, label, found.counts[key]) for key, label in DIFF_KINDS],
        "kind": kind,
        "page": Paginator(rows, DIFF_ROWS).get_page(request.GET.get("page")),
        "versions": CatalogueVersion.objects.exclude(pk=after.pk)[:50],
    }
    return render(request, "services/compare.html", context)


@require_http_methods(["GET", "POST"])
@for_readers
def files(request: HttpRequest) -> HttpResponse:
    """Bring in a file (into the draft, or a lower level's own) and take the catalogue out."""
    faults: list[str] = []
    error = ""
    if request.method == "POST":
        upload, region_code = request.FILES.get("file"), request.POST.get("region", "")
        actor = actor_of(request, EDITORS | UNIT_ROLES if region_code else EDITORS)
        try:
            if upload is None:
                raise BadCatalogue(_("Choose a file first."))
            if (upload.size or 0) > settings.IMPORT_MAX_BYTES:
                raise BadCatalogue(_("The file is too large."))
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / ("catalogue" + Path(upload.name or "").suffix.lower())
                with path.open("wb") as target:
                    for chunk in upload.chunks():
                        target.write(chunk)
                rows = catalogue_files.read_file(path)
            if region_code:
                region = get_object_or_404(Region, code=region_code)
                counts = actions.import_local(region=region, rows=rows, staff=staff_of(request), actor=actor)
                words = _(
                    "%(taken)d entries taken, %(drifting)d say something else than the standard, %(unknown)d are not in it."
                )
                tell(request, messages.SUCCESS, what=words % counts)
                return redirect("catalogue:drift")
            report = actions.import_catalogue(rows=rows, actor=actor, keep_others="keep" in request.POST)
            words = _("In the draft: %(created)d new, %(changed)d changed, %(unchanged)d as before, %(removed)d taken out.")
            values = {
                "created": report.created,
                "changed": report.changed,
                "unchanged": report.unchanged,
                "removed": report.removed,
            }
            tell(request, messages.SUCCESS, what=words % values)
            return redirect("catalogue:versions")
        except CatalogueForbidden as refused:
            raise PermissionDenied(str(refused)) from refused
        except (CatalogueError, UnreadableTable) as refused:
            error, faults = str(refused), getattr(refused, "faults", [])
    context = {
        "error": error,
        "faults": faults,
        "version": selectors.published() or selectors.draft(),
        "draft": selectors.draft(),
        "regions": Region.objects.order_by("code")[:500],
        "may_edit": staff_of(request).has_role(*EDITORS),
        "may_local": staff_of(request).has_role(*EDITORS, *UNIT_ROLES),
    }
    return render(request, "services/catalogue_files.html", context, status=400 if error else 200)


@require_GET
@for_readers
def export(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """A version as a file that can be brought in again."""
    version = selectors.version(number)
    if version is None:
        raise Http404
    rows = version.entries.order_by("listing", "code").iterator(chunk_size=1000)
    if form == "json":
        answer = HttpResponse(catalogue_files.write_json(rows, number=version.number), content_type="application/json")
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "catalogue.xlsx"
            catalogue_files.write_book(rows, path)
            answer = HttpResponse(path.read_bytes(), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="catalogue-v{number}.{form}"'
    return answer


@require_GET
@for_readers
def drift(request: HttpRequest) -> HttpResponse:
    """Where lower levels are apart from the standard."""
    region = Region.objects.filter(code=request.GET.get("region", "")).first()
    rows = selectors.drift(region)
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "region": region, "regions": Region.objects.order_by("code")[:500], "kinds": DRIFT_KINDS}
    return render(request, "services/drift.html", context)
