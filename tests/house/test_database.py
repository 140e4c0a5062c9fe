"""What the role of web and workers may do, and how tests that commit leave no trace."""

import psycopg2
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections


@pytest.mark.django_db
class TestAppRole:
    def test_is_the_role_of_the_tests(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_database()")
            user, database = cursor.fetchone()

        assert (
            user == connections["default"].settings_dict["USER"] != connections["owner"].settings_dict["USER"]
        )
        assert database == connections["owner"].settings_dict["NAME"]

    def test_writes_rows(self):
        ContentType.objects.create(app_label="test", model="row")

        assert ContentType.objects.filter(app_label="test").count() == 1


class TestAppRoleRefusals:
    @pytest.mark.parametrize(
        "statement",
        [
            "TRUNCATE django_content_type CASCADE",
            "ALTER TABLE django_content_type DISABLE TRIGGER ALL",
            "DROP TABLE django_content_type",
            "CREATE TABLE mine (id int)",
            "SET session_replication_role = replica",
            "DELETE FROM django_migrations",
        ],
    )
    def test_may_not(self, app_sql, statement):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            app_sql.execute(statement)


class TestFlush:
    """Two tests in a row: whichever runs second sees what the first one left."""

    @pytest.mark.parametrize("order", ["first", "second"])
    def test_brings_back_what_migrations_made(self, app_sql, order):
        app_sql.execute("SELECT count(*) FROM django_content_type WHERE app_label = 'sessions'")
        assert app_sql.fetchone() == (1,)
        app_sql.execute("SELECT count(*) FROM django_content_type WHERE app_label = 'left over'")
        assert app_sql.fetchone() == (0,)

        app_sql.execute("DELETE FROM auth_permission")
        app_sql.execute("DELETE FROM django_content_type")
        app_sql.execute(
            "INSERT INTO django_content_type (app_label, model) VALUES ('left over', %s)", [order]
        )

    def test_is_done_by_the_owner(self, owner_sql):
        owner_sql.execute("SET session_replication_role = replica")
        owner_sql.execute("SELECT current_user")

        assert owner_sql.fetchone() == (connections["owner"].settings_dict["USER"],)
