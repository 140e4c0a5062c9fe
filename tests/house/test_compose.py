"""docker-compose.yml is the same picture as `make run`, and holds no secret."""

import os
import re
import subprocess
from pathlib import Path

import psycopg2
import pytest
import yaml

from kamcomp.embedded.postgresql import binaries_found

PROJECT = Path(__file__).resolve().parent.parent.parent
TEXT = (PROJECT / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(TEXT)["services"]


class TestCompose:
    def test_has_every_part(self):
        assert set(SERVICES) == {"postgresql", "valkey", "migrate", "web", "worker", "beat"}
        assert SERVICES["postgresql"]["image"] == "postgres:18"

    def test_checks_the_health_of_what_stays(self):
        assert all("healthcheck" in service for name, service in SERVICES.items() if name != "migrate")

    def test_keeps_the_database_in_a_named_volume(self):
        volume = SERVICES["postgresql"]["volumes"][0].split(":")[0]

        assert volume in yaml.safe_load(TEXT)["volumes"]

    def test_names_no_secret(self):
        variables = [item for service in SERVICES.values() for item in service["environment"].items()]
        secrets = [str(value) for name, value in variables if name.endswith(("PASSWORD", "SECRET_KEY"))]
        in_addresses = re.findall(r"://[^\s:]*:(\$\{[^}]*\}|[^@\s]+)@", TEXT)

        assert len(secrets) >= 5
        assert len(in_addresses) >= 3
        assert all(re.fullmatch(r"\$\{[A-Z_]+:\?set [A-Z_]+\}", secret) for secret in secrets)
        assert all(secret.startswith("${") for secret in in_addresses)

    def test_opens_nothing_to_other_machines(self):
        published = [port for service in SERVICES.values() for port in service.get("ports", [])]

        assert published == ["127.0.0.1:8000:8000"]

    def test_gives_the_owner_only_to_migrations(self):
        with_owner = {
            name for name, service in SERVICES.items() if "DATABASE_OWNER_URL" in service["environment"]
        }

        assert with_owner == {"migrate"}

    def test_gives_web_and_workers_one_folder_for_files_out(self):
        for name in ("web", "worker"):
            folder = SERVICES[name]["environment"]["KAMCOMP_EXPORTS"]
            assert SERVICES[name]["volumes"] == [f"exports:{folder}"]
            assert f"--owner kamcomp --mode 0700 {folder}" in (PROJECT / "Dockerfile").read_text()
        assert "exports" in yaml.safe_load(TEXT)["volumes"]

    def test_lets_workers_be_many(self):
        assert "container_name" not in SERVICES["worker"]
        assert "ports" not in SERVICES["worker"]


class TestRolesScript:
    """docker/postgres-roles.sh, on the test server, with its three names changed so that nothing of ours is met."""

    @pytest.fixture
    def superuser(self):
        if not os.environ["DATABASE_URL"].count("%2F"):
            pytest.skip("the test server is not the embedded one, so its superuser is not known")
        from kamcomp.embedded.places import place_for, secrets_of

        host = psycopg2.extensions.parse_dsn(os.environ["DATABASE_URL"])["host"]
        password = secrets_of(place=place_for(kind="test"))["superuser"]
        connection = psycopg2.connect(host=host, user="postgres", password=password, dbname="postgres")
        connection.autocommit = True
        yield connection
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS scripted")
            cursor.execute("DROP ROLE IF EXISTS scripted_owner")
            cursor.execute("DROP ROLE IF EXISTS scripted_app")
        connection.close()

    def test_makes_the_roles_and_the_database(self, superuser, tmp_path):
        if not (binaries_found() / "psql").is_file():
            pytest.skip(f"there is no psql beside {binaries_found().name}")
        text = (PROJECT / "docker" / "postgres-roles.sh").read_text()
        changed = text.replace("kamcomp_", "scripted_").replace("DATABASE kamcomp ", "DATABASE scripted ")
        (tmp_path / "roles.sh").write_text(changed)
        dsn = superuser.get_dsn_parameters()
        settings = {"PGHOST": dsn["host"], "PGPASSWORD": superuser.info.password, "POSTGRES_USER": "postgres"}
        passwords = {"OWNER_PASSWORD": "o'wner", "APP_PASSWORD": 'a"pp'}

        done = subprocess.run(
            ["sh", str(tmp_path / "roles.sh")],
            env={**os.environ, "PATH": f"{binaries_found()}:{os.environ['PATH']}", **settings, **passwords},
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr
        for user, password in (("scripted_owner", "o'wner"), ("scripted_app", 'a"pp')):
            psycopg2.connect(host=dsn["host"], user=user, password=password, dbname="scripted").close()
