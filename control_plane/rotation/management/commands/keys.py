from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.db import DatabaseError
from django.db.models import Q

from control_plane.audit.actions import Action
from control_plane.audit.commands import OperatorCommand
from control_plane.audit.models import NO_WORKSPACE
from control_plane.audit.services import Subject, write_entry
from control_plane.products.models import Product
from control_plane.products.sealing_keys import destroy_unneeded_keys, rotate_sealing_key
from control_plane.rotation import levels, steps
from control_plane.rotation.checking import check
from control_plane.rotation.levels import Work
from control_plane.rotation.needs import rows_by_key
from control_plane.rotation.progress import rewrite_shown
from control_plane.rotation.rewriting import Outcome
from control_plane.tenancy.entering import as_operator
from control_plane.vault.key_files import copy_to_escrow, init_key_files
from control_plane.vault.key_states import StateRefused
from control_plane.vault.keyring import KeyFileRefused, KeyFilesMissing, Keyring, load_keyring
from control_plane.vault.rings import RINGS, Ring
from ductape.types.entities import SealingKeyRotate

_STEPS: dict[str, tuple[Callable[[Ring, str], None], str]] = {
    "promote": (steps.promote, "seal with a staged key from now on; refused while a live process lacks it"),
    "retire": (steps.retire, "let processes forget a retiring key; refused while a row needs it"),
    "restore": (steps.restore, "let a retired key open again"),
    "destroy": (steps.destroy, "erase a staged or retired key from the files, for good"),
}


class Command(OperatorCommand):
    help = "Make, rotate and check the keys of an installation (docs/keys.md)."
    # It runs before there is a secret key or a database.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        init = verbs.add_parser("init", help="write the first key files; existing ones are never touched")
        init.add_argument("--escrow", type=Path, action="append", default=[], help="a new directory for a copy; twice")
        escrow = verbs.add_parser("escrow", help="copy what opens keys to a new directory")
        escrow.add_argument("copy", type=Path)
        stage = verbs.add_parser("stage", help="add a key that opens and does not seal yet")
        stage.add_argument("ring", choices=RINGS)
        for verb, (_, said) in _STEPS.items():
            step = verbs.add_parser(verb, help=said)
            step.add_argument("ring", choices=RINGS)
            step.add_argument("kid")
        for parser_of_files in verbs.choices.values():
            parser_of_files.add_argument("--dir", type=Path, default=settings.KEYS_DIR.parent)
        rotate = verbs.add_parser("rotate", help="write rows anew that need an older key")
        rotate.add_argument("level", choices=[*RINGS, "product"])
        rotate.add_argument("name", nargs="?", help="workspace/product; unless given, all that are being rotated")
        how = rotate.add_mutually_exclusive_group()
        for option in ("plan", "verify", "status"):
            how.add_argument(f"--{option}", action="store_const", const=option, dest="how")
        checks = verbs.add_parser("check", help="try every secret; exits with 1 if one does not open")
        checks.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        verb: str = options["verb"]
        try:
            _VERBS.get(verb, Command._step)(self, options)
        except (StateRefused, KeyFileRefused, KeyFilesMissing) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            message = f"the database cannot be used ({type(error).__name__}); check DATABASE_URL, or run bootstrap"
            raise CommandError(message) from None
        except OSError as error:
            raise CommandError(f"key files: {error.strerror or error}") from None

    def _init(self, options: dict[str, Any]) -> None:
        directory: Path = options["dir"]
        if len(options["escrow"]) == 1:
            raise CommandError("give --escrow twice, for two copies in two places, or not at all")
        written = init_key_files(directory)
        for copy in options["escrow"]:
            copy_to_escrow(directory, copy)
        if not written:
            self.stdout.write(f"{directory} has its key files already; nothing was changed")
            return
        self.stdout.write(f"wrote {len(written)} key files below {directory}")
        self.stdout.write(f"give {directory}/control to control and {directory}/runner to the runners, to nobody else")
        self.stdout.write(f"keep a copy of {directory} apart from the database: without it no provider key ever opens")

    def _escrow(self, options: dict[str, Any]) -> None:
        copy_to_escrow(options["dir"], options["copy"])
        self.stdout.write(f"copied to {options['copy']}; keep it apart from the database")

    def _stage(self, options: dict[str, Any]) -> None:
        kid = Ring(options["dir"], options["ring"]).stage()
        self.stdout.write(f"staged {options['ring']} {kid}; bring the key files to every process, then promote it")

    def _step(self, options: dict[str, Any]) -> None:
        verb, name, kid = options["verb"], options["ring"], options["kid"]
        ring = Ring(options["dir"], name)
        with as_operator():
            # First, so that a step which cannot be written down is not taken.
            write_entry(Action.KEYRING_CHANGED, Subject(NO_WORKSPACE, "keyring", name, kid), step=verb)
            _STEPS[verb][0](ring, kid)
        self.stdout.write(f"{name} {kid} is now {ring.states()[kid]}")

    def _rotate(self, options: dict[str, Any]) -> None:
        level: str = options["level"]
        ring = load_keyring(settings.KEYS_DIR)
        keys_of = self._keys_of(options["name"], level)
        if options["how"] is None and options["name"]:
            _begin(options["name"])
        _HOW[options["how"]](self, ring, _work(ring, level, keys_of))
        if options["how"] is None and level == "product":
            with as_operator():
                self.stdout.write(f"{destroy_unneeded_keys(keys_of)} key pairs destroyed that nothing needs any more")

    def _keys_of(self, name: str | None, level: str) -> Q:
        if name is None:
            return Q()
        workspace, _, product = name.partition("/")
        if level != "product" or not product:
            raise CommandError("a name goes with `product`, as workspace/product")
        return Q(product__workspace__tag=workspace, product__tag=product)

    def _plan(self, ring: Keyring, work: list[Work]) -> None:
        with as_operator():
            for each in work:
                self.stdout.write(f"{each.rows().count()} rows of {each.model._meta.db_table} to be written anew")

    def _apply(self, ring: Keyring, work: list[Work]) -> None:
        if any(each.opens for each in work) and not ring.can_open:
            raise CommandError("this needs the root private key: set DUCTAPE_KEYS_DIR to a runner's key files")
        outcomes = [rewrite_shown(each, as_operator, self.stdout) for each in work]
        _record(work, outcomes)
        left, unreadable = sum(each.left for each in outcomes), [row for each in outcomes for row in each.unreadable]
        for row in unreadable:
            self.stderr.write(f"does not open: {row}")
        if left or unreadable:
            raise CommandError(f"{left} rows left, {len(unreadable)} do not open; run it again, and `keys check`")

    def _verify(self, ring: Keyring, work: list[Work]) -> None:
        with as_operator():
            left = sum(each.rows().count() for each in work)
        if left:
            raise CommandError(f"{left} rows still need an older key; run it without --verify")
        self._check({"json": False})

    def _status(self, ring: Keyring, work: list[Work]) -> None:
        for name in RINGS:
            for kid, state in Ring(settings.KEYS_DIR.parent, name).states().items():
                self.stdout.write(f"{name} {kid} is {state}")
        with as_operator():
            for key, rows in sorted(rows_by_key().items()):
                self.stdout.write(f"{rows} rows need {key}")
        self._plan(ring, work)

    def _check(self, options: dict[str, Any]) -> None:
        with as_operator():
            report = check(load_keyring(settings.KEYS_DIR))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json()))
        else:
            self.stdout.write("\n".join(report.lines()))
        if not report.sound:
            raise CommandError(f"{len(report.unreadable) + len(report.other_key)} rows or a canary do not open")


