"""Past orders from tables: mapped, checked, loaded once, gone on with after a kill, and verified."""

from __future__ import annotations

import csv
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from tests.cast import City
from ticketing.citizens.models import Citizen
from ticketing.exchange.models import ImportRun
from ticketing.orders import bulk, history, importing
from ticketing.orders.import_map import BadMap, guess_map, read_map
from ticketing.orders.models import OrderEvent, WorkOrder

HEADS = [
    "工单编号",
    "受理时间",
    "诉求类型",
    "诉求内容",
    "来源渠道",
    "事项",
    "承办单位",
    "工单状态",
    "派单时间",
    "答复时间",
    "答复内容",
]
HEADS += ["办结时间", "满意度", "姓名", "联系电话", "事发地址"]
MAP = """
source: 旧系统
columns: {number: 工单编号, created_at: 受理时间, order_type: 诉求类型, content: 诉求内容, channel: 来源渠道, duty_item: 事项,
  unit: 承办单位, state: 工单状态, dispatched_at: 派单时间, replied_at: 答复时间, reply: 答复内容, closed_at: 办结时间,
  satisfaction: 满意度, name: 姓名, phone: 联系电话, place: 事发地址}
values:
  order_type: {投诉举报: complaint}
  state: {办完了: closed}
"""


def line(number: str, **changes: Any) -> list[Any]:
    values = dict(
        zip(
            HEADS,
            [
                number,
                "2025/03/03 09:00:00",
                "投诉举报",
                f"{number}路灯不亮，电话19900000001",
                "电话",
                "路灯不亮",
                "测试市照明管理所",
                "办完了",
                "2025/03/03 09:30:00",
                "2025/03/04 10:00:00",
                "已修复",
                "2025/03/05 11:00:00",
                "满意",
                "王某",
                "199-0000-0001",
                "中山路",
            ],
            strict=True,
        )
    )
    return list((values | changes).values())


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def run_it(tmp_path: Path) -> Any:
    """Write rows and a mapping, run the command, give its lines."""

    def go(
        rows: list[list[Any]], *, mapping: str = MAP, encoding: str = "gb18030", name: str = "old.csv", **options: Any
    ) -> list[str]:
        path, out = tmp_path / name, StringIO()
        if name.endswith(".xlsx"):
            book = Workbook()
            for row in [HEADS, *rows]:
                book.active.append(row)
            book.save(path)
        else:
            with path.open("w", encoding=encoding, newline="") as file:
                csv.writer(file).writerows([HEADS, *rows])
        (tmp_path / "map.yml").write_text(mapping, encoding="utf-8")
        call_command("import_orders", str(path), map=str(tmp_path / "map.yml"), stdout=out, **options)
        return out.getvalue().splitlines()

    return go


def test_orders_come_in_with_their_past_and_history_holds(city: City, run_it: Any) -> None:
    rows = [
        line("A1"),
        line("A2", 工单状态="办理中", 办结时间="", 答复时间="", 满意度=""),
        line("A3", 工单状态="直接办结", 承办单位="", 派单时间="", 答复时间="", 满意度=""),
        line("A4", 满意度="不满意", 联系电话="", 姓名=""),
        line("A5", 工单状态="待派单", 派单时间="", 答复时间="", 办结时间=""),
    ]
    assert run_it(rows)[-1] == "5 rows: 5 new, 0 known already, 0 rejected."
    orders = {order.content[:2]: order for order in WorkOrder.objects.select_related("unit", "citizen")}
    assert [orders[f"A{n}"].state for n in range(1, 6)] == ["closed", "processing", "closed_direct", "closed", "triage"]
    first = orders["A1"]
    assert (first.unit, first.duty_item, first.origin) == (city.units["LIGHT"], city.items["LAMP"], "import")
    assert (first.ratings.get().score, first.replies.get().public_text) == (4, "已修复")
    assert first.place == city.places["中山路"] and "19900000001" not in first.content
    assert first.citizen == orders["A2"].citizen and orders["A4"].citizen is None
    assert Citizen.objects.count() == 1
    assert list(history.verify()) == []
    call_command("verify_history", stdout=StringIO())


