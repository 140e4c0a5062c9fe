"""
Log lines carry ids, places and kinds of errors, and nobody's pay or name: each way of saying too much by itself,
and a whole quarter with a real worker, whose lines are searched for every amount and every name that is stored.
"""

import json
import logging
import re
from decimal import Decimal
from io import StringIO

import pytest
import structlog
from django.apps import apps
from django.core.management import CommandError
from django.db import IntegrityError, models, transaction
from django.test import Client

from kamcomp import settings
from kamcomp.celery import app
from kamcomp.embedded.places import place_for
from kamcomp.identity.models import User
from kamcomp.logs import WITHHELD, error_said, error_told, saying
from payouts.models import Pool, Run
from payouts.services.exports import RunNotLocked
from teams.models import Person, PersonDetails
from tests.house.system import eventually
from tests.journeys.test_quarter import Q1, company, folder, manage  # noqa: F401  fixtures

LOST = "7654321.09"


@pytest.fixture
def lines():
    """Return what the handlers write from here on, line by line."""
    handler = logging.getLogger("kamcomp").handlers[0]
    stream, before = StringIO(), handler.stream
    handler.setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    handler.setStream(before)


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


class TestErrorSaid:
    def test_names_a_refusal_by_its_code(self):
        assert error_said(RunNotLocked(f"S1 gets {LOST}")) == "RunNotLocked (run_not_locked)"

    @pytest.mark.django_db
    def test_names_a_broken_law_and_not_the_row(self):
        with pytest.raises(IntegrityError) as broken, transaction.atomic():
            Person.objects.create(employee_id="E1", cost_centre="CC1")
            Person.objects.create(employee_id="E1", cost_centre=LOST)

        assert "E1" in str(broken.value)
        assert error_said(broken.value) == "IntegrityError (23505, teams_person_employee_id_key)"

    def test_keeps_the_words_of_the_network(self):
        from kombu.exceptions import OperationalError

        error = OperationalError("Error 111 connecting to\n valkey:6379")
        assert error_said(error) == "OperationalError: Error 111 connecting to valkey:6379"

    def test_leaves_out_anything_else(self):
        assert error_said(ValueError(f"{LOST} is no number")) == "ValueError"
        assert error_said(KeyError("Ada Lovelace")) == "KeyError"


class TestErrorTold:
    def test_says_what_led_to_it_and_where_without_values(self):
        def inner(amount: str) -> None:
            raise ValueError(amount)

        try:
            try:
                inner(LOST)
            except ValueError as error:
                raise RuntimeError(f"could not pay {LOST}") from error
        except RuntimeError as error:
            told = error_told(error)

        assert [line for line in told if not line.startswith("  ")] == ["RuntimeError", "ValueError"]
        assert any(line.endswith("in inner") for line in told)
        assert LOST not in str(told)


class TestLine:
    @pytest.mark.django_db
    def test_of_somebody_who_writes_lines_is_one_line(self, lines):
        forged = '{"event": "forged"}'
        Client().get("/x%0a%7b%22event%22%3a%22forged%22%7d", headers={"user-agent": f"a\n{forged}"})
        logging.getLogger("payouts").warning("a file called %s", f"a\n{forged}")

        said = [line["event"] for line in lines()]
        assert len(said) >= 2
        assert "forged" not in said

    def test_says_nothing_an_error_says(self, lines):
        logger = logging.getLogger("payouts.services.run_work")
        error = raised(ValueError(f"Ada Lovelace earns {LOST}"))
        logger.warning("chunk %s met %s", 3, error)
        logger.error("it broke", exc_info=error)
        logging.getLogger("django.request").error("Internal Server Error: %s", "/x", exc_info=error)
        logging.getLogger("payouts").error(error)

        first, second, third, fourth = lines()
        assert first["event"] == "chunk 3 met ValueError"
        assert second["exception"][0] == third["exception"][0] == fourth["event"] == "ValueError"
        assert LOST not in str(lines())
        assert "Ada" not in str(lines())

    def test_is_readable_by_people_too(self, lines):
        console = structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *settings._RENDERERS["console"],
            ],
            foreign_pre_chain=settings._SHARED,
        )
        stream = StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(console)
        logger = logging.getLogger("payouts.services.run_work")
        logger.addHandler(handler)
        try:
            logger.error("it broke", exc_info=raised(ValueError(LOST)))
        finally:
            logger.removeHandler(handler)

        assert re.search(r"it broke.*\nValueError\n.*in raised", stream.getvalue(), re.DOTALL)
        assert LOST not in stream.getvalue()

    def test_says_nothing_of_a_tasks_arguments_and_answer(self, lines):
        error = raised(ValueError(LOST))
        context = {
            "name": "t",
            "id": "1",
            "exc": repr(error),
            "args": f"({LOST},)",
            "return_value": LOST,
            "runtime": 1,
        }
        logging.getLogger("celery.app.trace").error(
            "Task %(name)s[%(id)s] %(args)s raised: %(exc)s", context, exc_info=(type(error), error, None)
        )
        logging.getLogger("celery.app.trace").info(
            "Task %(name)s gave %(return_value)s in %(runtime)s", context
        )

        assert [line["event"] for line in lines()] == [
            f"Task t[1] {WITHHELD} raised: ValueError",
            f"Task t gave {WITHHELD} in 1",
        ]

    @pytest.mark.django_db
    def test_names_the_request_that_the_answer_names_and_not_its_query(self, lines, client):
        answer = client.get(
            f"/api/v1/calculations?name=Lovelace&pay={LOST}", headers={"x-request-id": "forged"}
        )

        said = [line for line in lines() if line.get("request_id")]
        assert {line["request_id"] for line in said} == {answer["X-Request-ID"]}
        assert {line["request"] for line in said if "request" in line} == {"GET /api/v1/calculations"}
        assert "Lovelace" not in str(lines())

    def test_names_the_run_it_is_about(self, lines):
        @saying("run_id")
        def look(*, run_id: int) -> None:
            logging.getLogger("payouts").warning("looked")

        look(run_id=7)
        logging.getLogger("payouts").warning("done")

        assert [line.get("run_id") for line in lines()] == ["7", None]


