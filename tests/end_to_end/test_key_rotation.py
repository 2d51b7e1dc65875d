"""A provider key is replaced while the system runs, at a provider that knows which keys are good."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest

from ductape import (
    AsyncDuctape,
    ConflictError,
    Ductape,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ValidationError,
)
from ductape.stack import Stack
from ductape.types.runs import Run, RunEnded, RunStarted
from tests.end_to_end.provider import Provider
from tests.end_to_end.test_runner_http import token_of

SECONDS = float(os.environ.get("DUCTAPE_ROTATION_SECONDS", "3"))
"""How long the load lasts; a minute is the promise."""
RUNS_A_SECOND = 20
_numbers = iter(range(1000))


@pytest.fixture(scope="module", autouse=True)
def product(stack: Stack) -> None:
    with Ductape(base_url=stack.control_url, access_key=stack.credentials.access_key) as client:
        client.product.create(name="Keys", envs=[{"slug": "dev"}, {"slug": "prd"}])


@pytest.fixture
def calls(provider: Provider) -> Iterator[Provider]:
    provider.seen.clear()
    provider.accepts.clear()
    provider.released.clear()
    yield provider
    provider.released.set()


@pytest.fixture
def client(stack: Stack, client: Ductape) -> Iterator[Ductape]:
    """One with a token of its own: how often providers are asked about keys is counted by token."""
    token = client.tokens.create(name=f"keys-{next(_numbers)}", scopes=["admin"]).token
    with Ductape(base_url=stack.control_url, access_key=token, product="keys", env="dev") as own:
        yield own


@pytest.fixture
def key(calls: Provider) -> Callable[[], str]:
    """A new key that the provider accepts."""

    def make() -> str:
        made = f"canary-good-key-{next(_numbers):04}-0123456789"
        calls.accepts.add(made)
        return made

    return make


@pytest.fixture
def model(client: Ductape, calls: Provider, key: Callable[[], str]) -> Callable[..., tuple[str, str]]:
    """The tag of a new model with a key in dev, and the key."""

    def make(behaviour: str = "keyed", kind: str = "custom") -> tuple[str, str]:
        tag, first = f"m{next(_numbers)}", key()
        env = {"slug": "dev", "api_key": first, "base_url": calls.base_url}
        client.model.create(tag=tag, name=tag, provider=kind, model=behaviour, envs=[env])
        client.agents.define(tag=tag, model=tag)
        return tag, first

    return make


def run(client: Ductape, tag: str) -> Run:
    return client.agents.run(tag=tag, input="Hi")


def states(client: Ductape, tag: str) -> list[str]:
    return [each.state for each in client.model.keys(tag=tag, env="dev")]


@pytest.mark.parametrize("kind", ["custom", "openai"])
def test_the_new_key_takes_over_once_its_provider_accepts_it(
    client: Ductape, calls: Provider, model: Any, key: Any, kind: str
) -> None:
    tag, old = model(kind=kind)
    assert run(client, tag).key_version == 1
    new = key()

    verified = client.model.rotate_key(tag=tag, env="dev", api_key=new)

    assert (verified.version, verified.state, verified.hint) == (2, "active", new[-4:])
    done = run(client, tag)
    assert (done.status, done.key_version, done.attempt) == ("completed", 2, 1)
    assert calls.seen[-1].authorization == f"Bearer {new}"
    replaced, active = client.model.keys(tag=tag, env="dev")
    assert (replaced.state, active.state) == ("retiring", "active")
    assert replaced.overlap_until is not None
    assert 23.9 < (replaced.overlap_until - active.created_at).total_seconds() / 3600 < 24.1
    assert active.last_used_at is not None
    assert old not in str((replaced, active))


def test_an_openai_key_is_verified_with_a_list_and_costs_no_token(
    client: Ductape, calls: Provider, model: Any, key: Any
) -> None:
    tag, _ = model(kind="openai")
    calls.seen.clear()
    client.model.rotate_key(tag=tag, env="dev", api_key=key())

    assert [seen.body for seen in calls.seen] == [{}]


@pytest.mark.parametrize("kind", ["custom", "openai"])
def test_a_key_that_the_provider_refuses_changes_nothing(
    client: Ductape, calls: Provider, model: Any, kind: str
) -> None:
    tag, old = model(kind=kind)

    with pytest.raises(ValidationError) as refused:
        client.model.rotate_key(tag=tag, env="dev", api_key="canary-bad-key-0123456789")

    assert refused.value.code == "key_rejected"
    # The provider repeated the key; nobody else does.
    assert "canary" not in str(refused.value)
    assert calls.seen[-1].authorization == "Bearer canary-bad-key-0123456789"
    assert states(client, tag) == ["active", "rejected"]
    with pytest.raises(ValidationError, match="does not know this key"):
        client.model.verify_key(tag=tag, env="dev", version=2)
    assert run(client, tag).key_version == 1
    assert calls.seen[-1].authorization == f"Bearer {old}"


def test_async_clients_rotate_too(stack: Stack, client: Ductape, model: Any, key: Any) -> None:
    tag, _ = model()

    async def rotate() -> str:
        access_key = client._settings.access_key
        async with AsyncDuctape(base_url=stack.control_url, access_key=access_key, product="keys") as own:
            return (await own.model.rotate_key(tag=tag, env="dev", api_key=key(), overlap="0s")).state

    assert asyncio.run(rotate()) == "active"


def test_a_provider_that_does_not_say_leaves_the_key_waiting(client: Ductape, calls: Provider, key: Any) -> None:
    """Nobody listens at its address; then somebody does."""
    tag, closed = f"m{next(_numbers)}", f"http://localhost:{calls.port + 1}/v1"
    env = {"slug": "dev", "api_key": key(), "base_url": closed}
    client.model.create(tag=tag, name=tag, provider="custom", model="keyed", envs=[env])

    with pytest.raises(ServerError) as unsaid:
        client.model.rotate_key(tag=tag, env="dev", api_key=key())

    assert (unsaid.value.code, unsaid.value.retryable) == ("key_unverified", True)
    assert states(client, tag) == ["active", "pending"]
    with pytest.raises(ConflictError, match=r"model\.verify_key") as second:
        client.model.rotate_key(tag=tag, env="dev", api_key=key())
    assert second.value.code == "rotation_in_progress"
    assert client.model.revoke_key(tag=tag, env="dev", version=2).state == "destroyed"
    with pytest.raises(ConflictError, match="destroyed"):
        client.model.verify_key(tag=tag, env="dev", version=2)


def test_a_lost_answer_is_got_by_verifying_again(client: Ductape, model: Any, key: Any) -> None:
    tag, _ = model()
    for version in (2, 3):
        client.model.rotate_key(tag=tag, env="dev", api_key=key())
        for _ in range(2):
            assert client.model.verify_key(tag=tag, env="dev", version=version).state == "active"
    assert states(client, tag) == ["retiring", "retiring", "active"]


def test_of_rotations_at_once_one_wins(client: Ductape, model: Any, key: Any) -> None:
    tag, _ = model()

    def rotate(new: str) -> str:
        try:
            return client.model.rotate_key(tag=tag, env="dev", api_key=new).state
        except ConflictError as error:
            return error.code

    with ThreadPoolExecutor(4) as threads:
        said = sorted(threads.map(rotate, [key() for _ in range(4)]))

    # One that came after another had ended is a rotation of its own.
    assert set(said) <= {"active", "rotation_in_progress"}
    kept = states(client, tag)
    assert (kept.count("active"), kept.count("pending")) == (1, 0)
    assert kept.count("retiring") == said.count("active")


def test_a_run_under_way_ends_with_the_key_that_it_began_with(
    client: Ductape, calls: Provider, model: Any, key: Any
) -> None:
    tag, old = model("held")
    with closing(client.agents.stream(tag=tag, input="Hi")) as events:
        started = next(events)
        next(events)
        # What asks about the key gets a word too, and needs no more.
        new = key()
        client.model.rotate_key(tag=tag, env="dev", api_key=new, overlap="0s")
        calls.accepts.discard(old)
        calls.released.set()
        *_, ended = events

    assert isinstance(started, RunStarted)
    assert isinstance(ended, RunEnded)
    assert (ended.run.status, ended.run.key_version, ended.run.attempt) == ("completed", 1, 1)
    assert run(client, tag).key_version == 2


def test_a_run_whose_key_was_replaced_in_between_takes_the_new_one_once(
    stack: Stack, client: Ductape, calls: Provider, model: Any, key: Any
) -> None:
    tag, old = model()
    new = key()
    # The provider refuses the old key before it is replaced here; while it is asked, the new one comes.
    refused, replaced = threading.Event(), threading.Event()
    calls.accepts = _Watched(calls.accepts, old, refused, replaced)
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(run, client, tag)
        assert refused.wait(10)
        client.model.update(tag=tag, envs=[{"slug": "dev", "api_key": new}])
        replaced.set()
        ended = done.result()
    calls.accepts = {new}

    assert (ended.status, ended.key_version, ended.attempt) == ("completed", 2, 2)
    assert [seen.authorization for seen in calls.seen[-2:]] == [f"Bearer {old}", f"Bearer {new}"]


class _Watched(set[str]):
    """Says when it is asked for one of its keys, which it does not hold any more, and waits before it answers."""

    def __init__(self, keys: set[str], gone: str, asked: threading.Event, go_on: threading.Event) -> None:
        super().__init__(keys - {gone})
        self._gone, self._asked, self._go_on = gone, asked, go_on

    def __contains__(self, key: object) -> bool:
        if key == self._gone:
            self._asked.set()
            self._go_on.wait(10)
        return super().__contains__(key)


def test_a_refused_key_that_nobody_replaced_is_tried_once(client: Ductape, calls: Provider, model: Any) -> None:
    tag, old = model()
    calls.accepts.discard(old)

    failed = run(client, tag)

    assert (failed.status, failed.stop_reason, failed.attempt) == ("failed", "authentication_failed", 1)
    assert len(calls.seen) == 1


def test_a_test_says_what_the_provider_said(client: Ductape, calls: Provider, model: Any) -> None:
    tag, old = model()
    good = client.model.test(tag=tag)
    calls.accepts.discard(old)
    bad = client.model.test(tag=tag, env="dev", key_version=1)

    assert (good.ok, good.key_version, good.code, good.message) == (True, 1, None, None)
    assert good.latency_ms > 0
    assert (bad.ok, bad.code) == (False, "authentication_failed")
    assert "canary" not in bad.model_dump_json()
    assert calls.seen[0].body["max_tokens"] == 1


def test_a_test_raises_what_is_ours_to_mend(client: Ductape, model: Any) -> None:
    tag, _ = model(kind="openai")
    client.model.update(tag=tag, envs=[{"slug": "prd"}])

    with pytest.raises(ConflictError, match="no api_key"):
        client.model.test(tag=tag, env="prd")
    client.model.update(tag=tag, envs=[{"slug": "dev", "active": False}])
    with pytest.raises(ConflictError, match="not active"):
        client.model.test(tag=tag)


def test_asking_about_keys_is_no_way_of_trying_them_out(stack: Stack, client: Ductape, model: Any) -> None:
    tag, _ = model()
    token = client.tokens.create(name="oracle", scopes=["run"]).token
    with Ductape(base_url=stack.control_url, access_key=token, product="keys", env="dev", max_retries=0) as own:
        for _ in range(10):
            assert own.model.test(tag=tag).ok
        with pytest.raises(RateLimitError, match="10 times a minute"):
            own.model.test(tag=tag)
    assert client.model.test(tag=tag).ok


@pytest.mark.parametrize(
    "binding", [{"scopes": ["write", "run"], "envs": ["dev"]}, {"scopes": ["read", "run"]}], ids=["bound", "reader"]
)
def test_neither_a_bound_token_nor_a_readers_rotates(
    stack: Stack, client: Ductape, model: Any, key: Any, binding: dict[str, Any]
) -> None:
    tag, _ = model()
    token = client.tokens.create(name=f"b{next(_numbers)}", **binding).token
    with Ductape(base_url=stack.control_url, access_key=token, product="keys") as own:
        with pytest.raises(PermissionDeniedError):
            own.model.rotate_key(tag=tag, env="dev", api_key=key())
        with pytest.raises(PermissionDeniedError):
            own.model.verify_key(tag=tag, env="dev", version=1)
        with pytest.raises(PermissionDeniedError):
            own.model.revoke_key(tag=tag, env="dev", version=1)
    assert states(client, tag) == ["active"]


def test_without_the_key_of_its_environment_nothing_is_called(
    stack: Stack, client: Ductape, calls: Provider, model: Any, key: Any
) -> None:
    tag, _ = model(kind="openai")
    client.model.update(tag=tag, envs=[{"slug": "prd", "api_key": key(), "base_url": calls.base_url}])
    with psycopg.connect(stack.database_owner_url) as database:
        database.execute(
            """UPDATE catalog_providerkey SET state = 'destroyed', sealed = NULL, product_key_id = NULL
               WHERE model_env_id IN
               (SELECT env.id FROM catalog_modelenv env JOIN catalog_model model ON model.id = env.model_id
                JOIN products_environment place ON place.id = env.environment_id
                WHERE model.tag = %s AND place.slug = 'prd')""",
            [tag],
        )

    with pytest.raises(ConflictError) as refused:
        client.agents.run(tag=tag, env="prd", input="Hi")

    assert refused.value.code == "missing_api_key"
    assert calls.seen == []


@pytest.mark.parametrize("source", ["another workspace", "another env", "another model", "an older version"])
def test_a_ciphertext_moved_here_from_elsewhere_is_not_opened_and_nobody_is_called(
    stack: Stack, client: Ductape, calls: Provider, model: Any, key: Any, source: str
) -> None:
    tag, _ = model()
    with psycopg.connect(stack.database_owner_url) as database:
        moved = _sealed(database, stack, client, calls, model, key, tag, source)
        database.execute("UPDATE catalog_providerkey SET sealed = %s WHERE id = %s", [moved, _row(database, tag)[0]])
    calls.seen.clear()

    failed = run(client, tag)

    assert (failed.status, failed.stop_reason) == ("failed", "secret_unreadable")
    assert calls.seen == []


def _sealed(
    database: Any, stack: Stack, client: Ductape, calls: Provider, model: Any, key: Any, tag: str, source: str
) -> str:
    """The ciphertext of an active key that is stored somewhere else."""
    entry = {"api_key": key(), "base_url": calls.base_url}
    match source:
        case "another workspace":
            token = token_of(stack, "stranger", "admin")
            with Ductape(base_url=stack.control_url, access_key=token, product="keys") as other:
                other.product.create(name="Keys", envs=[{"slug": "dev"}])
                other.model.create(tag=tag, name=tag, provider="custom", model="keyed", envs=[{"slug": "dev", **entry}])
            return str(_row(database, tag, workspace="stranger")[1])
        case "another env":
            client.model.update(tag=tag, envs=[{"slug": "prd", **entry}])
            return str(_row(database, tag, slug="prd")[1])
        case "another model":
            return str(_row(database, model()[0])[1])
    older = str(_row(database, tag)[1])
    client.model.rotate_key(tag=tag, env="dev", api_key=key())
    return older


def _row(database: Any, tag: str, *, slug: str = "dev", workspace: str = "default") -> tuple[Any, str]:
    (row,) = database.execute(
        """SELECT key.id, key.sealed FROM catalog_providerkey key
           JOIN catalog_modelenv env ON env.id = key.model_env_id
           JOIN catalog_model model ON model.id = env.model_id
           JOIN products_environment place ON place.id = env.environment_id
           JOIN workspaces_workspace owner ON owner.id = key.workspace_id
           WHERE model.tag = %s AND place.slug = %s AND owner.tag = %s AND key.state = 'active'""",
        [tag, slug, workspace],
    ).fetchall()
    database.commit()
    return row  # type: ignore[no-any-return]


@pytest.mark.slow
def test_under_load_no_run_fails_while_the_key_is_replaced(
    client: Ductape, calls: Provider, model: Any, key: Any
) -> None:
    """The provider stops accepting the old key the moment the overlap ends."""
    tag, old = model()
    began, pending = time.monotonic(), list[Future[Run]]()
    with ThreadPoolExecutor(16) as threads:
        rotation = threads.submit(_rotate_in_time, client, calls, tag, old, key())
        for number in range(int(SECONDS * RUNS_A_SECOND)):
            time.sleep(max(0.0, began + number / RUNS_A_SECOND - time.monotonic()))
            pending.append(threads.submit(run, client, tag))
        rotation.result()
        ended = [each.result() for each in pending]

    assert {each.status for each in ended} == {"completed"}
    assert {each.key_version for each in ended} == {1, 2}
    print(f"{len(ended)} runs in {time.monotonic() - began:.1f} s, {sum(e.attempt - 1 for e in ended)} called again")


def _rotate_in_time(client: Ductape, calls: Provider, tag: str, old: str, new: str) -> None:
    time.sleep(SECONDS / 3)
    client.model.rotate_key(tag=tag, env="dev", api_key=new, overlap="1s")
    until = client.model.keys(tag=tag, env="dev")[0].overlap_until
    assert until is not None
    time.sleep(max(0.0, until.timestamp() - time.time()))
    calls.accepts.discard(old)
