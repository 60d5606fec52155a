"""The top navigation of the desks. Rooms register their pages at start, so this floor imports none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

IN_BAR = 6  # so many entries fit beside the search field on a laptop


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation.

    `label` is a lazy translation, `url_name` a name that `reverse` knows, `roles` the role values that see it
    (empty: everyone who is signed in), `order` sorts (small first), `icon` is a Tabler icon name.
    """

    label: object
    url_name: str
    icon: str
    roles: frozenset[str] = field(default_factory=frozenset)
    order: int = 100


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the page, in the words of the page: name, role in words, unit, and the role values held."""

    name: str = ""
    role: str = ""
    unit: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A login of the demonstration, as the sign-in page lists it."""

    role: str
    name: str
    unit: str
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Banner:
    """A line on top of every desk while something extraordinary holds: its words, and the page that says more."""

    text: str
    url: str


_items: dict[str, NavItem] = {}
_banners: dict[str, Callable[[], list[Banner]]] = {}
_viewer_of: list[Callable[[HttpRequest], Viewer]] = []
_demo_logins: list[Callable[[], list[DemoLogin]]] = []


def register(*, label: object, url_name: str, icon: str, roles: Iterable[str] = (), order: int = 100) -> None:
    """Add a page to the navigation (idempotent by `url_name`). Call it in the room's AppConfig.ready."""
    _items[url_name] = NavItem(label, url_name, icon, frozenset(str(role) for role in roles), order)


def register_banners(name: str, banners: Callable[[], list[Banner]]) -> None:
    """Tell where banners come from (idempotent by `name`); asked on every page of the desks, so it must cost nothing."""
    _banners[name] = banners


def banners_now() -> list[Banner]:
    """What every desk must see now."""
    return [banner for source in _banners.values() for banner in source()]


def register_viewer(viewer_of: Callable[[HttpRequest], Viewer]) -> None:
    """Tell how a request becomes a Viewer; the room that knows staff and roles does this once."""
    _viewer_of[:] = [viewer_of]


def register_demo_logins(logins: Callable[[], list[DemoLogin]]) -> None:
    """Tell which logins the sign-in page lists in demonstration mode; the room that knows staff does this once."""
    _demo_logins[:] = [logins]


def demo_logins() -> list[DemoLogin]:
    """Logins for the sign-in page; none unless settings.DEMO."""
    return _demo_logins[0]() if settings.DEMO and _demo_logins else []


def viewer_of(request: HttpRequest) -> Viewer:
    """The Viewer of this request; an empty one for visitors."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Viewer()
    if not _viewer_of:
        return Viewer(name=user.get_username())
    return _viewer_of[0](request)


def items_for(viewer: Viewer, path: str) -> list[dict[str, object]]:
    """Entries that this viewer sees, in order, with their address and whether the page is below them."""
    seen: list[dict[str, object]] = []
    for item in sorted(_items.values(), key=lambda entry: entry.order):
        if item.roles and not item.roles & viewer.roles:
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue
        seen.append({"label": item.label, "icon": item.icon, "url": url, "current": False})
    # The longest address that the path starts with is the current one: /desk/inbox/ wins over /desk/.
    under = [entry for entry in seen if path.startswith(str(entry["url"]))]
    if under:
        max(under, key=lambda entry: len(str(entry["url"])))["current"] = True
    return seen


def split(items: list[dict[str, object]]) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """What stands in the bar and what opens under “More”; the current page always stands in the bar."""
    if len(items) <= IN_BAR + 1:
        return items, []
    bar = items[:IN_BAR]
    bar += [item for item in items[IN_BAR:] if item["current"]]
    return bar, [item for item in items if item not in bar]
