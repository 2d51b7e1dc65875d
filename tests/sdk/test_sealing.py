"""The wire format of sealed keys, and the suite behind it against what RFC 9180 publishes."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from ductape import sealing
from ductape.types.entities import SealingKey

# RFC 9180, appendix A.1.1: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
PRIVATE = bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
PUBLIC = bytes.fromhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d")
ENCAPSULATED = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
SHARED = bytes.fromhex("fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc")
KEY = bytes.fromhex("4531685d41d65f03dc48f6b8302c05b0")
NONCE = bytes.fromhex("56d890e5accaaf011cff4b7d")
AES_128, AES_256 = (1, 16), (2, 32)


def extract(salt: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), material, "sha256")


def expand(secret: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(secret, info + b"\x01", "sha256")[:length]


def key_schedule(shared: bytes, info: bytes, aead: tuple[int, int]) -> tuple[bytes, bytes]:
    """Section 5.1 of the RFC, for the base mode: key and nonce of the first message."""
    number, length = aead
    suite = b"HPKE" + b"".join(each.to_bytes(2, "big") for each in (0x20, 0x01, number))

    def labeled_extract(salt: bytes, label: bytes, material: bytes) -> bytes:
        return extract(salt, b"HPKE-v1" + suite + label + material)

    def labeled_expand(secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
        return expand(secret, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context, size)

    context = b"\x00" + labeled_extract(b"", b"psk_id_hash", b"") + labeled_extract(b"", b"info_hash", info)
    secret = labeled_extract(shared, b"secret", b"")
    return labeled_expand(secret, b"key", context, length), labeled_expand(secret, b"base_nonce", context, 12)


def test_the_schedule_here_is_the_one_that_is_published() -> None:
    assert key_schedule(SHARED, INFO, AES_128) == (KEY, NONCE)
    private = X25519PrivateKey.from_private_bytes(PRIVATE)
    assert private.public_key().public_bytes_raw() == PUBLIC
    suite, label = b"KEM\x00\x20", b"HPKE-v1"
    secret = extract(
        b"", label + suite + b"eae_prk" + private.exchange(X25519PublicKey.from_public_bytes(ENCAPSULATED))
    )
    info = b"\x00\x20" + label + suite + b"shared_secret" + ENCAPSULATED + PUBLIC
    assert expand(secret, info, 32) == SHARED


def test_what_the_published_exchange_gives_opens() -> None:
    # The shared secret of an exchange does not depend on the cipher; ours has a longer key.
    key, nonce = key_schedule(SHARED, INFO, AES_256)
    box = ENCAPSULATED + AESGCM(key).encrypt(nonce, b"Beauty is truth, truth beauty", None)
    opened = sealing.open_sealed(sealing.Sealed("pk", box), X25519PrivateKey.from_private_bytes(PRIVATE), INFO)
    assert opened == b"Beauty is truth, truth beauty"


@pytest.fixture(scope="module")
def private() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


parts = st.lists(st.text(max_size=6), max_size=5)


@settings(max_examples=60, deadline=None)
@given(secret=st.binary(min_size=1, max_size=300), one=parts, other=parts)
def test_it_opens_in_its_own_context_and_no_other(
    private: X25519PrivateKey, secret: bytes, one: list[str], other: list[str]
) -> None:
    sealed = sealing.seal_to(private.public_key(), "pk", secret, sealing.context(*one))
    assert sealing.parse(str(sealed)) == sealed
    assert sealing.open_sealed(sealed, private, sealing.context(*one)) == secret
    if one != other:
        with pytest.raises(InvalidTag):
            sealing.open_sealed(sealed, private, sealing.context(*other))


@settings(max_examples=200)
@given(one=parts, other=parts)
def test_two_lists_never_give_the_same_context(one: list[str], other: list[str]) -> None:
    assert (sealing.context(*one) == sealing.context(*other)) == (one == other)
    assert sealing.context("a", "bc") == b"\x00\x00\x00\x01a\x00\x00\x00\x02bc"


def test_every_part_of_a_destination_counts() -> None:
    same = ("ins", "p1", "pk", "gpt", "dev", "openai", "https://a.example")
    contexts = {sealing.provider_key_context(*same)}
    contexts |= {sealing.provider_key_context(*(*same[:n], "x", *same[n + 1 :])) for n in range(len(same))}
    assert len(contexts) == len(same) + 1
    assert sealing.provider_key_context(*same[:-1], None) == sealing.provider_key_context(*same[:-1], "")


def test_every_flipped_bit_truncation_and_addition_is_refused(private: X25519PrivateKey) -> None:
    text = str(sealing.seal_to(private.public_key(), "pk", b"canary-0123456789", b"info"))
    start = len("dseal1.pk.")
    flipped = [
        text[:at] + chr(ord(text[at]) ^ 1 << bit) + text[at + 1 :] for at in range(start, len(text)) for bit in range(8)
    ]
    changed = [
        *flipped,
        *(text[:length] for length in range(len(text))),
        text + "A",
        text + "=",
        text + "\n",
        text + "é",
    ]
    for each in changed:
        with pytest.raises((ValueError, InvalidTag)):
            sealing.open_sealed(sealing.parse(each), private, b"info")


@pytest.mark.parametrize("text", ["", "dseal1", "dseal2.pk." + "A" * 80, "dseal1..A", "dseal1.pk." + "A" * 63, "sk-x"])
def test_other_texts_are_no_seals_and_are_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a sealed value of the form dseal1.<key id>.<base64>$"):
        sealing.parse(text)


def test_a_secret_has_a_length(private: X25519PrivateKey) -> None:
    public = private.public_key()
    with pytest.raises(ValueError, match="an empty secret cannot be sealed"):
        sealing.seal_to(public, "pk", b"", b"")
    with pytest.raises(ValueError, match="at most 49152 bytes"):
        sealing.seal_to(public, "pk", b"x" * 49153, b"")
    assert sealing.open_sealed(sealing.seal_to(public, "pk", b"x" * 49152, b""), private, b"") == b"x" * 49152


def test_a_hint_spares_short_secrets() -> None:
    assert (sealing.hint("x" * 12 + "abcd"), sealing.hint("x" * 11 + "abcd")) == ("abcd", "")


def test_the_fingerprint_is_sixteen_bytes_of_sha256() -> None:
    assert sealing.fingerprint(PUBLIC) == hashlib.sha256(PUBLIC).hexdigest()[:32]


@pytest.mark.parametrize("text", ["A", "AB==", "AB=", "A B", "A+", "A/", "AB\n", "é", "AAB", "QR"])
def test_base64_is_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        sealing.b64_decode(text)


@settings(max_examples=60)
@given(data=st.binary(max_size=100))
def test_base64_comes_back(data: bytes) -> None:
    assert sealing.b64_decode(sealing.b64_encode(data)) == data


def test_sealing_uses_all_that_it_is_given(private: X25519PrivateKey) -> None:
    public = private.public_key().public_bytes_raw()
    key = SealingKey(
        installation="ins", product_id="p1", pk_id="pk", public_key=sealing.b64_encode(public),
        fingerprint=sealing.fingerprint(public),
    )  # fmt: skip
    text = sealing.seal(key, "canary-ü-0123456789", tag="gpt", env="dev", provider="xai", base_url=None)
    info = sealing.provider_key_context("ins", "p1", "pk", "gpt", "dev", "xai", None)
    assert sealing.open_sealed(sealing.parse(text), private, info).decode() == "canary-ü-0123456789"
