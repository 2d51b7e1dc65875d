"""A product, a local model, an agent, and a run of it. `ductape demo` takes these steps."""

from __future__ import annotations

from collections.abc import Iterator

from ductape import Ductape
from ductape.types.runs import RunEvent


def create_product(ductape: Ductape) -> None:
    ductape.product.create(name="Demo", tag="demo", envs=[{"slug": "dev"}, {"slug": "prd"}])


def create_model(ductape: Ductape) -> None:
    ductape.model.create(
        product="demo",
        tag="smol",
        name="SmolLM2",
        provider="local",
        model="HuggingFaceTB/SmolLM2-135M-Instruct",
        max_tokens=200,
        local={"torch_dtype": "float32"},
        envs=[{"slug": "dev"}, {"slug": "prd"}],
    )


def define_agent(ductape: Ductape) -> None:
    ductape.agents.define(
        product="demo",
        tag="helper",
        model="smol",
        system_prompt="You answer questions in one short sentence.",
        model_config={"temperature": 0.4},
        envs=[{"slug": "dev", "model_config": {"max_tokens": 80}}],
    )


def ask(ductape: Ductape, question: str) -> Iterator[RunEvent]:
    return ductape.agents.stream(
        product="demo", env="dev", tag="helper", input=question, model_config={"temperature": 0}
    )


def main() -> None:
    ductape = Ductape()
    create_product(ductape)
    create_model(ductape)
    define_agent(ductape)
    for event in ask(ductape, "What is the capital of France?"):
        if event.type == "message_delta":
            print(event.text, end="", flush=True)


if __name__ == "__main__":
    main()