_VERBS: dict[str, Callable[[Command, dict[str, Any]], None]] = {
    "init": Command._init,
    "escrow": Command._escrow,
    "stage": Command._stage,
    "rotate": Command._rotate,
    "check": Command._check,
}
_HOW: dict[str | None, Callable[[Command, Keyring, list[Work]], None]] = {
    None: Command._apply,
    "plan": Command._plan,
    "verify": Command._verify,
    "status": Command._status,
}


def _work(ring: Keyring, level: str, keys_of: Q) -> list[Work]:
    if level == "product":
        return levels.product(ring, keys_of)
    return {"at-rest": levels.at_rest, "root": levels.root}[level](ring)


def _record(work: list[Work], outcomes: list[Outcome]) -> None:
    tables = [each.model._meta.db_table for each in work]
    with as_operator():
        for table, outcome in zip(tables, outcomes, strict=True):
            if outcome.written:
                subject = Subject(NO_WORKSPACE, "secrets", table, table)
                write_entry(Action.SECRETS_REWRITTEN, subject, rows=outcome.written)


def _begin(name: str) -> None:
    """Rotate the key pair of a product, unless that was begun already and is to be finished."""
    workspace, _, tag = name.partition("/")
    with as_operator():
        product = Product.objects.filter(workspace__tag=workspace, tag=tag).first()
        if product is None:
            raise CommandError(f"no product {name!r}; name it as workspace/product")
        if not product.keys.exclude(retiring_until=None).exists():
            rotate_sealing_key(product=product, wanted=SealingKeyRotate())
