from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ductape.types.runs import TokenUsage
from tests.workers.wires.spoken import LANGUAGES, SIGNATURE, Called, Heard, Language, Spoken, heard
from workers.models.base import ChatChunk
from workers.models.errors import ModelError
from workers.models.wires.anthropic_answer import AnthropicAnswer

TEXT = st.text(max_size=8)
CALLS = st.builds(
    Called,
    st.uuids().map(str),
    st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
    st.dictionaries(TEXT, st.one_of(TEXT, st.integers(-9, 9), st.none(), st.lists(TEXT, max_size=2)), max_size=2),
)
SPOKEN = st.builds(
    Spoken,
    thinking=st.lists(TEXT.filter(bool), max_size=2),
    text=st.lists(TEXT.filter(bool), max_size=3),
    calls=st.lists(CALLS, max_size=2),
    finish=st.sampled_from(["stop", "length"]),
    prompt=st.integers(5, 900),
    cached=st.integers(0, 5),
    completion=st.integers(3, 900),
    reasoning=st.integers(0, 3),
).map(lambda spoken: Spoken(**{**vars(spoken), "finish": "tool_calls"}) if spoken.calls else spoken)


def streamed(language: Language, said: list[dict[str, Any]]) -> Heard:
    reader = language.reader()
    chunks: list[ChatChunk] = [chunk for event in said for chunk in reader.event(event)]
    return heard([*chunks, reader.finished()])


def whole(language: Language, said: dict[str, Any]) -> Heard:
    reader = language.reader()
    return heard([*reader.whole(said), reader.finished()])


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
@settings(max_examples=25, deadline=None)
@given(spoken=SPOKEN)
def test_stream_and_whole_answer_say_the_same(language: Language, spoken: Spoken) -> None:
    answer = streamed(language, language.events(spoken))
    assert answer == whole(language, language.whole(spoken))
    assert (answer.thinking, answer.text) == ("".join(spoken.thinking), "".join(spoken.text))
    assert answer.calls == [tuple(call) for call in spoken.calls]
    assert answer.last.finish_reason == spoken.finish
    assert answer.last.usage == TokenUsage(
        prompt_tokens=spoken.prompt,
        completion_tokens=spoken.completion,
        total_tokens=spoken.prompt + spoken.completion,
        cached_tokens=spoken.cached,
        reasoning_tokens=0 if language.provider == "cohere" else spoken.reasoning,
    )
    assert answer.last.request_id == "answer-1"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("a_new_word", "stop"),
    ],
)
def test_anthropic_finish_reasons_are_normalised(said: str, meant: str) -> None:
    language = LANGUAGES["anthropic"]
    answer = whole(language, {**language.whole(Spoken()), "stop_reason": said})
    assert answer.last.finish_reason == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "content_filter"), ("RECITATION", "content_filter")],
)
def test_google_finish_reasons_are_normalised(said: str, meant: str) -> None:
    assert whole(LANGUAGES["google"], google_ending(said)).last.finish_reason == meant


@pytest.mark.parametrize("said", ["MALFORMED_FUNCTION_CALL", "OTHER", "A_NEW_WORD"])
def test_google_never_calls_a_broken_answer_stopped(said: str) -> None:
    with pytest.raises(ModelError) as raised:
        whole(LANGUAGES["google"], google_ending(said))
    assert (raised.value.code, raised.value.retryable) == ("provider_error", True)


def google_ending(reason: str) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": reason}]}


def test_a_prompt_that_google_blocks_is_filtered_content() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    answer = streamed(LANGUAGES["google"], [blocked])
    assert (answer.text, answer.last.finish_reason, answer.last.usage.prompt_tokens) == ("", "content_filter", 4)


