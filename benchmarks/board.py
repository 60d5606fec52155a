"""Messages as a city's board gets them, composed for measuring: seven unbalanced fields, long, messy, some labels wrong.

Each message is about one matter (a duty item, an article of the knowledge base, or a service item) and says it in fragments,
between greetings, complaints about whom one has called, and words of other matters. Matters of the test are partly unknown
to the training. How much is said where was set so that a plain support vector machine does about as well as on real boards.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random

import yaml

FIELDS = ["城乡建设", "环境保护", "交通运输", "教育文体", "劳动和社会保障", "商贸旅游", "卫生健康"]
SHARES = [0.22, 0.10, 0.07, 0.17, 0.21, 0.13, 0.10]
TAKEN_FOR = [1, 0, 0, 4, 3, 6, 4]  # the field a wrong label names
ITEM_FIELDS = {
    "01": 0, "02": 0, "03": 0, "04": 0, "07": 1, "13": 1, "05": 2, "0601": 2, "11": 3, "14": 3, "09": 4, "12": 4, "08": 5, "10": 6,
}  # fmt: skip
ARTICLE_FIELDS = {
    "城市管理": 0, "住房和公积金": 0, "公共事业": 0, "环境保护": 1, "交通运输": 2, "教育": 3, "劳动和社会保障": 4, "民政": 4,
    "市场监管消费": 5, "税务": 5, "医疗卫生": 6,
}  # fmt: skip
DEPARTMENT_FIELDS = {
    "住房和城乡建设": 0, "规划": 0, "自然资源": 0, "水利": 0, "生态环境": 1, "林业": 1, "交通": 2, "海事": 2, "教育": 3, "文化和旅游": 3,
    "体育": 3, "人力资源": 4, "民政": 4, "残疾": 4, "市场监督": 5, "商务": 5, "税务": 5, "卫生健康": 6, "药品": 6, "医": 6,
}  # fmt: skip
_GREETINGS = (
    "您好 尊敬的领导 领导您好 请问一下 我是本市居民 我从外地来 我在这里住了很多年 我们小区的住户 想反映一个情况 请教一件事"
)
_AROUND = """
打了好多次电话没人接 热线也打过没结果 几个部门互相推 一直没解决 拖了三个多月 从去年就开始 今年春天以来 每天夜里 这半个月 对生活影响太大
老人孩子受不了 希望政府重视 请尽快处理 请给个答复 盼早日解决 望回复 谢谢 为什么没人管 这样合理吗 到底归谁管 老百姓怎么办 说是上面的规定
工作人员态度不好 去窗口问过 让我回去等通知 到现在没有答复 实在没办法才写信 请核实 要一个明确说法 村里人都知道 邻居意见很大 几十户人家 门口那条街
学校旁边 菜场对面 医院后面 工地附近 公司楼下 单位不管 老板说没钱 孩子还小 老人年纪大了 身体不好 家里困难 钱都交了 合同写得清楚 开发商答应过
物业说不归他们 社区来看过 居委会让找街道 街道让找区里 区里说不是他们的事 有没有文件 政策怎么规定 是不是违法 在哪里查 希望公开 影响市容 有安全隐患
出了事谁负责 以前也发生过 报纸登过 检查时就停 人一走又开始 罚款没用 可以电话联系我 不想公开姓名 请替我保密 有照片 现场照片在附件 望严肃查处
建议加强管理 建议统一规划 希望一视同仁 别的区都解决了 什么时候能落实 有没有时间表 按国家政策 打扰了 祝工作顺利
"""
GREETINGS, AROUND = _GREETINGS.split(), _AROUND.split()
LENGTH_MEDIAN = 220
LENGTH_SPREAD = 0.75
OWN, OWN_EARLY, SAME_FIELD, ANY_FIELD = 0.22, 0.45, 0.12, 0.14
EARLY_CHARS = 45
UNKNOWN_MATTERS = 0.4
WRONG_LABELS = 0.04
LOST_CHARS = 0.01


@dataclass(frozen=True, slots=True)
class Matter:
    """What a message can be about: short names for it, and sentences."""

    field: int
    names: list[str]
    sentences: list[str]


def _clauses(text: object) -> list[str]:
    joined = re.sub(r"\s+", "", str(text or ""))
    return [c for c in re.split(r"[，。；：？！（）()]", joined) if 4 <= len(c) <= 45]


def matters(city: Path, service_items: Path | None) -> list[Matter]:
    """Matters of the city's duty list and articles, and of a file of service items (one JSON object a line), if given."""
    found = []
    for item in yaml.safe_load((city / "duty_items.yml").read_text(encoding="utf-8")):
        field = ITEM_FIELDS.get(item["category"], ITEM_FIELDS.get(item["category"][:2]))
        if field is not None:
            found.append(Matter(field, [item["name"], *item["keywords"]], []))
    for path in sorted((city / "articles").glob("*.yml")):
        for article in yaml.safe_load(path.read_text(encoding="utf-8")):
            if (field := ARTICLE_FIELDS.get(article["category"])) is not None:
                texts = [article["answer"], article["body"], *(fact["text"] for fact in article["facts"])]
                sentences = [*article["questions"], *(c for text in texts for c in _clauses(text))]
                found.append(Matter(field, [article["title"], *(article.get("keywords") or [])], sentences))
    if service_items is not None:
        found += _service_matters(service_items)
    return found


