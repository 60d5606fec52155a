"""A city as a folder of files: which file goes to which room's verb, in which order, and back again."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext as _

from hotline.quality.actions import import_score_sheets
from hotline.runtime import city_rows
from hotline.voice.actions import import_lines
from search.actions import import_articles, import_synonyms
from ticketing.citizens.actions import Contact, InvalidContact, find_or_create_citizen
from ticketing.clocks.actions import import_plans, import_time_limits
from ticketing.dispatch.actions import import_rules
from ticketing.inspection.actions import import_rules as import_alert_rules
from ticketing.notices.actions import import_templates
from ticketing.notices.surveys import import_scripts
from ticketing.orders.actions import import_handlers
from ticketing.orders.actions.content import import_reply_checks, import_return_reasons
from ticketing.organisation import actions as organisation
from ticketing.organisation import exports

Row = Mapping[str, Any]
Progress = Callable[[int, int], None]  # rows done, rows in all
CAST, HANDLERS, SYNONYMS, ARTICLES = "cast.yml", "sealed_handlers.yml", "synonyms.yml", "articles"


class CityError(Exception):
    """A city cannot be loaded; the message names the file, the row and what is wrong."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of one file."""

    file: str
    rows: int
    created: int | None = None  # None where the room counts rows alone
    updated: int | None = None
    note: str = ""


# In this order: a file may name what the files before it hold.
LOADERS: dict[str, Callable[[Iterator[Row]], organisation.ImportReport | int]] = {
    "regions.yml": lambda rows: organisation.import_regions(rows=rows),
    "calendar.yml": lambda rows: organisation.import_calendars(rows=rows),
    "units.yml": lambda rows: organisation.import_units(rows=rows),
    "order_types.yml": lambda rows: organisation.import_order_types(rows=rows),
    "duty_categories.yml": lambda rows: organisation.import_duty_categories(rows=rows),
    "duty_items.yml": lambda rows: organisation.import_duty_items(rows=rows),
    "places.csv": lambda rows: organisation.import_places(rows=rows),
    "time_limits.yml": lambda rows: _numbered(import_time_limits, rows),
    "plans.yml": lambda rows: _numbered(import_plans, rows),
    "notice_templates.yml": lambda rows: _numbered(import_templates, rows),
    "dispatch_rules.yml": lambda rows: _numbered(import_rules, rows),
    "return_reasons.yml": lambda rows: _numbered(import_return_reasons, rows),
    "reply_checks.yml": lambda rows: _numbered(import_reply_checks, rows),
    "callback_scripts.yml": lambda rows: _numbered(lambda found: import_scripts(rows=found), rows),
    "score_sheets.yml": lambda rows: _numbered(lambda found: import_score_sheets(rows=found), rows),
    "alert_rules.yml": lambda rows: _numbered(lambda found: import_alert_rules(rows=found), rows),
    "lines.yml": lambda rows: _numbered(lambda lines: import_lines(rows=lines), rows),
}
EXPORTERS: dict[str, Callable[[], list[Any]]] = {
    "regions.yml": exports.regions,
    "calendar.yml": exports.calendars,
    "units.yml": exports.units,
    "order_types.yml": exports.order_types,
    "duty_categories.yml": exports.duty_categories,
    "duty_items.yml": exports.duty_items,
    "places.csv": exports.places,
    "time_limits.yml": city_rows.time_limits,
    "plans.yml": city_rows.plans,
    "notice_templates.yml": city_rows.notice_templates,
    "dispatch_rules.yml": city_rows.dispatch_rules,
    "return_reasons.yml": city_rows.return_reasons,
    "reply_checks.yml": city_rows.reply_checks,
    "callback_scripts.yml": city_rows.callback_scripts,
    "score_sheets.yml": city_rows.score_sheets,
    "alert_rules.yml": city_rows.alert_rules,
    "lines.yml": city_rows.lines,
    SYNONYMS: city_rows.synonyms,
    f"{ARTICLES}/articles.yml": city_rows.articles,
}


