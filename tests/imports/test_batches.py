"""Batches: nothing before commit, the same file once, all or nothing, second person, late facts, undo."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection

from kamcomp.approvals.models import Approval, Finding
from kamcomp.identity.choices import Role
from kamcomp.identity.selectors import RoleMissing
from kamcomp.imports import services
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.models import ImportBatch
from kamcomp.imports.passage import ImportRejected, SecondPersonNeeded
from kamcomp.imports.undo import ChangedSince, NotCommitted, PeriodUsedIt
from scorecards.models import Credit, Metric, Target, Transaction
from teams.models import AccountNode, Membership, PayPackage, Person, StrategicAccount
from tests.imports import company
from tests.imports.company import AT, commit, preview

LATER = AT + timedelta(days=1)
pytestmark = pytest.mark.django_db


def rows_of_everything() -> dict[str, object]:
    """Return what every table of the company holds, those of imports and audit apart."""
    content = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            label = model._meta.app_label
            if label in ("teams", "scorecards", "currency", "plans", "payouts"):
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text), '[]') FROM \"{table}\" t"
                )
                content[table] = cursor.fetchone()[0]
    return content


class TestPreview:
    def test_writes_nothing(self) -> None:
        company.teams()
        commit("products", company.PRODUCTS)
        before, batches = rows_of_everything(), ImportBatch.objects.count()

        shown = preview("transactions", company.LINES)

        assert shown.new == 4
        assert rows_of_everything() == before
        assert ImportBatch.objects.count() == batches

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("transactions", company.LINES),
            ("people", company.PEOPLE.replace("Ada", "Adele") + "E8,New One,,E1,0008,\n"),
            ("team_memberships", company.TEAM.replace("auto|pumps", "pumps").replace(",50,", ",40,")),
        ],
    )
    def test_says_what_the_commit_does(self, kind: str, text: str) -> None:
        company.teams()
        commit("products", company.PRODUCTS)

        shown, done = preview(kind, text), commit(kind, text)

        def account(p: object) -> dict[str, object]:
            return {name: value for name, value in vars(p).items() if name != "batch"}

        assert account(shown) == account(done)
        assert done.batch is not None

    def test_hears_the_laws_of_the_database(self) -> None:
        company.teams()
        text = "account_code,name,parent_code,currency\nACME,Acme,SHOP,EUR\n"

        shown = preview("accounts", text)

        assert [finding.rule for finding in shown.blocking] == ["database_law"]
        assert "strategic_accounts_are_roots" in str(shown.blocking[0])
        with pytest.raises(ImportRejected, match="strategic_accounts_are_roots"):
            commit("accounts", text)


class TestSameFile:
    def test_changes_nothing_and_says_so(self) -> None:
        company.teams()
        before = rows_of_everything()

        shown = commit("people", company.PEOPLE, by=company.user("ann"), at=LATER)

        assert shown.already is not None
        assert shown.sentence() == (
            "Already imported on 2026-04-01 09:00 by the command line: the same file changes nothing."
        )
        assert rows_of_everything() == before

    def test_the_same_content_in_another_file_is_the_same(self) -> None:
        company.teams()
        before = rows_of_everything()

        for kind, text in (
            ("segments", company.SEGMENTS),
            ("accounts", company.ACCOUNTS),
            ("people", company.PEOPLE),
            ("employments", company.EMPLOYMENTS),
            ("packages", company.PACKAGES),
            ("team_memberships", company.TEAM),
        ):
            shown = commit(kind, text + "\n", at=LATER)
            assert (shown.new, shown.changed, shown.ended) == (0, 0, 0), kind
        assert rows_of_everything() == before

    def test_another_map_makes_another_file(self) -> None:
        company.teams()

        shown = commit("people", company.PEOPLE, {"trim": True})

        assert shown.already is None
        assert shown.same == 3


class TestAllOrNothing:
    TEXT = "employee_id,name\nE1,Ada\n,Nobody\nE2,Ben\n"

    def test_one_bad_row_stops_the_file(self) -> None:
        with pytest.raises(ImportRejected, match="Nothing was written: 1 findings. line 3, employee_id"):
            commit("people", self.TEXT)

        assert not Person.objects.exists()
        assert not ImportBatch.objects.exists()

    def test_the_good_rows_come_in_when_asked_for(self) -> None:
        shown = commit("people", self.TEXT, partial=True)

        assert (shown.new, shown.rejected) == (2, 1)
        assert Person.objects.count() == 2
        assert shown.batch is not None
        assert shown.batch.rows_rejected == 1

    def test_a_row_that_stands_on_a_rejected_one_is_rejected_too(self) -> None:
        text = "employee_id,name,manager_employee_id\nBOSS,,\nE1,Ada,BOSS\nE2,Ben,\nE3,Cleo,E1\n"

        shown = commit("people", text, partial=True)

        assert (shown.new, shown.rejected) == (1, 3)

    def test_rows_of_another_length_stop_the_file_too(self) -> None:
        with pytest.raises(ImportRejected, match="has 3 fields where the header has 2"):
            commit("people", "employee_id,name\nE1,Ada,\n")

    def test_a_refused_file_can_be_recorded(self) -> None:
        shown = preview("people", self.TEXT)

        batch = services.import_reject(preview=shown, digest="d" * 64, at=AT)

        assert batch.status == BatchStatus.REJECTED
        assert Finding.objects.get(subject_id=str(batch.pk)).message.startswith("line 3, employee_id")


class TestImporters:
    def test_hold_a_role_that_imports(self) -> None:
        ken = company.user("ken", Role.KAM)
        words = "Importing a file is for Compensation admin or Finance or HR and legal or API client; ken does not"

        with pytest.raises(RoleMissing, match=words):
            commit("people", company.PEOPLE, by=ken)
        assert not Person.objects.exists()

        shown = commit("people", company.PEOPLE, by=company.user("hannah", Role.HR_LEGAL))
        with pytest.raises(RoleMissing, match="Undoing an import is for"):
            services.import_undo(batch_id=shown.batch.pk, by=ken, at=LATER)


class TestSecondPerson:
    HEADER = "employee_id,base_salary,variable_target,currency,from,to\n"

    def test_own_rows_wait_for_somebody_else(self) -> None:
        company.teams()
        ann, bob = company.user("ann"), company.user("bob")
        Person.objects.filter(employee_id="007").update(user=ann)
        text = self.HEADER + "007,1000000.00,0,EUR,2026-01-01,\n"
        given = {"kind": "packages", "content": text.encode(), "filename": "own.csv", "at": AT}

        with pytest.raises(SecondPersonNeeded, match="line 2 is about the person who imports the file"):
            services.import_commit(**given, by=ann)
        batch = services.import_submit(**given, by=ann)

        assert not PayPackage.objects.filter(person__employee_id="007").exists()
        finding = Finding.objects.get(subject_id=str(batch.pk))
        assert (finding.severity, finding.status) == ("blocks", "open")
        with pytest.raises(services.NotSecondPerson, match="ask somebody else"):
            services.import_approve(batch_id=batch.pk, by=ann, at=AT)

        services.import_approve(batch_id=batch.pk, by=bob, at=AT)
        shown = services.import_commit(**given, by=ann)

        assert shown.new == 1
        assert Approval.objects.get().decided_by == bob
        finding.refresh_from_db()
        assert finding.status == "settled"

    def test_the_approval_is_of_this_file_only(self) -> None:
        company.teams()
        ann, bob = company.user("ann"), company.user("bob")
        Person.objects.filter(employee_id="007").update(user=ann)
        text = self.HEADER + "007,1000.00,0,EUR,2026-01-01,\n"
        given = {"kind": "packages", "filename": "own.csv", "at": AT, "by": ann}
        batch = services.import_submit(content=text.encode(), **given)
        services.import_approve(batch_id=batch.pk, by=bob, at=AT)

        with pytest.raises(SecondPersonNeeded):
            services.import_commit(content=text.replace("1000.00", "9000.00").encode(), **given)

    @pytest.mark.parametrize("kind", ["targets", "team_memberships", "credits", "metric_results", "ratings"])
    def test_is_asked_for_in_every_kind_that_pays(self, kind: str) -> None:
        from kamcomp.imports.kinds import kind_named

        assert kind_named(kind).about is not None

    def test_rows_about_others_go_through(self) -> None:
        company.teams()
        ann = company.user("ann")
        Person.objects.filter(employee_id="007").update(user=ann)

        shown = commit("packages", self.HEADER + "E2,1.00,0,EUR,2026-01-01,\n", by=ann)

        assert shown.new == 1
        assert shown.batch is not None
        assert shown.batch.created_by == ann
        assert PayPackage.objects.get(person__employee_id="E2", base_salary=1).created_by == ann


class TestLateFacts:
    def test_are_accepted_and_counted_by_locked_period(self) -> None:
        company.teams()
        commit("products", company.PRODUCTS)
        company.quarters(locked=(1,))

        shown = commit("transactions", company.LINES)

        assert shown.late == {"2026-Q1": 4}
        assert Transaction.objects.count() == 3

    def test_spans_that_reach_into_a_locked_period_are_counted(self) -> None:
        company.teams()
        company.quarters(locked=(1,))

        shown = preview(
            "packages", "employee_id,base_salary,variable_target,currency,from,to\n007,1,0,EUR,2026-03-31,\n"
        )

        assert shown.late == {"2026-Q1": 1}


class TestUndo:
    def undo(self, shown: object) -> ImportBatch:
        return services.import_undo(batch_id=shown.batch.pk, at=LATER)

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("segments", "segment_code,kind,name\nauto,vertical,Cars\nnew,region,New\n"),
            ("accounts", company.ACCOUNTS.replace("Corner", "Fancy") + "NEW,New,ACME,,,,,EUR,,,\n"),
            (
                "people",
                company.PEOPLE.replace("0002", "0022").replace("E1,0003", "E2,0003")
                + "E8,New One,,E1,0008,\n",
            ),
            (
                "employments",
                company.EMPLOYMENTS.replace("2026-12-31", "2026-06-30") + "E2,B,DE,de,1,,EUR,2026-07-01,,\n",
            ),
            ("packages", company.PACKAGES.replace("2025-12-31", "2025-06-30") + "E2,1,1,1,EUR,2025-07-01,\n"),
            (
                "team_memberships",
                company.TEAM.replace("auto|pumps", "pumps").replace("2024-01-01,", "2024-01-01,2026-06-30"),
            ),
        ],
    )
    def test_of_records_restores_every_row(self, kind: str, text: str) -> None:
        company.teams()
        before = rows_of_everything()
        shown = commit(kind, text)
        assert rows_of_everything() != before

        batch = self.undo(shown)

        assert rows_of_everything() == before
        assert (batch.status, batch.undone_at) == (BatchStatus.UNDONE, LATER)

    def test_of_facts_believes_the_old_rows_again(self) -> None:
        company.teams()
        commit("products", company.PRODUCTS)
        commit("transactions", company.LINES)
        changed = company.LINES.replace("1200.10", "1300.00").replace("EUR,E2,\n", "EUR,E1,\n")
        shown = commit(
            "transactions", changed + "INV-3,1,2026-02-08,ACME,,,1,7,,EUR,E1,\n", at=AT + timedelta(hours=1)
        )
        assert shown.new == 1
        imported_at = Transaction.objects.get(source_id="INV-3").recorded_at

        self.undo(shown)

        believed = Transaction.objects.current()
        assert sorted(believed.values_list("source_id", "line", "revenue")) == [
            ("INV-1", 1, Decimal("1200.10")),
            ("INV-1", 2, Decimal("-50.5")),
            ("INV-2", 1, Decimal(300)),
        ]
        credit = Credit.objects.current().get(source_id="INV-1", line=1)
        assert credit.person.employee_id == "E2"
        while_in = Transaction.objects.known_at(imported_at)
        assert while_in.get(source_id="INV-1", line=1).revenue == 1300

    def test_of_targets_believes_the_old_one_again(self) -> None:
        company.teams()
        Metric.objects.update_or_create(
            code="X1",
            defaults={"name": "X", "perspective": "financial", "unit": "money", "source": "external"},
        )
        header = "metric_code,account_code,employee_id,from,to,target,currency,issued_on\n"
        row = "X1,ACME,,2026-04-01,2026-06-30,1000,EUR,2026-03-15\n"
        commit("targets", header + row)
        shown = commit("targets", header + row.replace("1000", "900"), at=AT + timedelta(hours=1))

        self.undo(shown)

        assert Target.objects.current().get().value == 1000

    def test_then_the_same_file_can_come_again(self) -> None:
        shown = commit("people", company.PEOPLE)
        self.undo(shown)
        assert not Person.objects.exists()

        again = commit("people", company.PEOPLE)

        assert again.already is None
        assert again.new == 3

    def test_is_refused_once_a_period_is_locked(self) -> None:
        company.teams()
        commit("products", company.PRODUCTS)
        periods = company.quarters()
        shown = commit("transactions", company.LINES)
        company.lock(periods[0])

        with pytest.raises(PeriodUsedIt, match="2026-Q1 has been locked since"):
            self.undo(shown)

        assert Transaction.objects.current().count() == 3

    def test_of_a_late_fact_is_open_while_its_adjustment_s_period_is(self) -> None:
        company.teams()
        commit("products", company.PRODUCTS)
        periods = company.quarters(locked=(1,))
        shown = commit("transactions", company.LINES)
        again = commit("transactions", company.LINES.replace("1200.10", "1"))

        self.undo(again)
        company.lock(periods[1])

        with pytest.raises(PeriodUsedIt, match="2026-Q2"):
            self.undo(shown)

    def test_waits_for_later_imports_of_the_same_rows(self) -> None:
        company.teams()
        commit("products", company.PRODUCTS)
        first = commit("transactions", company.LINES)
        second = commit("transactions", company.LINES.replace("1200.10", "1300"), at=AT + timedelta(hours=1))

        with pytest.raises(ChangedSince, match="undo that import first"):
            self.undo(first)
        self.undo(second)
        self.undo(first)

        assert not Transaction.objects.current().exists()
        assert not Credit.objects.current().exists()

    def test_waits_for_changes_made_by_hand(self) -> None:
        shown = commit("people", company.PEOPLE)
        Person.objects.filter(employee_id="E1").update(cost_centre="changed")

        with pytest.raises(ChangedSince, match="has been changed since this import"):
            self.undo(shown)

    def test_is_refused_while_others_stand_on_it(self) -> None:
        shown = commit("people", company.PEOPLE)
        commit("employments", company.EMPLOYMENTS)

        with pytest.raises(ChangedSince, match="other rows stand on what it made"):
            self.undo(shown)

        assert Person.objects.count() == 3

    def test_is_once(self) -> None:
        shown = commit("people", company.PEOPLE)
        self.undo(shown)

        with pytest.raises(NotCommitted, match="undone: nothing to undo"):
            self.undo(shown)

    def test_puts_the_account_back_in_its_state(self) -> None:
        company.teams()
        header = company.TEAM.splitlines()[0]
        row = "ACME,E1,key_account_manager,direct,60,account,,,2024-01-01,2026-06-30"
        shown = commit("team_memberships", f"{header}\n{row}\n")
        assert StrategicAccount.objects.get().status == "review"

        self.undo(shown)

        assert StrategicAccount.objects.get().status == "active"
        assert Membership.objects.get(person__employee_id="E1").valid.upper is None
        assert AccountNode.objects.count() == 3
