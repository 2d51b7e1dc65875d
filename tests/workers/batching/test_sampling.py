from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workers.models.batching.sampling import Sampler, SamplingSettings, nucleus

LOGITS = torch.tensor([0.6, 0.3, 0.1]).log()


def picks(settings: SamplingSettings, count: int, logits: torch.Tensor = LOGITS) -> list[int]:
    sampler = Sampler(settings)
    return [sampler.pick(logits) for _ in range(count)]


def test_temperature_0_takes_the_likeliest() -> None:
    assert picks(SamplingSettings(temperature=0), 5) == [0] * 5


def test_tokens_come_as_often_as_their_probability() -> None:
    counts = Counter(picks(SamplingSettings(seed=1), 5000))
    assert counts[0] / 5000 == pytest.approx(0.6, abs=0.03)
    assert counts[2] / 5000 == pytest.approx(0.1, abs=0.03)


def test_a_seed_repeats_and_another_does_not() -> None:
    assert picks(SamplingSettings(seed=7), 50) == picks(SamplingSettings(seed=7), 50)
    assert picks(SamplingSettings(seed=7), 50) != picks(SamplingSettings(seed=8), 50)


def test_the_randomness_of_one_request_does_not_depend_on_others() -> None:
    alone = picks(SamplingSettings(seed=7), 20)
    sampler, other = Sampler(SamplingSettings(seed=7)), Sampler(SamplingSettings(seed=9))
    together = [(other.pick(LOGITS), sampler.pick(LOGITS))[1] for _ in range(20)]
    assert together == alone


def test_without_a_seed_no_two_requests_are_alike() -> None:
    assert picks(SamplingSettings(), 50) != picks(SamplingSettings(), 50)


def test_a_tiny_temperature_is_nearly_greedy() -> None:
    assert set(picks(SamplingSettings(temperature=1e-6), 50)) == {0}


def test_top_p_leaves_the_unlikely_out() -> None:
    assert set(picks(SamplingSettings(top_p=0.85, seed=1), 200)) == {0, 1}
    assert set(picks(SamplingSettings(top_p=0.0, seed=1), 50)) == {0}


def test_the_frequency_penalty_grows_with_every_use() -> None:
    logits = torch.tensor([2.0, 1.0, 0.0])
    assert picks(SamplingSettings(temperature=0, frequency_penalty=0.6), 4, logits) == [0, 0, 1, 0]


def test_the_presence_penalty_counts_once() -> None:
    logits = torch.tensor([2.0, 1.0, 0.0])
    assert picks(SamplingSettings(temperature=0, presence_penalty=1.5), 4, logits) == [0, 1, 0, 0]


def test_unusable_probabilities_are_an_error_and_not_a_token() -> None:
    with pytest.raises(FloatingPointError):
        picks(SamplingSettings(), 1, torch.tensor([float("nan"), 0.0]))


@given(
    weights=st.lists(st.floats(0.001, 1), min_size=1, max_size=1500),
    top_p=st.floats(0, 1),
)
def test_the_nucleus_is_the_smallest_set_that_reaches_top_p(weights: list[float], top_p: float) -> None:
    probabilities = torch.tensor(weights, dtype=torch.float64)
    probabilities /= probabilities.sum()
    likely, tokens = nucleus(probabilities, top_p)
    assert torch.equal(probabilities[tokens], likely)
    assert len(likely) == len(weights) or likely.sum() >= top_p - 1e-9
    assert len(likely) == 1 or likely[:-1].sum() < top_p + 1e-9
    assert likely.min() >= probabilities.sort(descending=True).values[len(likely) - 1]
