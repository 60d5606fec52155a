"""Short made-up messages of three kinds, easy to tell apart, for tests of the text model."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

WORDS = {
    "噪声": ["工地夜里施工", "广场舞音响太响", "邻居装修电钻", "夜市吵到半夜", "空调外机轰鸣"],
    "供水": ["水管爆了", "自来水发黄", "家里停水", "水表读数不对", "水压太低"],
    "公交": ["公交车不停站", "班车等了一小时", "司机提前关门", "末班车太早", "刷卡机坏了"],
}
AROUND = ["您好", "我住在中山路", "已经三天了", "希望尽快处理", "打过电话没人管", "谢谢", "老人孩子都受不了", "请回复"]


def messages(count: int, *, seed: int = 1) -> list[tuple[str, str]]:
    """`count` pairs of text and label; the labels take turns."""
    rng, kinds = Random(seed), sorted(WORDS)
    rows = []
    for n in range(count):
        label = kinds[n % len(kinds)]
        said = rng.sample(AROUND, rng.randint(1, 6))
        said.insert(rng.randint(0, 1), rng.choice(WORDS[label]))
        rows.append(("，".join(said) + f"。{n}", label))
    return rows


def write_csv(
    path: Path, rows: list[tuple[str, ...]], heading: tuple[str, ...] = ("text", "label"), *, bom: bool = False
) -> Path:
    """Write a table as others would hand it in."""
    with path.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
    return path
