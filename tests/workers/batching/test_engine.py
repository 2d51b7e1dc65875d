from __future__ import annotations

import time
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.workers.calls import PARIS, SPEC, STORY, ask, call, within
from workers.models.base import ChatChunk
from workers.models.errors import ModelError, ModelTimeoutError
from workers.models.factory import load_engine
from workers.models.local import LocalEngine

PROMPTS = [PARIS, "Name three colours.", "Say hello.", f"Summarise this: {'The sea is blue. ' * 15}", "What is 2 + 2?"]


def text_of(engine: LocalEngine, prompt: str, **settings: JsonValue) -> str:
    answer = ask(engine, call(prompt, **settings))
    answer.end()
    return answer.text


def test_the_model_knows_the_capital_of_france(engine: LocalEngine) -> None:
    answer = ask(engine, call(PARIS))
    finished = answer.end()
    assert answer.text == "The capital of France is Paris."
    assert finished.finish_reason == "stop"
    assert finished.usage.total_tokens == finished.usage.prompt_tokens + finished.usage.completion_tokens


def test_requests_at_once_answer_as_they_do_alone(engine: LocalEngine) -> None:
    alone = [text_of(engine, prompt, max_tokens=12) for prompt in PROMPTS]
    answers = [ask(engine, call(prompt, max_tokens=12)) for prompt in PROMPTS * 3]
    for answer in answers:
        answer.end()
    assert [answer.text for answer in answers] == alone * 3


def test_a_request_that_joins_later_changes_neither_answer(engine: LocalEngine) -> None:
    alone = [text_of(engine, prompt, max_tokens=24) for prompt in (STORY, PARIS)]
    story = ask(engine, call(STORY, max_tokens=24))
    story.first()
    paris = ask(engine, call(PARIS, max_tokens=24))
    assert paris.end().usage.completion_tokens < story.end().usage.completion_tokens
    assert [story.text, paris.text] == alone


def test_a_seed_repeats_in_company(engine: LocalEngine) -> None:
    settings: dict[str, JsonValue] = {"temperature": 1, "top_p": 0.9, "seed": 3, "max_tokens": 16}
    alone = text_of(engine, STORY, **settings)
    others = [ask(engine, call(STORY, temperature=1, max_tokens=16)) for _ in range(3)]
    assert text_of(engine, STORY, **settings) == alone
    for other in others:
        other.end()
        assert other.text != alone


def test_the_stop_sequence_is_not_part_of_the_answer(engine: LocalEngine) -> None:
    answer = ask(engine, call(PARIS, stop_sequences=[" France is"]))
    assert answer.end().finish_reason == "stop"
    assert answer.text == "The capital of"


def test_max_tokens_ends_the_answer(engine: LocalEngine) -> None:
    finished = ask(engine, call(STORY, max_tokens=5)).end()
    assert finished.finish_reason == "length"
    assert finished.usage.completion_tokens == 5


def test_a_penalty_changes_a_repetitive_answer(engine: LocalEngine) -> None:
    settings: dict[str, JsonValue] = {"max_tokens": 40}
    assert text_of(engine, STORY, **settings, frequency_penalty=2) != text_of(engine, STORY, **settings)


def test_a_cancelled_request_ends_at_once(engine: LocalEngine) -> None:
    story = call(STORY)
    answer = ask(engine, story)
    answer.first()
    start = time.monotonic()
    engine.cancel(story.call_id)
    finished = answer.end()
    assert finished.finish_reason == "cancelled"
    assert time.monotonic() - start < 2


def test_an_unknown_call_is_cancelled_without_harm(engine: LocalEngine) -> None:
    engine.cancel("unknown")
    assert "Paris" in text_of(engine, PARIS)


def test_the_deadline_ends_the_request(engine: LocalEngine) -> None:
    answer = ask(engine, within(1, call(STORY)))
    start = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        answer.end()
    assert time.monotonic() - start < 3


def test_a_prompt_longer_than_the_context_is_refused_with_numbers(engine: LocalEngine) -> None:
    with pytest.raises(ModelError, match=r"the prompt has \d{5} tokens, but the context .* holds 8192") as caught:
        ask(engine, call("sea " * 10_000))
    assert caught.value.code == "context_length_exceeded"


def test_max_tokens_beyond_the_context_is_refused_with_numbers(engine: LocalEngine) -> None:
    with pytest.raises(ModelError, match=r"max_tokens asks for 8192, but .* lower max_tokens"):
        ask(engine, call(PARIS, max_tokens=8192))


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"temperature": 3}, "invalid_settings", "temperature"),
        ({"temprature": 1}, "invalid_settings", "temprature"),
        ({"thinking_budget": 10}, "unsupported_setting", "thinking_budget"),
        ({"reasoning_effort": "low"}, "unsupported_setting", "reasoning_effort"),
        ({"parameters": {"min_p": 0.1}}, "unsupported_parameter", "min_p"),
        ({"parameters": {"top_k": 0}}, "invalid_settings", "parameters.top_k"),
        ({"response_format": {"type": "xml"}}, "invalid_settings", "response_format"),
    ],
)
def test_a_setting_is_applied_or_refused_by_name(
    engine: LocalEngine, settings: dict[str, JsonValue], code: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        ask(engine, call(PARIS, **settings))
    assert caught.value.code == code


def test_messages_that_the_chat_template_cannot_take_are_refused(engine: LocalEngine) -> None:
    broken = call(PARIS)
    broken.messages[:] = [{"content": "no role"}]
    with pytest.raises(ModelError) as caught:
        ask(engine, broken)
    assert caught.value.code == "invalid_messages"


def test_a_request_that_breaks_leaves_the_others_alone(engine: LocalEngine) -> None:
    def burst(_: ChatChunk | ModelError) -> None:
        raise RuntimeError("a listener that fails")

    paris = ask(engine, call(PARIS))
    paris.first()
    engine.submit(call(STORY, max_tokens=8), burst)
    paris.end()
    assert paris.text == "The capital of France is Paris."


def test_more_requests_than_rows_wait_and_are_all_answered(engine: LocalEngine) -> None:
    answers = [ask(engine, call("Say hello.", max_tokens=2)) for _ in range(40)]
    assert [answer.end().usage.completion_tokens for answer in answers] == [2] * 40


def test_a_long_prompt_does_not_hold_up_the_others(engine: LocalEngine) -> None:
    story = ask(engine, call(STORY, max_tokens=16))
    story.first()
    before = story.chunks.qsize()
    ask(engine, call(f"{'The sea is blue. ' * 300} What colour is the sea?", max_tokens=1)).end()
    assert story.chunks.qsize() - before >= 3
    story.end()


def test_closing_fails_the_requests_still_running(models_dir: Path) -> None:
    engine = load_engine(SPEC, models_dir)
    answer = ask(engine, call(STORY))
    answer.first()
    engine.close()
    with pytest.raises(ModelError) as caught:
        answer.end()
    assert caught.value.code == "host_stopping"
    assert caught.value.retryable
