"""Working time by calendar: half-open windows, holidays, make-up days, and the working shown.

Rules: a term counted in days starts on the day after the event (Civil Code of the PRC, article 201) and ends with the
last working window of its last day (article 203); a term in natural days that would end on a rest day ends on the next
working day (article 203). All times are aware; arithmetic is done in the calendar's zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
Window = tuple[int, int]  # minutes of the day, half-open; 1440 is midnight at its end
HORIZON_DAYS = 3660  # a calendar without a single working window is refused after ten years, not searched for ever


class NoWorkingTime(Exception):
    """The calendar has no working time within ten years of the start."""


@dataclass(frozen=True, slots=True)
class DayRule:
    """A day that differs from its weekday."""

    windows: tuple[Window, ...]
    name: str = ""
    kind: str = "holiday"
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """One stretch of an explanation: [start, end), counted or not, and why."""

    start: datetime
    end: datetime
    counted: bool
    why: str  # working, outside_hours, weekend, holiday:<name>, make_up:<name>, half_day:<name>, special:<name>, paused:<reason>

    @property
    def duration(self) -> timedelta:
        return self.end - self.start


def _length(windows: Sequence[Window]) -> int:
    return sum(closing - opening for opening, closing in windows)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Weekly windows plus differing days, as a value that can be shared between threads."""

    code: str
    weekly: tuple[tuple[Window, ...], ...]  # Monday first
    days: dict[date, DayRule] = field(default_factory=dict)
    zone: ZoneInfo = CHINA

    def rule(self, day: date) -> tuple[tuple[Window, ...], str]:
        """The windows of `day` and why they are so."""
        special = self.days.get(day)
        if special is not None:
            return special.windows, f"{special.kind}:{special.name}"
        windows = self.weekly[day.weekday()]
        return windows, "working" if windows else "weekend"

    def is_working_day(self, day: date) -> bool:
        """Whether any window of `day` counts."""
        return bool(self.rule(day)[0])

    def is_provisional(self, start: datetime, end: datetime) -> bool:
        """Whether a day between the two is not yet published, or lies in a year without any published day."""
        first, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        if any(r.provisional and first <= d <= last for d, r in self.days.items()):
            return True
        if not self.days:
            return False
        published = {d.year for d, r in self.days.items() if not r.provisional}
        return any(year not in published for year in range(first.year, last.year + 1))

    def _moment(self, day: date, minute: int) -> datetime:
        whole, rest = divmod(minute, 1440)
        return datetime.combine(day + timedelta(days=whole), time(rest // 60, rest % 60), tzinfo=self.zone)

    def windows(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working windows from `start` on, the first one cut at `start`. Raises NoWorkingTime."""
        start = start.astimezone(self.zone)
        day, empty = start.date(), 0
        while empty < HORIZON_DAYS:
            found = False
            for opening, closing in self.rule(day)[0]:
                a, b = self._moment(day, opening), self._moment(day, closing)
                if b > start:
                    found = True
                    yield max(a, start), b
            empty = 0 if found else empty + 1
            day += timedelta(days=1)
        raise NoWorkingTime(self.code)

    def counted(self, start: datetime, end: datetime) -> timedelta:
        """Working time in [start, end); zero where end is not after start."""
        total = timedelta()
        if end <= start:
            return total
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        whole = day + timedelta(days=1)
        while day <= last:
            if day == whole and last > whole:
                total += timedelta(minutes=self._minutes(whole, last))
                day = last
            for opening, closing in self.rule(day)[0]:
                a, b = max(self._moment(day, opening), start), min(self._moment(day, closing), end)
                if b > a:
                    total += b - a
            day += timedelta(days=1)
        return total

    def _minutes(self, first: date, end: date) -> int:
        """Working minutes of the whole days from `first` up to, not with, `end`: by weeks, then the days that differ."""
        weekly = [_length(windows) for windows in self.weekly]
        weeks, rest = divmod((end - first).days, 7)
        total = weeks * sum(weekly) + sum(weekly[(first.weekday() + n) % 7] for n in range(rest))
        return total + sum(_length(r.windows) - weekly[d.weekday()] for d, r in self.days.items() if first <= d < end)

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The first moment by which `amount` of working time has passed since `start`."""
        if amount <= timedelta():
            return start
        for a, b in self.windows(start):
            if b - a >= amount:
                return a + amount
            amount -= b - a
        raise NoWorkingTime(self.code)

    def end_of_working_day(self, start: datetime, days: int) -> datetime:
        """The end of the last window of the `days`-th working day after the day of `start`."""
        day, left, searched = start.astimezone(self.zone).date(), days, 0
        while left > 0:
            day += timedelta(days=1)
            searched += 1
            if self.is_working_day(day):
                left, searched = left - 1, 0
            elif searched > HORIZON_DAYS:
                raise NoWorkingTime(self.code)
        windows = self.rule(day)[0]
        return self._moment(day, windows[-1][1] if windows else 1440)

    def end_of_natural_day(self, start: datetime, days: int) -> datetime:
        """Midnight at the end of the `days`-th day after `start`, moved to the next working day where it rests."""
        day, searched = start.astimezone(self.zone).date() + timedelta(days=days), 0
        while not self.is_working_day(day):
            day += timedelta(days=1)
            searched += 1
            if searched > HORIZON_DAYS:
                raise NoWorkingTime(self.code)
        return self._moment(day, 1440)

    def days_between(self, start: datetime, end: datetime) -> int:
        """Working days after the day of `start` up to and with the day of `end`: how many days a matter took."""
        day, last, count = start.astimezone(self.zone).date(), end.astimezone(self.zone).date(), 0
        while day < last:
            day += timedelta(days=1)
            count += self.is_working_day(day)
        return count

    def explain(self, start: datetime, end: datetime, pauses: Sequence[tuple[datetime, datetime, str]] = ()) -> list[Interval]:
        """[start, end) cut into counted and uncounted stretches with the reason of each; neighbours alike are joined."""
        if end <= start:
            return []
        cuts = {start, end}
        first, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        day = first
        while day <= last:
            cuts.add(self._moment(day, 0))
            for opening, closing in self.rule(day)[0]:
                cuts.update((self._moment(day, opening), self._moment(day, closing)))
            day += timedelta(days=1)
        for a, b, _why in pauses:
            cuts.update((a, b))
        joined: list[Interval] = []
        for a, b in pairwise(sorted(c for c in cuts if start <= c <= end)):
            counted, why = self._reason(a, pauses)
            if joined and joined[-1].counted == counted and joined[-1].why == why and joined[-1].end == a:
                joined[-1] = Interval(joined[-1].start, b, counted, why)
            else:
                joined.append(Interval(a, b, counted, why))
        return joined

    def _reason(self, at: datetime, pauses: Sequence[tuple[datetime, datetime, str]]) -> tuple[bool, str]:
        for a, b, why in pauses:
            if a <= at < b:
                return False, f"paused:{why}"
        local = at.astimezone(self.zone)
        windows, why = self.rule(local.date())
        minute = local.hour * 60 + local.minute + (local.second + local.microsecond / 1e6) / 60
        if any(a <= minute < b for a, b in windows):
            return True, why
        return False, "outside_hours" if windows else why


ALWAYS = WorkingCalendar(code="always", weekly=(((0, 1440),),) * 7)


def parse_windows(raw: Sequence[Sequence[str]]) -> tuple[Window, ...]:
    """[["09:00", "12:00"], ...] as minutes. Raises ValueError for overlap, disorder or a time past 24:00."""
    windows = []
    for opening, closing in raw:
        pair = tuple(int(t[:2]) * 60 + int(t[3:5]) for t in (opening, closing))
        windows.append((pair[0], pair[1]))
    flat = [minute for window in windows for minute in window]
    if flat != sorted(set(flat)) or any(m > 1440 for m in flat):
        raise ValueError(f"windows overlap or run backwards: {raw}")
    return tuple(windows)