def _service_matters(path: Path) -> list[Matter]:
    found: dict[str, Matter] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        field = next((n for word, n in DEPARTMENT_FIELDS.items() if word in (row["DEPT_NAME"] or "")), None)
        if field is not None and row["CATANAME"] not in found:
            materials = [m for m in (row["material_intro"] or []) if isinstance(m, str) and 4 <= len(m) <= 40][:5]
            found[row["CATANAME"]] = Matter(field, [row["CATANAME"]], [*_clauses(row["accept_standard"])[:12], *materials])
    return list(found.values())


def compose(known: list[Matter], train: int, test: int, *, seed: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Training and test messages as pairs of text and field."""
    rng = Random(seed)
    fields = [[m for m in known if m.field == n] for n in range(len(FIELDS))]
    for field in fields:
        rng.shuffle(field)
    learned = [field[: math.ceil(len(field) * (1 - UNKNOWN_MATTERS))] for field in fields]
    return [_labelled(rng, learned) for _ in range(train)], [_labelled(rng, fields) for _ in range(test)]


def _labelled(rng: Random, fields: list[list[Matter]]) -> tuple[str, str]:
    n = rng.choices(range(len(fields)), SHARES)[0]
    common = min(len(fields[n]), int(rng.paretovariate(0.7))) - 1
    matter = fields[n][common] if rng.random() < 0.5 else rng.choice(fields[n])
    label = n if rng.random() > WRONG_LABELS else TAKEN_FOR[n]
    return _message(rng, matter, fields), FIELDS[label]


def _message(rng: Random, matter: Matter, fields: list[list[Matter]]) -> str:
    length = max(25, min(2500, int(rng.lognormvariate(math.log(LENGTH_MEDIAN), LENGTH_SPREAD))))
    parts: list[str] = []
    written = 0
    while written < length:
        own, draw = (OWN if written > EARLY_CHARS else OWN_EARLY), rng.random()
        if not parts and rng.random() < 0.5:
            said = rng.choice(GREETINGS)
        elif draw < own:
            said = _fragment(rng, matter)
        elif draw < own + SAME_FIELD:
            said = _fragment(rng, rng.choice(fields[matter.field]))
        elif draw < own + SAME_FIELD + ANY_FIELD:
            said = _fragment(rng, rng.choice(rng.choice(fields)))
        else:
            said = rng.choice(AROUND)
        parts.append(said + rng.choice("，，，。。！"))
        written += len(parts[-1])
    return "".join(c for c in "".join(parts) if rng.random() > LOST_CHARS)


def _fragment(rng: Random, matter: Matter) -> str:
    said = rng.choice(matter.names if not matter.sentences or rng.random() < 0.45 else matter.sentences)
    if len(said) > 8 and rng.random() < 0.35:
        at = rng.randrange(len(said) - 4)
        said = said[at:] if rng.random() < 0.5 else said[: at + 4]
    return said
