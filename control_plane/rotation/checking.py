"""Does everything open that should? Says ids and counts, never a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from control_plane.catalog.models import ProviderKey
from control_plane.products.models import ProductKey
from control_plane.rotation.levels import sealed_columns, secrets
from control_plane.rotation.needs import rows_by_key
from control_plane.vault import product_keys, provider_keys
from control_plane.vault.at_rest import unwrap
from control_plane.vault.canaries import check_canaries
from control_plane.vault.errors import SecretUnreadable
from control_plane.vault.keyring import Keyring
from control_plane.vault.models import SecretRow


@dataclass(slots=True)
class Report:
    opened: bool
    """Whether rows were opened; without a root private key only their outer layer can be."""
    rows: dict[str, int]
    """Rows that need a key, by its name."""
    canaries: dict[str, str]
    """What became of the known text under each key."""
    unreadable: list[str] = field(default_factory=list)
    """Rows that do not open, as `table id`."""
    other_key: list[str] = field(default_factory=list)
    """Rows that open with another key than the one that stands beside them, as `table id`."""

    @property
    def sound(self) -> bool:
        return not self.unreadable and not self.other_key and set(self.canaries.values()) <= {"opens", "not here"}

    def lines(self) -> list[str]:
        """For people."""
        return [
            *(f"{rows} rows need {key}" for key, rows in self.rows.items()),
            *(f"the canary of {key}: {state}" for key, state in self.canaries.items()),
            *(f"does not open: {row}" for row in self.unreadable),
            *(f"opens with another key than it says: {row}" for row in self.other_key),
            "every layer was opened" if self.opened else "outer layers only: there is no root private key here",
        ]

    def as_json(self) -> dict[str, Any]:
        return {"sound": self.sound, **asdict(self)}


def check(ring: Keyring) -> Report:
    """Try every secret of the installation. Needs sight of every workspace."""
    report = Report(ring.can_open, dict(sorted(rows_by_key().items())), check_canaries(ring))
    for model, column in sealed_columns():
        for row in secrets(model, column).select_related(*model.IDENTITY_FIELDS).order_by("pk").iterator(500):
            _check_row(ring, row, column, report)
    return report


def _check_row(ring: Keyring, row: SecretRow, column: str, report: Report) -> None:
    name = f"{row._meta.db_table} {row.pk}"
    try:
        if not _CHECKS.get(type(row), _unwraps(column))(ring, row):
            report.other_key.append(name)
    except SecretUnreadable:
        report.unreadable.append(name)


def _unwraps(column: str) -> Callable[[Keyring, Any], bool]:
    return lambda ring, row: bool(unwrap(ring, getattr(row, column), row.identity().parts()))


def _product_key(ring: Keyring, key: ProductKey) -> bool:
    if ring.can_open:
        product_keys.open_private(ring, key.record, key.identity())
    return product_keys.root_kid_of(ring, key.record, key.identity()) == key.root_kid


def _provider_key(ring: Keyring, key: ProviderKey) -> bool:
    if provider_keys.pk_id_of(ring, key.sealed, key.identity()) != key.pair.pk_id:
        return False
    if ring.can_open:
        private = product_keys.open_private(ring, key.pair.record, key.pair.identity())
        provider_keys.open_provider_key(ring, key.sealed, key.identity(), private)
    return True


_CHECKS: dict[type[SecretRow], Callable[[Keyring, Any], bool]] = {
    ProductKey: _product_key,
    ProviderKey: _provider_key,
}
