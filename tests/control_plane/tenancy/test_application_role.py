from __future__ import annotations

import pytest
from django.db import DatabaseError, connection


@pytest.mark.django_db
def test_the_tests_connect_as_the_application_does() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
                      EXISTS (SELECT FROM pg_class WHERE pg_has_role(current_user, relowner, 'MEMBER'))
               FROM pg_roles WHERE rolname = current_user"""
        )
        assert cursor.fetchone() == ("ductape_app", False, False, False, False, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE products_product DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE products_product NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY in_workspace ON products_product",
        "CREATE POLICY mine ON products_product USING (true)",
        "DROP TABLE products_product",
        "ALTER ROLE ductape_app BYPASSRLS",
        "SET ROLE postgres",
        "CREATE TABLE mine (id int)",
    ],
)
def test_it_cannot_take_the_fence_down(statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"must be owner|permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_row_security_off_is_an_error_and_no_way_around() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL row_security = off")
        with pytest.raises(DatabaseError, match="row-level security"):
            cursor.execute("SELECT * FROM products_product")
