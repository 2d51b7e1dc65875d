"""What every backend does alike. A backend is a row of `BACKENDS`: what to load, and what its tiny model can do."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from PIL import Image
from pydantic import JsonValue

from ductape.types.entities import LocalSettings
from tests.workers.calls import call, collect
from tests.workers.tiny import built
from tests.workers.tiny.llava import BOTH, COLOURS, ONE
from tests.workers.tiny.think import NUMBERS, SEA, WEATHER, asked_and_told
from workers.models.base import ChatCall, ChatChunk, Finished, TextDelta, ThinkingDelta
from workers.models.errors import ModelError, ModelTimeoutError, ModelTokenLimitError
from workers.models.factory import load_engine
from workers.models.hosted_protocol import ModelSpec
from workers.models.local import LocalEngine
from workers.models.responses import HarmonizedResponse, gather


@dataclass(frozen=True)
class Backend:
    recipe: str
    local: LocalSettings
    prompt: str
    """A question."""
    answer: str
    """The whole answer to it."""
    middle: str
    """Something that stands in the answer once."""


BACKENDS = {
    "huggingface llm": Backend("think", LocalSettings(), "Count.", NUMBERS, " seven"),
    "huggingface vlm": Backend(
        "llava", LocalSettings(model_class="vlm"), "hello", "hello to you ! i am a small model .", " i am"
    ),
}
THINKS = ["huggingface llm"]
SEES = ["huggingface vlm"]


@dataclass(frozen=True)
class Loaded:
    backend: Backend
    engine: LocalEngine

    def ask(self, call: ChatCall) -> HarmonizedResponse:
        return gather(collect(self.engine, call), provider="local", model_name="tiny", seconds=0)

    def question(self, **settings: JsonValue) -> ChatCall:
        return call(self.backend.prompt, **settings)


@pytest.fixture(scope="session")
def loaded(models_folder: Path) -> Iterator[dict[str, Loaded]]:
    engines: dict[str, Loaded] = {}
    with ThreadPoolExecutor() as threads:
        folders = list(threads.map(lambda backend: built(backend.recipe, models_folder), BACKENDS.values()))
    for (name, backend), folder in zip(BACKENDS.items(), folders, strict=True):
        spec = ModelSpec(name=folder, local=backend.local)
        engines[name] = Loaded(backend, load_engine(spec, models_folder))
    yield engines
    for each in engines.values():
        each.engine.close()


@pytest.fixture(params=BACKENDS)
def model(request: pytest.FixtureRequest, loaded: dict[str, Loaded]) -> Loaded:
    return loaded[request.param]


@pytest.fixture(params=THINKS)
def thinker(request: pytest.FixtureRequest, loaded: dict[str, Loaded]) -> Loaded:
    return loaded[request.param]


@pytest.fixture(params=SEES)
def seer(request: pytest.FixtureRequest, loaded: dict[str, Loaded]) -> Loaded:
    return loaded[request.param]


def test_it_answers_and_counts(model: Loaded) -> None:
    response = model.ask(model.question())
    assert response.content == model.backend.answer
    assert response.metadata.finish_reason == "stop"
    assert response.usage.total_tokens == response.usage.prompt_tokens + response.usage.completion_tokens
    assert response.usage.reasoning_tokens == 0


def test_the_answer_comes_in_pieces_and_ends_once(model: Loaded) -> None:
    *pieces, last = collect(model.engine, model.question())
    assert isinstance(last, Finished)
    assert len(pieces) > 4
    assert all(isinstance(piece, TextDelta) and piece.text for piece in pieces)


def test_a_stop_sequence_is_not_part_of_the_answer(model: Loaded) -> None:
    response = model.ask(model.question(stop_sequences=["nowhere", model.backend.middle]))
    assert response.content == model.backend.answer.partition(model.backend.middle)[0]
    assert response.metadata.finish_reason == "stop"


def test_max_tokens_ends_the_answer(model: Loaded) -> None:
    response = model.ask(model.question(max_tokens=3))
    assert (response.metadata.finish_reason, response.usage.completion_tokens) == ("length", 3)


def test_a_seed_repeats(model: Loaded) -> None:
    wild: dict[str, JsonValue] = {"temperature": 2, "max_tokens": 20}
    first, same = (model.ask(model.question(**wild, seed=5)).content for _ in range(2))
    assert first == same != model.ask(model.question(**wild, seed=6)).content


def test_top_k_leaves_the_unlikely_out(model: Loaded) -> None:
    assert model.ask(model.question(temperature=2, parameters={"top_k": 1})).content == model.backend.answer


def test_a_cancelled_call_says_so(model: Loaded) -> None:
    endless = model.question(response_format=schema({"type": "array", "items": {"type": "boolean"}, "minItems": 999}))
    chunks: SimpleQueue[ChatChunk | ModelError] = SimpleQueue()

    def give_up(chunk: ChatChunk | ModelError) -> None:
        model.engine.cancel(endless.call_id)
        chunks.put(chunk)

    model.engine.submit(endless, give_up)
    while not isinstance(chunk := chunks.get(timeout=20), Finished):
        assert isinstance(chunk, TextDelta)
    assert chunk.finish_reason == "cancelled"


def test_the_deadline_is_an_error(model: Loaded) -> None:
    with pytest.raises(ModelTimeoutError):
        model.ask(replace(model.question(), deadline=0))


def test_a_prompt_beyond_the_context_is_refused_with_its_limit(model: Loaded) -> None:
    with pytest.raises(ModelTokenLimitError) as caught:
        model.ask(call("hello " * 2000))
    assert caught.value.limit in {256, 512}


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"reasoning_effort": "low"}, "unsupported_setting"),
        ({"parameters": {"min_p": 0.1}}, "unsupported_parameter"),
        ({"parameters": {"top_k": 0}}, "invalid_settings"),
        ({"temperature": 3}, "invalid_settings"),
        ({"response_format": {"type": "xml"}}, "invalid_settings"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"not": {}}}}}, "unsupported_schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": 1}}}}, "unsupported_schema"),
    ],
)
def test_a_setting_is_applied_or_refused(model: Loaded, settings: dict[str, JsonValue], code: str) -> None:
    with pytest.raises(ModelError) as caught:
        model.ask(model.question(**settings))
    assert caught.value.code == code


def schema(of: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": of}}


CARD: dict[str, JsonValue] = {
    "type": "object",
    "properties": {
        "city": {"enum": ["Paris", "Rome", 'Zürich </think> "x"']},
        "numbers": {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3},
    },
    "required": ["city", "numbers"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("temperature", [0, 1, 2])
def test_an_answer_keeps_to_its_schema(model: Loaded, temperature: int) -> None:
    for seed in range(4):
        question = model.question(response_format=schema(CARD), temperature=temperature, seed=seed)
        response = model.ask(question)
        assert response.metadata.finish_reason == "stop"
        answer = json.loads(response.content)
        assert set(answer) == {"city", "numbers"}
        assert answer["city"] in ("Paris", "Rome", 'Zürich </think> "x"')
        assert all(isinstance(item, bool) for item in answer["numbers"])


def test_json_that_max_tokens_cuts_says_so(model: Loaded) -> None:
    response = model.ask(model.question(response_format=schema(CARD), max_tokens=4))
    assert response.metadata.finish_reason == "length"


def test_an_object_is_what_json_mode_gives(thinker: Loaded) -> None:
    response = thinker.ask(call("Name Paris.", response_format={"type": "json_object"}))
    assert json.loads(response.content) == {"city": "Paris"}


def test_thinking_comes_apart_from_the_answer(thinker: Loaded) -> None:
    response = thinker.ask(call("What is 3 plus 4?"))
    assert (response.thinking, response.content) == ("3 plus 4 is 7", "The answer is 7.")
    assert response.usage.reasoning_tokens == 7
    assert isinstance(collect(thinker.engine, call("What is 3 plus 4?"))[0], ThinkingDelta)


@pytest.mark.parametrize("budget", [0, 1, 2, 5])
def test_a_thinking_budget_ends_the_thinking(thinker: Loaded, budget: int) -> None:
    response = thinker.ask(call("Think of the sea.", thinking_budget=budget))
    assert response.usage.reasoning_tokens == budget
    assert (response.thinking or "") == " ".join(SEA.split()[:budget])
    assert response.content == "The sea is blue."


def test_a_budget_that_is_not_reached_changes_nothing(thinker: Loaded) -> None:
    assert thinker.ask(call("Think of the sea.", thinking_budget=100)).thinking == SEA


def test_thinking_comes_before_constrained_json(thinker: Loaded) -> None:
    response = thinker.ask(call("What is 3 plus 4?", response_format=schema(CARD)))
    assert response.thinking == "3 plus 4 is 7"
    assert set(json.loads(response.content)) == {"city", "numbers"}


def test_a_stop_sequence_in_the_thinking_ends_nothing(thinker: Loaded) -> None:
    response = thinker.ask(call("What is 3 plus 4?", stop_sequences=["plus"]))
    assert (response.thinking, response.content) == ("3 plus 4 is 7", "The answer is 7.")


def test_a_model_that_does_not_think_takes_no_budget(seer: Loaded) -> None:
    with pytest.raises(ModelError, match="does not think") as caught:
        seer.ask(call("hello", thinking_budget=5))
    assert caught.value.code == "unsupported_setting"


def weather(text: str = "What is the weather in Paris?", **fields: Any) -> ChatCall:
    return replace(call(text, max_tokens=80), tools=(WEATHER,), **fields)


def called(response: HarmonizedResponse) -> list[tuple[str, Any]]:
    return [(each.function.name, json.loads(each.function.arguments)) for each in response.tool_calls]


PARIS = ("get_weather", {"city": "Paris"})


def test_it_calls_a_tool(thinker: Loaded) -> None:
    response = thinker.ask(weather())
    assert (response.content, called(response)) == ("", [PARIS])
    assert response.metadata.finish_reason == "tool_calls"


def test_it_calls_two_at_once(thinker: Loaded) -> None:
    response = thinker.ask(weather("What is the weather in Paris and Rome?"))
    assert called(response) == [PARIS, ("get_weather", {"city": "Rome"})]
    assert len({each.id for each in response.tool_calls}) == 2


def test_it_reads_what_a_tool_answered_and_changes_no_message(thinker: Loaded) -> None:
    messages = asked_and_told("Paris", 21)
    messages[1]["tool_calls"][0]["function"]["arguments"] = '{"city": "Paris"}'
    before = json.dumps(messages)
    assert thinker.ask(replace(weather(), messages=messages)).content == "It is 21 degrees in Paris."
    assert json.dumps(messages) == before


def test_tool_choice_none_shows_no_tools(thinker: Loaded) -> None:
    response = thinker.ask(weather(tool_choice="none"))
    assert (response.content, response.tool_calls) == ("I do not know the weather.", [])


@pytest.mark.parametrize(
    "choice", ["required", "get_weather", {"type": "function", "function": {"name": "get_weather"}}]
)
def test_a_forced_call_is_made_whatever_the_model_would_say(thinker: Loaded, choice: Any) -> None:
    for text in ("What is the weather in Paris?", "Count."):
        narrow = json.loads(json.dumps(WEATHER))
        narrow["function"]["parameters"]["properties"]["city"] = {"enum": ["Paris", "Rome"]}
        narrow["function"]["parameters"]["additionalProperties"] = False
        question = replace(weather(text, tool_choice=choice, parallel_tool_calls=False), tools=(narrow,))
        response = thinker.ask(question)
        [(name, arguments)] = called(response)
        assert (name, arguments["city"] in {"Paris", "Rome"}) == ("get_weather", True)
        assert response.metadata.finish_reason == "tool_calls"


def test_tools_and_json_allow_either(thinker: Loaded) -> None:
    either = weather()
    either.settings["response_format"] = schema(CARD)
    assert called(thinker.ask(either)) == [PARIS]


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"tool_choice": "nobody"}, "invalid_tools"), ({"tools": ({"type": "function"},)}, "invalid_tools")],
)
def test_tools_that_cannot_be_are_refused(thinker: Loaded, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(ModelError) as caught:
        thinker.ask(replace(weather(), **fields))
    assert caught.value.code == code


def test_a_model_whose_template_takes_no_tools_refuses_them(seer: Loaded) -> None:
    with pytest.raises(ModelError, match="takes no tools") as caught:
        seer.ask(weather("hello"))
    assert caught.value.code == "unsupported_tools"


def picture(colour: str, format: str = "PNG", size: tuple[int, int] = (40, 30)) -> str:
    data = BytesIO()
    Image.new("RGB", size, COLOURS[colour]).save(data, format)
    return f"data:image/{format.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"


def shown(*urls: str, text: str = ONE) -> ChatCall:
    parts: list[JsonValue] = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return replace(call(""), messages=[{"role": "user", "content": [*parts, {"type": "text", "text": text}]}])


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_it_names_the_colour_of_an_image(seer: Loaded, colour: str, format: str) -> None:
    assert seer.ask(shown(picture(colour, format))).content == f"it is {colour} ."


def test_it_sees_several_images_in_their_order(seer: Loaded) -> None:
    response = seer.ask(shown(picture("red"), picture("blue"), text=BOTH))
    assert response.content == "it is red and blue ."


@pytest.mark.parametrize(
    "url",
    ["/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x.png", "data:text/plain;base64,aGk=",
     "data:image/png;base64,aGk=", "data:image/png;base64,###", "data:image/svg+xml;base64,PHN2Zy8+"],
)  # fmt: skip
def test_what_is_no_image_is_refused(seer: Loaded, url: str) -> None:
    with pytest.raises(ModelError) as caught:
        seer.ask(shown(url))
    assert caught.value.code == "invalid_image"


def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded(seer: Loaded) -> None:
    data = BytesIO()
    Image.new("1", (9000, 9000)).save(data, "PNG")
    with pytest.raises(ModelError, match="40,000,000 pixels together, not 81,000,000"):
        seer.ask(shown(f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"))


def test_a_place_without_an_image_and_too_many_images_are_refused(seer: Loaded) -> None:
    for wrong in (shown(picture("red"), text="<image> what ?"), call("<image> what ?"), shown(*[picture("red")] * 17)):
        with pytest.raises(ModelError) as caught:
            seer.ask(wrong)
        assert caught.value.code == "invalid_image"


def test_a_model_without_eyes_takes_no_images(thinker: Loaded) -> None:
    with pytest.raises(ModelError, match="takes no images") as caught:
        thinker.ask(shown(picture("red")))
    assert caught.value.code == "unsupported_content"


def different(name: str, number: int) -> ChatCall:
    if name in SEES:
        calls = [shown(picture(colour)) for colour in COLOURS] + [shown(picture("red"), picture("blue"), text=BOTH)]
        calls += [call("hello"), call("hello", response_format=schema(CARD)), call("hello", max_tokens=number % 5 + 1)]
    else:
        calls = [call("Think of the sea.", thinking_budget=number % 7), call("What is 3 plus 4?"), weather()]
        calls += [weather(tool_choice="required"), call("Count.", stop_sequences=[NUMBERS.split()[number % 9 + 1]])]
        calls += [call("Name Paris.", response_format=schema(CARD)), call("Count.", frequency_penalty=1)]
        calls += [call("Count.", temperature=1.5, seed=number, max_tokens=30)]
    return calls[number % len(calls)]


@pytest.mark.parametrize("name", BACKENDS)
def test_64_calls_at_once_answer_as_they_do_alone(name: str, loaded: dict[str, Loaded]) -> None:
    def said(number: int) -> tuple[object, ...]:
        response = loaded[name].ask(different(name, number))
        usage, reason = response.usage, response.metadata.finish_reason
        return response.content, response.thinking, called(response), usage, reason

    alone = [said(number) for number in range(64)]
    with ThreadPoolExecutor(64) as threads:
        assert list(threads.map(said, range(64))) == alone
