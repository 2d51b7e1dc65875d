from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pydantic import SecretStr

from tests.workers.tiny import built
from tests.workers.tiny.llava import COLOURS, ONE
from tests.workers.tiny.think import NUMBERS, SEA, WEATHER
from workers.models import (
    BaseLocalModel,
    HuggingFaceLLMAdapter,
    HuggingFaceVLMAdapter,
    LocalAdapterFactory,
    ModelConfig,
    ModelError,
    ModelLoadError,
)

COUNT = [{"role": "user", "content": "Count."}]
SUM = [{"role": "user", "content": "What is 3 plus 4?"}]


@pytest.fixture(scope="module")
def folder(models_folder: Path) -> str:
    return str(models_folder.absolute() / built("think", models_folder))


@pytest.fixture(scope="module")
def model(folder: str) -> Iterator[BaseLocalModel]:
    with BaseLocalModel(folder, torch_dtype="float32", device_map="cpu", temperature=0, max_tokens=60) as model:
        yield model


def test_run_gives_an_answer_that_reads_like_a_dictionary(model: BaseLocalModel) -> None:
    response = model.run(SUM)
    assert (response["role"], response["content"], response["thinking"]) == (
        "assistant", "The answer is 7.", "3 plus 4 is 7",
    )  # fmt: skip
    assert response["tool_calls"] == []
    assert response.metadata.response_time > 0


async def test_run_in_an_event_loop_is_awaited_and_arun_does_the_same(model: BaseLocalModel) -> None:
    assert (await model.run(COUNT)).content == (await model.arun(COUNT)).content == NUMBERS


async def test_a_stream_is_the_answer_in_pieces(model: BaseLocalModel) -> None:
    *pieces, last = [chunk async for chunk in model.stream(SUM)]
    assert last.response is not None
    assert "".join(piece.content for piece in pieces) == last.response.content == "The answer is 7."
    assert "".join(piece.thinking for piece in pieces) == last.response.thinking
    assert [chunk["content"] for chunk in model.stream_sync(SUM)] == [*(piece.content for piece in pieces), ""]


async def test_a_stream_closed_early_ends_the_call(model: BaseLocalModel) -> None:
    stream = model.stream(COUNT)
    await anext(stream)
    await stream.aclose()
    assert (await model.arun(COUNT)).content == NUMBERS


async def test_calls_at_once_run_together(model: BaseLocalModel) -> None:
    responses = await asyncio.gather(*(model.arun(question) for question in [COUNT, SUM] * 8))
    assert [response.content for response in responses] == [NUMBERS, "The answer is 7."] * 8


def test_options_of_a_call_come_before_those_of_the_model(model: BaseLocalModel) -> None:
    assert model.run(COUNT, max_tokens=2).metadata.finish_reason == "length"
    assert model.run(COUNT, stop=" two").content == "one"
    assert model.run([{"role": "user", "content": "Name Paris."}], json_mode=True).content == '{"city": "Paris"}'
    question = [{"role": "user", "content": "What is the weather in Paris?"}]
    [call] = model.run(question, tools=[WEATHER])["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"city": "Paris"}'}


def test_a_model_of_a_configuration(folder: str) -> None:
    config = ModelConfig(type="local", name=folder, model_class="llm", temperature=0, max_tokens=40, thinking_budget=2)
    with BaseLocalModel.from_config(config) as model:
        response = model.run([{"role": "user", "content": "Think of the sea."}])
        assert response.thinking == " ".join(SEA.split()[:2])
    with pytest.raises(ModelError, match="use BaseAPIModel"):
        BaseLocalModel.from_config(
            ModelConfig(type="api", name="x", provider="openai", api_key=SecretStr("canary-not-a-key"))
        )


def test_an_adapter_gives_its_model_for_training_until_it_is_cleaned_up(folder: str) -> None:
    adapter = LocalAdapterFactory.create_adapter(backend="huggingface", model_name=folder, model_class="llm")
    assert isinstance(adapter, HuggingFaceLLMAdapter)
    assert (adapter.backend, adapter.supports_training) == ("huggingface", True)
    assert sum(parameter.numel() for parameter in adapter.model.parameters()) > 10_000
    assert adapter.tokenizer.eos_token == "<|im_end|>"
    adapter.cleanup()
    adapter.cleanup()
    assert adapter.model is None
    with pytest.raises(ModelError, match="cleaned up") as caught:
        adapter.run(COUNT)
    assert caught.value.code == "model_closed"


def test_a_clean_up_ends_the_calls_that_run(folder: str) -> None:
    adapter = HuggingFaceLLMAdapter(folder, temperature=0, max_tokens=450)
    chunks = adapter.stream_sync(COUNT, response_schema={"type": "array", "items": {"const": 1}, "minItems": 400})
    next(chunks)
    adapter.cleanup()
    with pytest.raises(ModelError, match="stopping"):
        list(chunks)


def test_a_model_that_sees_takes_bytes_and_paths_of_its_caller(models_folder: Path, tmp_path: Path) -> None:
    data = BytesIO()
    Image.new("RGB", (30, 30), COLOURS["red"]).save(data, "PNG")
    path = tmp_path / "red.png"
    path.write_bytes(data.getvalue())
    url = f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
    name = str(models_folder.absolute() / built("llava", models_folder))
    with HuggingFaceVLMAdapter(name, max_tokens=20, temperature=0) as adapter:
        for image in (data.getvalue(), path, url):
            assert adapter.run([{"role": "user", "content": ONE}], images=[image]).content == "it is red ."


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"trust_remote_code": True}, "remote_code_refused"),
        ({"backend": "vllm", "model_class": "tts"}, "unsupported_backend"),
        ({"quantization": "fp8"}, "model_load_failed"),
        ({"torch_dtype": "float8"}, "invalid_settings"),
        ({"temprature": 1}, "invalid_settings"),
        ({"reasoning_effort": "low"}, "unsupported_setting"),
    ],
)
def test_what_a_model_cannot_be_is_refused_by_name(folder: str, options: dict[str, object], code: str) -> None:
    with pytest.raises(
        ModelError, match=str(next(iter(options)))[:6] if code != "unsupported_backend" else "vllm"
    ) as caught:
        BaseLocalModel(folder, **options)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_model_that_is_not_there_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUCTAPE_MODELS_DIR", str(tmp_path))
    with pytest.raises(ModelLoadError, match="no weights for nobody/nothing"):
        BaseLocalModel("nobody/nothing")
