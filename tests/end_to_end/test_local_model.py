from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ductape import Ductape
from ductape.types.runs import MessageDelta, RunEnded, RunStarted

QUESTION = "What is the capital of France? Answer in one sentence."
ANSWER = "The capital of France is Paris."


@pytest.fixture(scope="module", autouse=True)
def helper(stack: object) -> None:
    """The agent `helper` on the real model `smol`, in the product `words`."""
    client = Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key)  # type: ignore[attr-defined]
    client.product.create(name="Words", envs=[{"slug": "dev"}, {"slug": "prd"}])
    client.model.create(
        product="words",
        tag="smol",
        name="SmolLM2",
        provider="local",
        model="HuggingFaceTB/SmolLM2-135M-Instruct",
        max_tokens=200,
        local={"torch_dtype": "float32"},
        envs=[{"slug": "dev"}],
    )
    client.agents.define(
        product="words",
        tag="helper",
        model="smol",
        model_config={"temperature": 0.4},
        envs=[{"slug": "dev", "model_config": {"max_tokens": 40}}],
    )
    client.close()


def test_an_agent_answers_with_the_models_own_words(client: Ductape) -> None:
    run = client.agents.run(product="words", env="dev", tag="helper", input=QUESTION, model_config={"temperature": 0})

    assert (run.status, run.stop_reason, run.output) == ("completed", "stop", ANSWER)
    assert run.token_usage.completion_tokens > 5
    assert run.token_usage.total_tokens == run.token_usage.prompt_tokens + run.token_usage.completion_tokens
    assert run.timing is not None
    assert run.timing.time_to_first_token is not None
    assert 0 < run.timing.time_to_first_token < run.timing.total
    assert client.runs.fetch(run_id=run.execution_id) == run


def test_the_stream_is_the_same_answer_token_by_token(client: Ductape) -> None:
    events = list(
        client.agents.stream(product="words", env="dev", tag="helper", input=QUESTION, model_config={"temperature": 0})
    )

    first, *deltas, last = events
    assert isinstance(first, RunStarted)
    assert first.run.status == "running"
    assert isinstance(last, RunEnded)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    texts = [delta.text for delta in deltas if isinstance(delta, MessageDelta)]
    assert len(texts) > 3
    assert "".join(texts) == last.run.output == ANSWER


def test_each_setting_says_which_layer_set_it_and_what_it_beat(client: Ductape) -> None:
    run = client.agents.run(product="words", env="dev", tag="helper", input="Hi", model_config={"temperature": 0})

    said = {
        name: (setting.value, setting.layer, [(lost.layer, lost.value) for lost in setting.beat])
        for name, setting in run.resolved.settings.items()
    }
    assert said == {
        "temperature": (0, "runtime", [("agent", 0.4), ("default", 0.7)]),
        "max_tokens": (40, "agent_env", [("model", 200)]),
    }


def test_many_at_once_answer_as_each_does_alone(client: Ductape) -> None:
    def ask(question: str) -> str:
        run = client.agents.run(
            product="words", env="dev", tag="helper", input=question, model_config={"temperature": 0, "max_tokens": 12}
        )
        return run.output

    questions = [QUESTION, "Name a colour.", "What is two plus two?", "Say hello."]
    alone = [ask(question) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, questions * 2))

    assert together == alone * 2


def test_a_limit_on_tokens_is_the_stop_reason(client: Ductape) -> None:
    run = client.agents.run(
        product="words",
        env="dev",
        tag="helper",
        input="Count to ten.",
        model_config={"max_tokens": 3, "temperature": 0},
    )
    assert (run.status, run.stop_reason, run.token_usage.completion_tokens) == ("completed", "length", 3)


def test_a_timeout_ends_the_run_with_what_was_said_until_then(client: Ductape) -> None:
    run = client.agents.run(
        product="words",
        env="dev",
        tag="helper",
        input="Write a long story.",
        model_config={"timeout": 600, "max_tokens": 400},
    )
    assert (run.status, run.stop_reason) == ("timed_out", "timeout")
    assert run.error is not None


def test_hanging_up_stops_the_run_and_keeps_what_was_said(client: Ductape) -> None:
    events = client.agents.stream(
        product="words", env="dev", tag="helper", input="Write a long story.", model_config={"max_tokens": 400}
    )
    started = next(events)
    assert isinstance(started, RunStarted)
    next(events)
    events.close()

    run_id = started.run.execution_id
    for _ in range(50):
        run = client.runs.fetch(run_id=run_id)
        if run.status != "running":
            break
        time.sleep(0.1)
    assert (run.status, run.stop_reason) == ("stopped", "client_disconnected")
    assert run.output


def test_a_prompt_that_does_not_fit_fails_with_the_numbers(client: Ductape) -> None:
    run = client.agents.run(product="words", env="dev", tag="helper", input="Hi", model_config={"max_tokens": 100_000})
    assert run.status == "failed"
    assert run.error is not None
    assert run.error.code == "context_length_exceeded"
    assert "8192" in run.error.message


def test_a_model_that_no_host_has_fails_with_the_reason(client: Ductape) -> None:
    client.model.create(
        product="words",
        tag="missing",
        name="Missing",
        provider="local",
        model="nobody/nothing",
        envs=[{"slug": "dev"}],
    )
    started = next(
        event
        for event in client.agents.stream(product="words", env="dev", tag=agent_on(client, "missing"), input="Hi")
        if isinstance(event, RunEnded)
    )
    assert started.run.status == "failed"
    assert started.run.error is not None
    assert "nobody/nothing" in started.run.error.message


def agent_on(client: Ductape, model: str) -> str:
    return client.agents.define(product="words", tag=f"on-{model}", model=model).tag