@pytest.mark.parametrize(("said", "meant"), [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length")])
def test_cohere_finish_reasons_are_normalised(said: str, meant: str) -> None:
    language = LANGUAGES["cohere"]
    assert whole(language, {**language.whole(Spoken()), "finish_reason": said}).last.finish_reason == meant


@pytest.mark.parametrize("said", ["ERROR", "TIMEOUT"])
def test_cohere_never_calls_a_broken_answer_stopped(said: str) -> None:
    language = LANGUAGES["cohere"]
    with pytest.raises(ModelError) as raised:
        whole(language, {**language.whole(Spoken()), "finish_reason": said})
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("provider", "error", "code", "status"),
    [
        ("anthropic", {"type": "overloaded_error"}, "service_unavailable", None),
        ("anthropic", {"type": "rate_limit_error"}, "rate_limit", None),
        ("anthropic", {"type": "authentication_error"}, "authentication_failed", None),
        ("google", {"code": 429, "status": "RESOURCE_EXHAUSTED"}, "rate_limit", 429),
        ("google", {"code": 503, "status": "UNAVAILABLE"}, "service_unavailable", 503),
    ],
)
def test_errors_in_mid_stream_have_their_meaning(
    provider: str, error: dict[str, Any], code: str, status: int | None
) -> None:
    with pytest.raises(ModelError) as raised:
        streamed(LANGUAGES[provider], [{"type": "error", "error": error}])
    assert (raised.value.code, raised.value.status_code) == (code, status)


def test_anthropic_thinking_comes_back_as_it_was_signed() -> None:
    redacted = {"type": "redacted_thinking", "data": "c2VjcmV0"}
    language = LANGUAGES["anthropic"]
    said = language.whole(Spoken())
    answer = whole(language, {**said, "content": [*said["content"], redacted]})
    thought = {"type": "thinking", "thinking": "Let me think.", "signature": SIGNATURE}
    assert answer.last.reasoning_details == (thought, redacted)


def test_google_signatures_say_which_call_they_belong_to() -> None:
    spoken = Spoken(calls=[Called("call-1", "look", {}), Called("call-2", "look", {})], finish="tool_calls")
    answer = streamed(LANGUAGES["google"], LANGUAGES["google"].events(spoken))
    signature = {"type": "google.thought_signature", "signature": SIGNATURE, "tool_call_id": "call-1"}
    assert answer.last.reasoning_details == (signature,)


def test_google_calls_without_an_id_get_one_each() -> None:
    call = {"functionCall": {"name": "look", "args": {}}}
    said = {"candidates": [{"content": {"parts": [call, call]}, "finishReason": "STOP"}]}
    answer = whole(LANGUAGES["google"], said)
    assert len({id for id, _, _ in answer.calls if id.startswith("call_")}) == 2
    assert answer.last.finish_reason == "tool_calls"


def test_cohere_plans_are_thinking_that_goes_back() -> None:
    said = LANGUAGES["cohere"].whole(Spoken(thinking=[]))
    said["message"]["tool_plan"] = "I will look."
    answer = whole(LANGUAGES["cohere"], said)
    assert answer.thinking == "I will look."
    assert answer.last.reasoning_details == ({"type": "cohere.tool_plan", "tool_plan": "I will look."},)


def test_a_schema_tool_of_anthropic_is_the_answer() -> None:
    reader = AnthropicAnswer("json_tool_call")
    spoken = Spoken(text=[], calls=[Called("1", "json_tool_call", {"a": 1})], finish="tool_calls")
    chunks = [chunk for event in LANGUAGES["anthropic"].events(spoken) for chunk in reader.event(event)]
    answer = heard([*chunks, reader.finished()])
    assert (answer.text, answer.calls, answer.last.finish_reason) == ('{"a": 1}', [], "stop")


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
@pytest.mark.parametrize("count", [-99999999, 10**30, "7", None, 0.5e300])
def test_a_senseless_usage_counts_nothing(language: Language, count: Any) -> None:
    assert whole(language, replaced(language.whole(Spoken()), count)).last.usage == TokenUsage()


def replaced(said: Any, count: Any) -> Any:
    if isinstance(said, dict):
        return {
            name: count
            if name.lower().endswith(("tokens", "tokencount")) and not isinstance(value, dict)
            else replaced(value, count)
            for name, value in said.items()
        }
    return [replaced(item, count) for item in said] if isinstance(said, list) else said
