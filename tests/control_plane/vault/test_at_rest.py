from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control_plane.vault.at_rest import unwrap, wrap
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.keyring import Keyring

ROW = ("workspace", "product", "model", "id", "dev", "api_key", "1")
rows = st.lists(st.text(max_size=12), max_size=6)
# The keyring is read once and never changes, so sharing it between examples is sound.
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@shared
@given(payload=st.binary(max_size=2000), row=rows)
def test_what_was_wrapped_for_a_row_comes_back_for_that_row(
    control_ring: Keyring, payload: bytes, row: list[str]
) -> None:
    assert unwrap(control_ring, wrap(control_ring, payload, row), row) == payload


@shared
@given(row=rows, other=rows)
def test_no_other_row_can_unwrap_it(control_ring: Keyring, row: list[str], other: list[str]) -> None:
    if row == other:
        return
    with pytest.raises(SecretUnreadable):
        unwrap(control_ring, wrap(control_ring, b"key", row), other)


def test_every_single_bit_counts(control_ring: Keyring) -> None:
    token = wrap(control_ring, b"a provider key", ROW)
    for position in range(len(token)):
        for bit in range(7):
            changed = token[:position] + chr(ord(token[position]) ^ (1 << bit)) + token[position + 1 :]
            with pytest.raises(SecretUnreadable):
                unwrap(control_ring, changed, ROW)


@shared
@given(text=st.text(max_size=200))
def test_any_other_text_is_unreadable_and_nothing_else(control_ring: Keyring, text: str) -> None:
    for token in (text, f"drest1.a1.{text}", wrap(control_ring, b"key", ROW) + text + "x"):
        with pytest.raises(SecretUnreadable) as raised:
            unwrap(control_ring, token, ROW)
        assert str(raised.value) == str(SecretUnreadable())


def test_the_token_names_its_format_and_key(control_ring: Keyring) -> None:
    assert wrap(control_ring, b"key", ROW).startswith("drest1.a1.gAAAA")


def test_another_installation_cannot_unwrap_it(control_ring: Keyring) -> None:
    import dataclasses

    elsewhere = dataclasses.replace(control_ring, installation="ins_other")
    with pytest.raises(SecretUnreadable):
        unwrap(elsewhere, wrap(control_ring, b"key", ROW), ROW)


def test_fernet_is_the_fernet_of_its_specification() -> None:
    # github.com/fernet/spec, verify.json
    fernet = Fernet("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")
    token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="
    assert fernet.decrypt_at_time(token, ttl=60, current_time=499162801) == b"hello"


def test_a_staged_key_opens_and_does_not_wrap(control_ring: Keyring) -> None:
    staged = replace(control_ring, at_rest={**control_ring.at_rest, "a2": bytes(32)})
    promoted = replace(staged, at_rest_active="a2")
    assert wrap(staged, b"key", ROW).startswith("drest1.a1.")
    assert wrap(promoted, b"key", ROW).startswith("drest1.a2.")
    assert unwrap(staged, wrap(promoted, b"key", ROW), ROW) == b"key"
    with pytest.raises(SecretUnreadable):
        unwrap(control_ring, wrap(promoted, b"key", ROW), ROW)
