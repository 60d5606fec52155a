"""The training data: enough of it, in Rasa's form, and really different sentences."""

import re
from collections import Counter, defaultdict

import pytest

from chatbot.nlu import training

WANTED = {
    "greet", "goodbye", "chitchat", "out_of_scope", "repeat", "anger", "affirm", "deny", "give_phone", "give_location",
    "give_time", "give_name", "consult_policy", "report_complaint", "request_help", "report_violation", "suggest", "praise", "query_ticket",
    "urge_ticket", "add_facts", "cancel_ticket", "rate_service", "ask_human", "emergency",
}  # fmt: skip


@pytest.fixture(scope="module")
def by_intent():
    found = defaultdict(list)
    for example in training.training_examples():
        found[example.intent].append(example)
    return found


def test_every_intent_of_the_domain_has_examples_and_no_other(by_intent):
    assert set(by_intent) == set(training.intents()) == WANTED


def test_each_intent_has_at_least_45_utterances(by_intent):
    few = {intent: len(examples) for intent, examples in by_intent.items() if len(examples) < 45}
    assert not few


def test_two_thirds_still_differ_once_places_numbers_and_items_are_placeholders(by_intent):
    shares = {intent: len({training.skeleton(e) for e in examples}) / len(examples) for intent, examples in by_intent.items()}
    assert {intent: round(share, 2) for intent, share in shares.items() if share < 2 / 3} == {}


def test_placeholders_really_replace(by_intent):
    example = training.Example(
        "x", "住建局昨天在人民路修了3盏路灯", "[住建局](department)[昨天](time)在[人民路](location)修了3盏路灯"
    )
    assert training.skeleton(example) == "<department><time>在<location>修了#盏<matter>"


def test_no_sentence_stands_twice():
    counts = Counter(example.text for example in training.training_examples())
    assert [text for text, count in counts.items() if count > 1] == []


def test_spoken_style_is_in_it(by_intent):
    spoken = re.compile(r"嗯|那个|就是")
    texts = [e.text for examples in by_intent.values() for e in examples]
    assert sum(bool(spoken.search(text)) for text in texts) >= 60
    assert sum(len(text) <= 6 for text in texts) >= 200


def test_holdout_is_large_enough_and_apart_from_training():
    held = training.holdout_examples()
    assert len(held) >= 120
    assert {e.intent for e in held} <= training.intents()
    assert not {e.text for e in held} & {e.text for e in training.training_examples()}


def test_entities_are_annotated():
    kinds = Counter(kind for e in training.training_examples() for kind in re.findall(r"\]\((\w+)\)", e.marked))
    assert set(kinds) == {"location", "phone", "ticket_no", "time", "department"}
    assert min(kinds.values()) >= 10


def test_no_telephone_number_could_be_anyones():
    mobiles = [m for e in training.training_examples() + training.holdout_examples() for m in re.findall(r"1[3-9]\d{9}", e.text)]
    assert mobiles
    assert all(number[3:7] == "0000" for number in mobiles)