def amounts_stored() -> set[str]:
    """Return every stored amount of 100 or more, in the forms in which it could be written."""
    found: set[Decimal] = set()
    for model in apps.get_models():
        fields = [field.attname for field in model._meta.fields if isinstance(field, models.DecimalField)]
        for row in model.objects.values_list(*fields) if fields else ():
            found |= {abs(value) for value in row if value is not None and abs(value) >= 100}
    texts = set()
    for value in found:
        plain = f"{value.normalize():f}"
        texts |= {f"{value:.2f}", f"{value:.6f}", f"{value:,.2f}"} | ({plain} if len(plain) >= 6 else set())
    return texts


def names_stored() -> set[str]:
    names = {part for row in PersonDetails.objects.values_list("legal_name", "email") for part in row if part}
    return names | {name.split()[-1] for name in names}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_whole_quarter_is_logged_without_anybodys_pay_or_name(
    company,  # noqa: F811
    lines,
    request,
    owner_sql,
    app_sql,
    tmp_path,
    settings,
):
    server = place_for(kind="test").logs / "postgresql.log"
    said_before = server.stat().st_size if server.is_file() else 0
    request.getfixturevalue("worker")
    manage("payouts", "run", Q1, "--by=maren", "--wait")
    run = Run.objects.get()
    assert run.status == "calculated"
    manage("payouts", "confirm", Q1, "--account=ACME", "--by=ingrid")
    manage("payouts", "review", Q1, "--by=anders")
    with pytest.raises(CommandError, match=r"1,800\.00"):
        manage(
            "payouts", "pool", "submit", Q1, "--account=ACME", "--set=S1=2100", "--set=S2=1800", "--by=ingrid"
        )
    shares = ["--set=S1=2100", "--set=S2=1800", "--why=S2=Cleared the old invoices"]
    manage("payouts", "pool", "submit", Q1, "--account=ACME", *shares, "--by=ingrid")
    manage("payouts", "pool", "approve", Q1, "--account=ACME", "--by=anders")
    manage("payouts", "approve", Q1, "--by=jonas")
    manage("payouts", "lock", Q1, "--by=jonas")
    manage("payouts", "export", Q1, "--profile=payroll", "--by=jonas")
    manage("payouts", "verify", Q1)
    manage("ledger_check")

    # And what goes wrong: a cent moved, a law broken, a figure that is none, an answer refused, a task that fails.
    with pytest.raises(IntegrityError), transaction.atomic():
        Pool.objects.update(funded=Decimal("11700.00"))
    for statement in (
        "UPDATE payouts_payout SET amount = 7800.01",
        "INSERT INTO payouts_payout (id, amount) VALUES (gen_random_uuid(), 7800.00)",
        "SELECT '7800.00 EUR of Ingrid Solheim'::numeric",
    ):
        with pytest.raises(Exception, match=r"locked|null value|invalid input|permission denied"):
            app_sql.execute(statement)
    owner_sql.execute("SET session_replication_role = replica")
    owner_sql.execute("UPDATE payouts_payout SET amount = amount + 0.01")
    with pytest.raises(SystemExit):
        manage("ledger_check")
    client = Client()
    client.force_login(User.objects.get(username="maren"))
    for body in ('{"amount": "7800.00", "name": "Ingrid Solheim"}', "{7800.00"):
        answer = client.post("/api/v1/calculations?who=Solheim", body, content_type="application/json")
        assert answer.status_code in (400, 422)
    app.send_task("payouts.run_look", args=["7800.00 EUR of Ingrid Solheim"])
    worker_log = tmp_path / "worker.log"
    eventually(lambda: "badly" in worker_log.read_text() or "ValueError" in worker_log.read_text(),
               what="the task's failure in the log")  # fmt: skip

    written = worker_log.read_text() + "\n".join(json.dumps(line) for line in lines())
    if server.is_file():
        with server.open("rb") as stream:
            stream.seek(said_before)
            written += stream.read().decode()
    amounts, names = amounts_stored(), names_stored()
    assert len(amounts) > 40
    assert {"Solheim", "Priya Nair"} <= names
    found = sorted(text for text in amounts if re.search(rf"(?<![\d.]){re.escape(text)}(?!\d)", written))
    assert found == []
    assert sorted(name for name in names if name in written) == []
    chunks = [json.loads(line) for line in worker_log.read_text().splitlines() if "stored in" in line]
    assert {line["run_id"] for line in chunks} == {str(run.pk)}
    assert {line["task"] for line in chunks} == {"payouts.run_look"}
