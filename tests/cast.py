"""A small invented city and its people. Names say what they do; nothing here is needed outside the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ticketing.citizens.actions import Contact
from ticketing.clocks.models import TimeLimit
from ticketing.notices.models import NoticeTemplate
from ticketing.orders.actions import create_order
from ticketing.orders.models import WorkOrder
from ticketing.organisation.actor import citizen_actor
from ticketing.organisation.models import (
    Appointment,
    DutyCategory,
    DutyItem,
    DutyQuestion,
    OrderType,
    Place,
    Region,
    Staff,
    Unit,
    WorkCalendar,
)
from ticketing.organisation.roles import Role

WEEKDAYS = [["09:00", "12:00"], ["13:30", "17:30"]]

UNITS = [
    # code, name, level, kind, parent, line, region
    ("PROV", "测试省热线办", "province", "hotline", None, None, "p"),
    ("GOV", "测试市人民政府", "city", "government", "PROV", None, "c"),
    ("HOT", "测试市热线中心", "city", "hotline", "GOV", None, "c"),
    ("HOUSE", "测试市住房局", "city", "bureau", "GOV", None, "c"),
    ("LIGHT", "测试市照明管理所", "city", "enterprise", "GOV", None, "c"),
    ("EAST", "东片区人民政府", "district", "government", "GOV", None, "east"),
    ("WEST", "西片区人民政府", "district", "government", "GOV", None, "west"),
    ("EAST-HOUSE", "东片区住房局", "district", "bureau", "EAST", "HOUSE", "east"),
    ("WEST-HOUSE", "西片区住房局", "district", "bureau", "WEST", "HOUSE", "west"),
    ("EAST-ST1", "东一街道办", "street", "street", "EAST", None, "east1"),
    ("WEST-ST1", "西一街道办", "street", "street", "WEST", None, "west1"),
    ("EAST-C1", "东一社区", "community", "community", "EAST-ST1", None, "east1a"),
]
REGIONS = [
    ("p", "测试省", "province", None),
    ("c", "测试市", "city", "p"),
    ("east", "东片区", "district", "c"),
    ("west", "西片区", "district", "c"),
    ("east1", "东一街道", "street", "east"),
    ("west1", "西一街道", "street", "west"),
    ("east1a", "东一社区", "community", "east1"),
]
PEOPLE = [
    # username, name shown, unit, role
    ("seat", "一号坐席", "HOT", Role.SEAT),
    ("seat2", "二号坐席", "HOT", Role.SEAT),
    ("leader", "班长", "HOT", Role.SHIFT_LEADER),
    ("dispatcher", "派单员", "HOT", Role.DISPATCHER),
    ("callback", "回访员", "HOT", Role.CALLBACK),
    ("supervisor", "督办员", "HOT", Role.SUPERVISOR),
    ("light", "照明所联络员", "LIGHT", Role.UNIT_CLERK),
    ("east_house", "东住房联络员", "EAST-HOUSE", Role.UNIT_CLERK),
    ("east_house_head", "东住房审核人", "EAST-HOUSE", Role.UNIT_REVIEWER),
    ("west_house", "西住房联络员", "WEST-HOUSE", Role.UNIT_CLERK),
    ("east", "东片区联络员", "EAST", Role.UNIT_CLERK),
    ("quality", "质检员", "HOT", Role.QUALITY),
    ("editor", "知识采编", "HOT", Role.KNOWLEDGE_EDITOR),
    ("reviewer", "知识审核", "HOT", Role.KNOWLEDGE_REVIEWER),
    ("publisher", "知识签发", "HOT", Role.KNOWLEDGE_PUBLISHER),
    ("boss", "领导", "GOV", Role.LEADER),
    ("inspector", "监察", "GOV", Role.INSPECTOR),
    ("admin", "管理员", "HOT", Role.ADMIN),
]
LIMITS = [
    ("sign", None, 4, "working_hours"),
    ("contact", None, 8, "working_hours"),
    ("handle", None, 5, "working_days"),
    ("reply_review", None, 8, "working_hours"),
    ("callback", None, 2, "working_days"),
    ("return", None, 1, "working_days"),
]
NOTICES = ["order_created", "order_dispatched", "order_signed", "order_replied", "order_closed", "order_withdrawn"]
TYPES = [
    ("complaint", "投诉", "Complaint"),
    ("consult", "咨询", "Enquiry"),
    ("help", "求助", "Help"),
    ("report", "举报", "Report"),
]


@dataclass
class City:
    """What tests reach for, by short name."""

    units: dict[str, Unit] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    items: dict[str, DutyItem] = field(default_factory=dict)
    types: dict[str, OrderType] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)

    def order(self, **changes: Any) -> WorkOrder:
        """An order in triage: a street lamp that is out, unless `changes` say otherwise."""
        wanted: dict[str, Any] = {
            "actor": citizen_actor(channel="chat"),
            "order_type": self.types["complaint"],
            "content": "中山路路灯坏了三天没人管",
            "channel": "chat",
            "place": self.places["中山路"],
            "contact": Contact(name="王小明", phone="19900000001"),
        }
        return create_order(**(wanted | changes)).order


def build_city() -> City:
    """Write the city's rows and return them by name."""
    city = City()
    for code, name, level, parent in REGIONS:
        city.regions[code] = Region.objects.create(code=code, name=name, level=level, parent=city.regions.get(parent or ""))
    calendar = WorkCalendar.objects.create(
        code="office", name="机关", is_default=True, windows={str(d): WEEKDAYS if d < 5 else [] for d in range(7)}
    )
    calendar.days.create(date="2026-05-01", kind="holiday", name="劳动节")
    calendar.days.create(date="2026-05-09", kind="make_up", name="劳动节调休")
    for code, name, level, kind, parent, line, region in UNITS:
        city.units[code] = Unit.objects.create(
            code=code,
            name=name,
            level=level,
            kind=kind,
            parent=city.units.get(parent or ""),
            line=city.units.get(line or ""),
            region=city.regions[region],
            accepts_orders=code not in ("PROV", "GOV"),
        )
    for position, (code, zh, en) in enumerate(TYPES):
        city.types[code] = OrderType.objects.create(
            code=code, name_zh=zh, name_en=en, position=position, sealed_by_default=code == "report"
        )
    category = DutyCategory.objects.create(code="01", name="城乡建设")
    law = [{"law": "城市道路照明设施管理规定", "article": "第四条"}]
    for code, name, owner, acts_at, words in [
        ("LAMP", "路灯不亮", "LIGHT", "city", ["路灯", "灯不亮"]),
        ("NOISE", "施工噪音", "HOUSE", "district", ["施工", "噪音"]),
        ("RUBBISH", "垃圾清运", "HOUSE", "street", ["垃圾"]),
    ]:
        city.items[code] = DutyItem.objects.create(
            code=code,
            name=name,
            category=category,
            order_type=city.types["complaint"],
            keywords=words,
            owner=city.units[owner],
            acts_at=acts_at,
            legal_basis=law,
            promised_limit="3 working_days" if code == "LAMP" else "",
        )
    DutyQuestion.objects.create(
        item=city.items["LAMP"], slot="how_many", kind="number", prompt_zh="坏了几盏?", prompt_en="How many lamps are out?"
    )
    for name, region in [("中山路", "east1"), ("人民路", "west1")]:
        city.places[name] = Place.objects.create(
            code=name, name=name, kind="road", region=city.regions[region], latitude=30.1, longitude=110.2, spoken=True
        )
    for username, shown, unit, role in PEOPLE:
        person = Staff(username=username, display_name=shown, unit=city.units[unit], is_staff=role == Role.ADMIN)
        person.set_unusable_password()
        person.save()
        Appointment.objects.create(staff=person, role=role, unit=city.units[unit])
        city.staff[username] = person
    for kind, urgency, value, measure in LIMITS:
        TimeLimit.objects.create(kind=kind, urgency=urgency or "", value=value, measure=measure)
    for code in NOTICES:
        texts = {"text_zh": "诉求{number}：" + code, "text_en": "Matter {number}: " + code}
        NoticeTemplate.objects.create(code=code, channel="sms", **texts)
    return city


def read_city() -> City | None:
    """The city that is in the database, or None."""
    city = City(
        units={u.code: u for u in Unit.objects.select_related("region")},
        regions={r.code: r for r in Region.objects.all()},
        items={i.code: i for i in DutyItem.objects.select_related("owner")},
        types={t.code: t for t in OrderType.objects.all()},
        places={p.name: p for p in Place.objects.select_related("region")},
        staff={s.username: s for s in Staff.objects.select_related("unit")},
    )
    return city if "HOT" in city.units and "seat" in city.staff else None