def test_twice_imports_nothing_new(city: City, run_it: Any) -> None:
    run_it([line("A1"), line("A2")])
    events = OrderEvent.objects.count()
    assert run_it([line("A1"), line("A2")])[-1] == "2 rows: 0 new, 2 known already, 0 rejected."
    assert run_it([line("A2"), line("A3")])[-1] == "2 rows: 1 new, 1 known already, 0 rejected."
    assert (WorkOrder.objects.count(), OrderEvent.objects.filter(order__content__startswith="A1").count()) == (3, events // 2)


def test_every_fault_is_named_by_row_and_the_rest_comes_in(city: City, run_it: Any, tmp_path: Path) -> None:
    rows = [
        line("A1"),
        line("", 诉求内容=""),
        line("A3", 受理时间="昨天"),
        line("A4", 受理时间="2099-01-01"),
        line("A5", 答复时间="2025/03/01 00:00:00"),
        line("A6", 诉求类型="闲聊", 承办单位="没有的局"),
        line("A7", 联系电话="不详"),
        line("A1"),
        line("A9", 承办单位=""),
        line("A10", 满意度="=cmd()"),
    ]
    assert run_it(rows)[-1] == "10 rows: 1 new, 0 known already, 9 rejected."
    with (tmp_path / "old.csv.errors.csv").open(encoding="utf-8-sig") as file:
        faults = list(csv.reader(file))[1:]
    assert [int(fault[0]) for fault in faults] == [3, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11]
    assert faults[-1][2] == "'=cmd()"


def test_a_dry_run_writes_nothing_and_tells_all(city: City, run_it: Any) -> None:
    lines = run_it([line("A1"), line("A2", 工单状态="搁着"), line("A3", 工单状态="搁着")], dry_run=True)
    assert lines[-1] == "Dry run, nothing written: 3 rows: 1 would be new, 0 known already, 2 rejected."
    assert any("搁着" in text and "2 rows" in text for text in lines)
    assert not (WorkOrder.objects.exists() or ImportRun.objects.exists() or Citizen.objects.exists())


class Killed(BaseException):
    """The process dies here."""


def test_a_killed_import_goes_on_where_it_was(city: City, run_it: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    rows = [line(f"A{n}") for n in range(7)] + [line("A1")]
    calls, load = [], bulk.load_orders

    def dying(orders: Any) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return load(orders)

    monkeypatch.setattr(bulk, "load_orders", dying)
    with pytest.raises(Killed):
        run_it(rows)
    run = ImportRun.objects.get()
    assert (run.done, run.created, WorkOrder.objects.count()) == (4, 4, 4)
    lines = run_it(rows, resume=True)
    assert any("after row 4" in text for text in lines)
    assert lines[-1] == "8 rows: 7 new, 0 known already, 1 rejected."
    assert list(history.verify()) == []
    with pytest.raises(CommandError):
        run_it(rows, resume=True)


def test_excel_brings_real_dates_and_numbers(city: City, run_it: Any) -> None:
    rows = [line(20250001.0, 受理时间=datetime(2025, 3, 3, 9, 0), 联系电话=19900000001)]  # type: ignore[arg-type]
    assert run_it(rows, name="old.xlsx")[-1].startswith("1 rows: 1 new")
    assert WorkOrder.objects.get().idempotency_key.endswith(":20250001")


@pytest.mark.parametrize(
    "mapping",
    [
        "",
        "just words",
        "columns: {number: 工单编号}",
        "columns: {nonsense: 甲, number: 工单编号, created_at: 受理时间, content: 诉求内容}",
        "columns: {number: 没有这列, created_at: 受理时间, content: 诉求内容}",
        "columns: [1]",
        "surprise: 1",
        "{",
        MAP + "\nheading_row: 0",
        MAP.replace("values:", "values: 3\nx:"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(city: City, run_it: Any, mapping: str) -> None:
    with pytest.raises(CommandError):
        run_it([line("A1")], mapping=mapping)
    assert not WorkOrder.objects.exists()


def test_a_mapping_can_be_guessed_from_the_headings(city: City, run_it: Any) -> None:
    guessed = read_map(guess_map(HEADS))
    assert guessed.columns["number"] == "工单编号" and guessed.columns["place"] == "事发地址"
    assert run_it([line("A1", 诉求类型="投诉", 工单状态="已办结")], mapping=guess_map(HEADS))[-1].startswith("1 rows: 1 new")
    with pytest.raises(BadMap):
        read_map("a" * 200_000)


def test_two_do_not_import_one_file_at_a_time(city: City, run_it: Any) -> None:
    run_it([line("A1")])
    run = ImportRun.objects.get()
    with importing._alone(run), pytest.raises(CommandError):
        run_it([line("A1")])


def test_missing_files_and_mappings_are_named(city: City, tmp_path: Path) -> None:
    for options in ({"map": None}, {"map": str(tmp_path / "none.yml")}):
        (tmp_path / "a.csv").write_text("a\n1\n")
        with pytest.raises(CommandError):
            call_command("import_orders", str(tmp_path / "a.csv"), **options)
    with pytest.raises(CommandError):
        call_command("import_orders", str(tmp_path / "none.csv"), map="x")