def read_rows(path: Path) -> Any:
    """The rows of a YAML or CSV file. Raises CityError with the line where the file cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            if path.suffix == ".csv":
                return list(csv.DictReader(file, strict=True))
            return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or []
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        message = _("%(file)s, line %(line)d: %(problem)s") % {"file": path.name, "line": line, "problem": error.problem}
        raise CityError(message) from error
    except (yaml.YAMLError, csv.Error, UnicodeDecodeError) as error:
        raise CityError(f"{path.name}: {error}") from error


def _numbered(verb: Callable[[Iterator[dict[str, Any]]], int], rows: Iterable[Row]) -> int:
    """Call a verb that does not look at the shape of its rows, and say in which row it stumbled."""
    number = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal number
        for row in rows:
            number += 1
            if not isinstance(row, dict):
                raise ValueError(_("a mapping of fields is expected"))
            yield row

    try:
        return verb(counted())
    except KeyError as error:
        raise ValueError(_("row %(number)d: the field %(field)s is missing") % {"number": number, "field": error}) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(_("row %(number)d: %(problem)s") % {"number": number, "problem": error}) from error


def _ticking(rows: list[Row], progress: Progress) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        yield row
        progress(number, len(rows))


def files_of(directory: Path) -> list[str]:
    """The files of a folder that this platform knows, in the order of loading. Raises CityError where there are none."""
    if not directory.is_dir():
        raise CityError(_("There is no folder %(path)s.") % {"path": directory})
    found = [name for name in (*LOADERS, CAST, HANDLERS, SYNONYMS) if (directory / name).is_file()]
    if (directory / ARTICLES).is_dir():
        found.append(ARTICLES)
    if not found:
        raise CityError(
            _("%(path)s holds none of the files of a city (%(names)s).") % {"path": directory, "names": ", ".join(LOADERS)}
        )
    return found


def load_file(directory: Path, name: str, progress: Progress = lambda done, total: None) -> Loaded:
    """Load one file of the folder, wholly or not at all. Raises CityError naming file and row."""
    try:
        if name == ARTICLES:
            return _load_articles(directory / name)
        rows = read_rows(directory / name)
        if name == CAST:
            return _load_cast(rows, progress)
        if name == SYNONYMS:
            return Loaded(name, import_synonyms(directory / name))
        if not isinstance(rows, list):
            raise ValueError(_("a list of rows is expected"))
        load = (lambda given: _numbered(import_handlers, given)) if name == HANDLERS else LOADERS[name]
        result = load(_ticking(rows, progress))
    except ValueError as error:
        raise CityError(f"{name}: {error}") from error
    if isinstance(result, int):
        return Loaded(name, result)
    return Loaded(name, len(rows), result.created, result.updated)


def _load_cast(cast: Any, progress: Progress) -> Loaded:
    """Staff with their roles, and citizens. A shared password is for a demo; elsewhere new accounts open with none."""
    if not isinstance(cast, dict):
        raise ValueError(_("a mapping with staff and citizens is expected"))
    staff, citizens = cast.get("staff") or [], cast.get("citizens") or []
    password = cast.get("password")
    note = ""
    if password and not settings.DEMO:
        password, note = None, _("the shared password is for a demo and was not used")
    total = len(staff) + len(citizens)
    report = organisation.import_staff(rows=_ticking(staff, lambda done, _n: progress(done, total)), password=password)
    for number, row in enumerate(citizens, 1):
        if not isinstance(row, dict) or not row.get("phone"):
            raise ValueError(_("citizen %(number)d: a telephone number is needed") % {"number": number})
        contact = Contact(name=str(row.get("name") or ""), phone=str(row["phone"]), address=str(row.get("address") or ""))
        try:
            find_or_create_citizen(contact=contact, language=str(row.get("language") or "zh-hans"))
        except InvalidContact as error:
            raise ValueError(_("citizen %(number)d: the telephone number cannot be used") % {"number": number}) from error
        progress(len(staff) + number, total)
    return Loaded(CAST, total, report.created, report.updated, note)


def _load_articles(directory: Path) -> Loaded:
    report = import_articles(directory)
    if report.errors:
        raise ValueError("; ".join(report.errors[:10]))
    return Loaded(ARTICLES, report.created + report.updated + report.unchanged, report.created, report.updated)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Questions that many items share are written out with each, so that a row can be edited alone."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def export_file(directory: Path, name: str) -> int:
    """Write one file of a city from the database; returns the number of rows."""
    rows = EXPORTERS[name]()
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        else:
            yaml.dump(rows, file, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return len(rows)


def export_cast(directory: Path) -> int:
    """Write staff and their roles. Citizens and passwords are never written to a file."""
    rows = exports.staff()
    with (directory / CAST).open("w", encoding="utf-8") as file:
        yaml.dump({"staff": rows}, file, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return len(rows)
