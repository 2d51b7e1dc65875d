"""What a table of tenants' rows gets in its migration, so that the database itself keeps workspaces apart."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

SETTING = "ductape.workspace"
"""Whose rows the transaction sees: a workspace's id, or EVERY_WORKSPACE. Set by `entering.py` alone."""
EVERY_WORKSPACE = "every"
POLICY = "in_workspace"


def isolate(table: str, **references: str) -> list[RunSQL]:
    """A policy, a key that includes the workspace, and references that cannot leave it.

    Args:
        references: the table's columns that refer to other isolated tables: `product_id="products_product"`.
    """
    return [policy(table), key(table), *(reference(table, column, to) for column, to in references.items())]


def policy(table: str) -> RunSQL:
    """Rows of another workspace are neither seen nor written, by the table's owner neither."""
    return RunSQL(
        f"""ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY {POLICY} ON {table}
                USING (current_setting('{SETTING}', true) IN (workspace_id::text, '{EVERY_WORKSPACE}'));""",
        f"""DROP POLICY {POLICY} ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;""",
    )


def key(table: str) -> RunSQL:
    """What the references of other tables point to."""
    name = f"{table}_in_workspace"
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE (workspace_id, id)",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def reference(table: str, column: str, to: str) -> RunSQL:
    """Beside Django's own foreign key: the row that is referred to is of the same workspace."""
    name = f"{table}_{column}_in_workspace"
    return RunSQL(
        f"""ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (workspace_id, {column})
            REFERENCES {to} (workspace_id, id) DEFERRABLE INITIALLY DEFERRED""",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )
