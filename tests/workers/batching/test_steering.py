from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ductape.types.entities import LocalSettings
from tests.workers.calls import call, collect
from tests.workers.tiny import built
from tests.workers.tiny.think import SEA
from workers.models.base import TextDelta, ThinkingDelta
from workers.models.batching.sampling import Sampler, SamplingSettings
from workers.models.batching.steering import Steering
from workers.models.batching.text import StopFilter
from workers.models.factory import load_engine
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import LocalEngine
from workers.models.local_answer import LocalAnswer
from workers.models.responses import HarmonizedResponse, gather
from workers.models.thinking import KNOWN_TAGS, Start, ThinkingSplitter

LOGITS = torch.zeros(256)


def steered(wish: str, budget: int | None, start: Start = "answer") -> tuple[str, str, int]:
    """What comes of a model that wants to say `wish`, a byte a token, so that tags are of many tokens."""
    answer = LocalAnswer(StopFilter([]), ThinkingSplitter(KNOWN_TAGS[0], start))
    sampler = Sampler(SamplingSettings(temperature=0))
    steering = Steering(
        sampler, answer, encode=lambda text: list(text.encode()), end_tokens=[0], thinking_budget=budget
    )
    wanted = iter(wish.encode())
    said = []
    likeliest = next(wanted, None)
    while likeliest is not None:
        token = steering.choose(likeliest, LOGITS)
        said += steering.said(token, chr(token))
        if token == likeliest:
            likeliest = next(wanted, None)
    said += answer.finish()
    thinking = "".join(delta.text for delta in said if isinstance(delta, ThinkingDelta))
    return thinking, "".join(delta.text for delta in said if isinstance(delta, TextDelta)), steering.thought


def test_a_closing_tag_of_many_tokens_comes_when_the_budget_is_spent() -> None:
    assert steered("<think>abcdefgh", 3) == ("abc", "defgh", 3)


def test_a_prompt_that_opened_the_thinking_counts_from_the_start() -> None:
    assert steered("abcd", 2, "thinking") == ("ab", "cd", 2)
    assert steered("abcd", 0, "thinking") == ("", "abcd", 0)


def test_a_tag_that_the_model_has_begun_is_finished_and_not_begun_anew() -> None:
    assert steered("<think>ab</tXY", 5) == ("ab", "XY", 5)


def test_blocks_share_one_budget() -> None:
    # A closing tag of eight tokens counts until it is whole.
    assert steered("<think>ab</think>x<think>cdef", 2 + 7 + 3)[:2] == ("ab\ncde", "xf")


@given(st.text("xyz", max_size=12), st.integers(0, 14))
@settings(max_examples=40)
def test_no_thinking_is_longer_than_its_budget(wish: str, budget: int) -> None:
    thinking, _, thought = steered(f"<think>{wish}", budget)
    assert thought <= budget
    assert len(thinking) <= budget


@pytest.fixture(scope="module")
def opened(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    """The tiny model with a chat template that opens the thinking."""
    folder = tmp_path_factory.mktemp("models") / "opened"
    shutil.copytree(models_folder / built("think", models_folder), folder)
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("assistant\n{% endif %}", "assistant\n<think>{% endif %}"))
    engine = load_engine(ModelSpec(name="opened", local=LocalSettings()), folder.parent)
    yield engine
    engine.close()


def ask(engine: LocalEngine, text: str, **settings: object) -> HarmonizedResponse:
    question = call(text)
    question.settings.update(json.loads(json.dumps(settings)))
    return gather(collect(engine, question), provider="local", model_name="opened", seconds=0)


@pytest.mark.parametrize("budget", [None, 0, 2, 5])
def test_a_template_that_opens_the_thinking_keeps_to_the_budget(opened: LocalEngine, budget: int | None) -> None:
    response = ask(opened, "Think of the sea.", thinking_budget=budget)
    words = SEA.split()
    assert (response.thinking or "") == " ".join(words if budget is None else words[:budget])
    assert response.content == "The sea is blue."


def test_json_waits_for_the_end_of_thinking_that_the_template_opened(opened: LocalEngine) -> None:
    response = ask(opened, "What is 3 plus 4?", response_format={"type": "json_object"}, max_tokens=120)
    assert response.thinking == "3 plus 4 is 7"
    assert response.metadata.finish_reason == "length" or isinstance(json.loads(response.content), dict)
