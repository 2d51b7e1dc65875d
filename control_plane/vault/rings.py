"""The two rings of an installation as the key files hold them, and the steps that a key takes there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from control_plane.vault import key_files, key_states
from control_plane.vault.key_formats import Entry, dump, dump_private, parse, parse_private, states_of
from control_plane.vault.key_states import KeyState
from control_plane.vault.keyring import KeyFileRefused, key_text

T = TypeVar("T")

RINGS = {"at-rest": "at_rest.json", "root": "root.public.json"}
"""Name, as in the names of keys (`at-rest a2`), and file."""
_PRIVATE = "root.private.json"


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring below the directory that holds the roles' directories.

    Its methods raise FileNotFoundError or KeyFileRefused for files that cannot be used and StateRefused for a step that
    a key cannot take; nothing is changed then.
    """

    directory: Path
    name: str

    def states(self) -> dict[str, KeyState]:
        return states_of(self._entries())

    def stage(self) -> str:
        """Add a key that opens and does not seal yet. Returns: its id."""
        entries = self._entries()
        kid = f"{self.name[0]}{len(entries) + 1}"
        states = key_states.stage(states_of(entries), kid)
        key = self._stage_root(kid) if self.name == "root" else key_files.new_at_rest_key()
        self._write({**entries, kid: Entry(states[kid], key)})
        return kid

    def move(self, kid: str, to: KeyState) -> None:
        entries = self._entries()
        states = key_states.move(states_of(entries), kid, to)
        if to is KeyState.DESTROYED:
            self._erase(kid)
        keys = {each: None if state is KeyState.DESTROYED else entries[each].key for each, state in states.items()}
        self._write({each: Entry(state, keys[each]) for each, state in states.items()})

    def _stage_root(self, kid: str) -> bytes:
        # The private half first: a runner that knows of a public key has the private one too.
        private, public = key_files.new_root_pair()
        self._write_private({**self._read(_PRIVATE, parse_private), kid: private})
        return public

    def _erase(self, kid: str) -> None:
        if self.name == "root":
            self._write_private({each: key for each, key in self._read(_PRIVATE, parse_private).items() if each != kid})

    def _entries(self) -> dict[str, Entry]:
        return self._read(RINGS[self.name], parse)

    def _read(self, name: str, parser: Callable[[str], T]) -> T:
        path = key_files.read_from_roles(self.directory, name)
        try:
            return parser(key_text(path))
        except ValueError as error:
            raise KeyFileRefused(path, str(error)) from None

    def _write(self, entries: dict[str, Entry]) -> None:
        key_files.replace_in_roles(self.directory, RINGS[self.name], dump(entries))

    def _write_private(self, keys: dict[str, bytes]) -> None:
        key_files.replace_in_roles(self.directory, _PRIVATE, dump_private(keys))
