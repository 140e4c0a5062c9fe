"""Files, differences, replays, checks and the sandbox: what of the past a program may ask for and set going."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from kamcomp.api.resources import resource_named
from kamcomp.approvals.models import Finding
from payouts.choices import ExportFormat, ExportProfile
from payouts.models import Export, Run
from payouts.services.diff import runs_diff
from payouts.services.run_work import run_look
from payouts.services.runs import run_request
from plans.models import Replay
from tests.api.caller import told

pytestmark = pytest.mark.django_db


class TestChecks:
    def test_name_what_they_are_about(self, caller, made):
        version = resource_named("versions").id_of(made.first.version.pk)

        rows = caller("maren").rows(f"checks?subject={version}&rule=L35")

        assert [(row["subject_id"], row["message"]) for row in rows] == [(version, "A cliff")]
        assert caller("sofia").rows("checks") == []
        assert caller("maren").get("checks?subject=per_1").status_code == 400

    def test_of_rules_for_hr_are_told_to_hr_alone(self, caller, made):
        kept = {"subject_table": "plans_planversion", "subject_id": str(made.first.version.pk)}
        Finding.objects.create(rule="L06", message="Somebody's pay", severity="to_look_at", **kept)

        counts = {
            name: len(caller(name).rows("checks?rule=L06")) for name in ("sigrid", "maren", "jonas", "ada")
        }

        assert counts == {"sigrid": 1, "maren": 0, "jonas": 0, "ada": 0}

    def test_that_are_settled_have_changed(self, caller, made):
        kept = {"subject_table": "plans_planversion", "subject_id": str(made.first.version.pk)}
        found = Finding.objects.create(
            rule="L35", message="An older cliff", severity="to_look_at", found_at=timezone.now() - timedelta(days=90),
            **kept,
        )  # fmt: skip
        found.status, found.settled_reason = "waived", "A pilot"
        found.save(update_fields=["status", "settled_reason"])

        since = (timezone.now() - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
        rows = caller("maren").rows(f"checks?updated_since={since}")
        assert ("An older cliff", "waived") in {(row["message"], row["status"]) for row in rows}


class TestReplays:
    def test_are_of_a_version_one_may_see(self, caller, made):
        version = resource_named("versions").id_of(made.first.version.pk)

        unknown = caller("maren").post("replays", {"version_id": version.replace("ver_", "pln_")})
        refused = caller("maren").post("replays", {"version_id": version})
        forbidden = caller("sigrid").post("replays", {"version_id": version})

        assert (unknown.status_code, unknown.json()["code"]) == (422, "version_unknown")
        assert (refused.status_code, refused.json()["code"]) == (422, "nothing_to_replay")
        assert forbidden.status_code == 403
        assert Replay.objects.count() == 1


class TestProgrammes:
    def test_say_what_an_account_is_for(self, caller):
        (row,) = [each for each in caller("maren").rows("programmes") if each["external_id"] == "KES"]

        assert row["strategy"] == "grow"
        assert (row["defend_weight"], row["grow_weight"]) == ("0", "1")


class TestStatements:
    def test_are_the_register_as_a_list(self, caller, made):
        page = caller("jonas").get("statements?period=2026-Q3&totals=true").json()

        (sofia,) = [row for row in page["data"] if row["employee_id"] == "SOFIA"]
        whole = caller("jonas").get(f"statements/{sofia['person_id']}/{sofia['period_id']}").json()
        assert sofia["payable"] == whole["total"]
        assert page["totals"]["rows"] == len(page["data"])
        assert caller("sofia").rows("statements") == []


class TestRunDiff:
    def test_is_of_two_runs_of_a_period_for_who_sees_the_books(self, caller, made):
        runs = resource_named("runs")
        new = run_request(period=made.run.period, by=made.user("maren"), at=timezone.now(), whole=True)
        run_look(run_id=new.pk)
        old, new = (Run.objects.get(pk=each.pk) for each in (made.run, new))
        path = f"run-diffs/{runs.id_of(old.pk)}/{runs.id_of(new.pk)}"

        answer = caller("jonas").get(path)

        assert answer.status_code == 200
        assert answer.json()["new_run_id"] == runs.id_of(new.pk)
        assert len(answer.json()["changes"]) == len(list(runs_diff(old=old, new=new)))
        assert caller("sofia").get(path).status_code == 404
        assert caller("jonas").get(f"run-diffs/{runs.id_of(old.pk)}/run_x").status_code == 404

        Run.objects.filter(pk=new.pk).update(people=2_001)
        large = caller("jonas").get(path)
        assert (large.status_code, large.json()["code"]) == (422, "run_diff_large")
        assert caller("jonas").get(f"{path}?large=true").json()["changes"] == answer.json()["changes"]
        assert caller("jonas").get(f"{path}?large=yes").status_code == 400


class TestExportFile:
    @pytest.fixture
    def export(self, made, settings, tmp_path):
        settings.EXPORT_ROOT = tmp_path
        content = b"a file\n"
        folder = tmp_path / str(made.run.pk)
        folder.mkdir()
        (folder / "kept.csv").write_bytes(content)
        return Export.objects.create(
            run=made.run,
            profile=ExportProfile.PAYROLL,
            format=ExportFormat.CSV,
            filename="kept.csv",
            rows=1,
            sha256=hashlib.sha256(content).hexdigest(),
            exported_at=timezone.now(),
        )

    def test_is_given_byte_for_byte(self, caller, export):
        path = f"exports/{resource_named('exports').id_of(export.pk)}/file"

        answer = caller("jonas").get(path, accept="text/csv")

        assert told(answer) == b"a file\n"
        assert answer.headers["X-Digest-SHA-256"] == export.sha256
        assert caller("sofia").get(path).status_code == 404
        narrow = caller("jonas", ["runs:read"])
        assert narrow.get(path).json()["code"] == "scope_missing"
        assert narrow.ask("head", path).status_code == 403
        assert caller("jonas").ask("head", path).status_code == 200


class TestSandbox:
    def test_is_reset_by_a_compensation_admin_of_a_demo(self, caller, settings, tmp_path):
        settings.DEMO_MODE, settings.START_OVER_FILE = True, tmp_path / "over"

        forbidden = caller("jonas").post("sandbox:reset")
        asked = caller("maren").post("sandbox:reset")
        meanwhile = caller("maren").get("me")

        assert forbidden.status_code == 403
        assert (asked.status_code, asked.json()) == (202, {"state": "asked"})
        assert settings.START_OVER_FILE.read_text() == "asked"
        assert (meanwhile.status_code, meanwhile.headers["Retry-After"]) == (503, "2")
        assert meanwhile.json()["code"] == "starting_over"

    def test_is_nowhere_else(self, caller):
        answer = caller("maren").post("sandbox:reset")

        assert (answer.status_code, answer.json()["code"]) == (409, "cannot_start_over")
