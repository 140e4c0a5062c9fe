"""Files of people, accounts and teams: what each brings, and each rule's failing file."""

from datetime import date
from decimal import Decimal

import pytest

from kamcomp.spans import Span
from teams.models import (
    AccountNode,
    AccountObjective,
    Employment,
    JobRole,
    Membership,
    PayPackage,
    Person,
    Segment,
    StrategicAccount,
)
from tests.imports import company
from tests.imports.company import commit, findings, preview

pytestmark = pytest.mark.django_db


class TestSegments:
    def test_come_in(self) -> None:
        shown = commit("segments", company.SEGMENTS)

        assert shown.sentence() == "2 rows: 2 new, 0 changed, 0 same, 0 rejected."
        assert Segment.objects.get(code="auto").kind == "vertical"

    def test_kind_is_one_of_a_few(self) -> None:
        found = findings("segments", "segment_code,kind,name\na,Vertical,A\n")

        assert found == [
            (
                "line 2, kind: 'Vertical' is not known here: use one of vertical, end_market, product, region, "
                "or translate it in the column map"
            )
        ]


class TestAccounts:
    def test_come_in_as_a_tree(self) -> None:
        commit("segments", company.SEGMENTS)

        shown = commit("accounts", company.ACCOUNTS)

        assert shown.new == 3
        assert AccountNode.objects.get(code="ACME-DE").parent.code == "ACME"
        account = StrategicAccount.objects.get()
        assert (account.node.code, account.strategy, account.tier) == ("ACME", "grow", "1")
        assert account.grow_weight == 1
        assert account.programme_start == date(2024, 1, 1)
        assert account.status == "candidate"

    def test_a_changed_cell_is_shown_old_and_new(self) -> None:
        commit("segments", company.SEGMENTS)
        commit("accounts", company.ACCOUNTS)

        shown = preview("accounts", company.ACCOUNTS.replace("Corner Shop", "Corner Store"))

        assert (shown.new, shown.changed, shown.same) == (0, 1, 2)
        assert [(c.line, c.column, c.old, c.new) for c in shown.changes] == [
            (4, "name", "Corner Shop", "Corner Store")
        ]

    def test_unknown_parent_and_segment_are_named(self) -> None:
        found = findings(
            "accounts", "account_code,name,parent_code,segment,currency\nA,Alpha,NONE,steel,EUR\n"
        )

        assert found == [
            "line 2, parent_code: 'NONE' there is no account of this name here: add a row for the parent",
            "line 2, segment: 'steel' there is no segment of this name here: import segments first",
        ]

    def test_a_circle_is_refused(self) -> None:
        found = findings("accounts", "account_code,name,parent_code,currency\nA,Alpha,B,EUR\nB,Beta,A,EUR\n")

        assert len(found) == 2
        assert "would stand under itself" in found[0]

    def test_a_part_is_not_in_the_programme(self) -> None:
        found = findings(
            "accounts", "account_code,name,parent_code,currency,strategy\nA,Alpha,,EUR,\nB,Beta,A,EUR,grow\n"
        )

        assert found == [
            "line 3, strategy: 'grow' only the root of a tree is in the programme: leave it empty for its parts"
        ]

    def test_an_absent_column_leaves_what_stands(self) -> None:
        commit("segments", company.SEGMENTS)
        commit("accounts", company.ACCOUNTS)

        commit("accounts", "account_code,name,currency\nACME,Acme Inc,EUR\n")

        node = AccountNode.objects.get(code="ACME")
        assert (node.name, node.country, node.segment.code) == ("Acme Inc", "US", "auto")


class TestPeople:
    def test_come_in_with_personal_fields_apart(self) -> None:
        commit("people", company.PEOPLE)

        person = Person.objects.get(employee_id="007")
        assert person.manager.employee_id == "E1"
        assert person.cost_centre == "S2"
        assert (person.details.legal_name, person.details.payroll_number) == ("Cleo Support", "0003")

    def test_rules(self) -> None:
        found = findings(
            "people",
            "employee_id,name,manager_employee_id,payroll_number,email\n"
            "E1,Ada,E1,01,ada@example.com\n"
            "E2,Ben,NOBODY,02,\n"
            "E3,Cleo,,02,cleo\n"
            ",Dee,,,\n",
        )

        assert found == [
            "line 2, manager_employee_id: 'E1' nobody manages themselves",
            "line 3, manager_employee_id: 'NOBODY' there is no person of this name here: add a row for the manager",
            "line 3, payroll_number: '02' stands for two people in this file",
            "line 4, email: 'cleo' is not an e-mail address",
            "line 4, payroll_number: '02' stands for two people in this file",
            "line 5, employee_id: is empty: every row needs it",
        ]
        assert not Person.objects.exists()

    def test_a_payroll_number_of_somebody_else_is_refused(self) -> None:
        commit("people", company.PEOPLE)

        found = findings("people", "employee_id,name,payroll_number\nE9,Eve,0001\n")

        assert found == ["line 2, payroll_number: '0001' belongs to E1 already"]

    def test_the_same_person_twice_is_refused(self) -> None:
        found = findings("people", "employee_id,name\nE1,Ada\nE1,Ada\n")

        assert found == ["line 3, employee_id: 'E1' the same employee_id already stands in line 2"]

    def test_an_erased_person_stays_erased(self) -> None:
        commit("people", company.PEOPLE)
        person = Person.objects.get(employee_id="007")
        person.details.erased_at = company.AT
        person.details.save()

        assert "were erased" in findings("people", "employee_id,name\n007,Cleo Again\n")[0]


class TestEmployments:
    def test_come_in_with_the_last_day_included(self) -> None:
        commit("people", company.PEOPLE)

        commit("employments", company.EMPLOYMENTS)

        ben = Employment.objects.get(person__employee_id="E2")
        assert ben.span == Span(date(2024, 1, 1), date(2027, 1, 1))
        assert (ben.fte, ben.job_role.code, ben.end_reason) == (
            Decimal("0.8"),
            "sales_representative",
            "contract",
        )

    def test_overlaps_name_both_rows(self) -> None:
        commit("people", company.PEOPLE)
        header = "employee_id,employer,jurisdiction,payroll_currency,from,to\n"
        commit("employments", header + "E1,Acme,DE,EUR,2024-01-01,2024-12-31\n")

        found = findings(
            "employments",
            header
            + "E1,Acme,DE,EUR,2024-06-01,\nE2,Acme,DE,EUR,2024-01-01,2024-05-31\nE2,Acme,FR,EUR,2024-05-31,\n",
        )

        assert found == [
            (
                "line 2, from: '2024-06-01' the time of the employment that stands already (2024-01-01 to 2024-12-31) "
                "overlaps this one (from 2024-06-01 on): end one before the other begins"
            ),
            (
                "line 4, from: '2024-05-31' the time of line 3 (2024-01-01 to 2024-05-31) overlaps this one "
                "(from 2024-05-31 on): end one before the other begins"
            ),
        ]

    def test_a_row_can_be_closed_and_followed_in_one_file(self) -> None:
        commit("people", company.PEOPLE)
        header = "employee_id,employer,jurisdiction,payroll_currency,fte,from,to\n"
        commit("employments", header + "E1,Acme,DE,EUR,1,2024-01-01,\n")

        shown = commit(
            "employments", header + "E1,Acme,DE,EUR,1,2024-01-01,2025-06-30\nE1,Acme,DE,EUR,0.5,2025-07-01,\n"
        )

        assert (shown.new, shown.changed) == (1, 1)
        spans = [e.span for e in Employment.objects.order_by("valid")]
        assert spans == [Span(date(2024, 1, 1), date(2025, 7, 1)), Span(date(2025, 7, 1))]

    def test_the_last_day_comes_not_before_the_first(self) -> None:
        commit("people", company.PEOPLE)

        found = findings(
            "employments",
            "employee_id,employer,jurisdiction,payroll_currency,from,to\nE1,Acme,DE,EUR,2024-01-02,2024-01-01\n",
        )

        assert found == ["line 2, to: '2024-01-01' comes before from 2024-01-02: the last day is included"]

    def test_fte_is_a_share(self) -> None:
        commit("people", company.PEOPLE)
        header = "employee_id,employer,jurisdiction,payroll_currency,fte,from,to\n"

        assert "above 1" in findings("employments", header + "E1,Acme,DE,EUR,1.2,2024-01-01,\n")[0]
        assert "must be above 0" in findings("employments", header + "E1,Acme,DE,EUR,0,2024-01-01,\n")[0]


class TestPackages:
    def test_come_in_to_the_cent(self) -> None:
        commit("people", company.PEOPLE)

        shown = commit("packages", company.PACKAGES)

        package = PayPackage.objects.get(person__employee_id="E2")
        assert (package.pool_target, package.currency) == (Decimal("5000.50"), "USD")
        assert shown.totals["USD"]["base_salary"] == {
            "file": "60000.00",
            "accepted": "60000.00",
            "rejected": "0",
        }

    def test_amounts_that_pay_have_their_currency_s_decimals(self) -> None:
        commit("people", company.PEOPLE)

        found = findings(
            "packages",
            "employee_id,base_salary,variable_target,currency,from,to\n"
            "E1,100000.001,0,EUR,2025-01-01,\nE2,1000.5,0,JPY,2025-01-01,\n007,-1,0,EUR,2025-01-01,\n",
        )

        assert found == [
            "line 2, base_salary: '100000.001' has 3 decimals, EUR has 2",
            "line 3, base_salary: '1000.5' has 1 decimals, JPY has none",
            "line 4, base_salary: '-1' is below 0, the least allowed",
        ]

    def test_sums_tell_rejected_from_accepted(self) -> None:
        commit("people", company.PEOPLE)

        shown = preview(
            "packages",
            "employee_id,base_salary,variable_target,currency,from,to\n"
            "E1,100.00,1.00,EUR,2025-01-01,\nNOBODY,50.50,2.00,EUR,2025-01-01,\n",
        )

        assert shown.totals["EUR"]["base_salary"] == {
            "file": "150.50",
            "accepted": "100.00",
            "rejected": "50.50",
        }
        assert (shown.rows, shown.new, shown.rejected) == (2, 1, 1)


class TestTeamMemberships:
    def test_come_in_and_make_the_account_active(self) -> None:
        company.teams()

        ben = Membership.objects.get(person__employee_id="E2")
        assert {segment.code for segment in ben.segments.all()} == {"auto", "pumps"}
        assert (ben.dedication, ben.leader.employee_id, ben.pool_eligible) == (Decimal("0.5"), "E1", True)
        ada = Membership.objects.get(person__employee_id="E1")
        assert (ada.seat, ada.pool_eligible) == ("kam", False)
        cleo = Membership.objects.get(person__employee_id="007")
        assert (cleo.node.code, cleo.scope, cleo.dedication) == ("ACME-DE", "regional", Decimal("0.125"))
        assert cleo.span.last == date(2025, 12, 31)
        assert StrategicAccount.objects.get().status == "active"

    def test_a_day_without_kam_puts_the_account_in_review(self) -> None:
        company.teams()
        header = company.TEAM.splitlines()[0]

        shown = commit(
            "team_memberships",
            f"{header}\nACME,E1,key_account_manager,direct,60,account,,,2024-01-01,2026-06-30\n",
        )

        assert StrategicAccount.objects.get().status == "review"
        assert [str(note) for note in shown.notes] == [
            "line 2, account_code: 'ACME' has no key account manager from 2026-07-01 on: it is in review"
        ]

    def test_segments_of_a_row_are_the_whole_set(self) -> None:
        company.teams()

        shown = commit("team_memberships", company.TEAM.replace("auto|pumps", "pumps"))

        assert shown.ended == 1
        ben = Membership.objects.get(person__employee_id="E2")
        assert [segment.code for segment in ben.segments.all()] == ["pumps"]

    def test_segments_can_be_emptied(self) -> None:
        company.teams()

        shown = commit("team_memberships", company.TEAM.replace("auto|pumps", ""))

        assert shown.changed + shown.ended > 0
        assert not Membership.objects.get(person__employee_id="E2").segments.exists()

    def test_rules(self) -> None:
        company.teams()
        header = company.TEAM.splitlines()[0]

        found = findings(
            "team_memberships",
            f"{header}\n"
            "SHOP,E2,billing,matrix,1,account,,,2026-01-01,\n"
            "ACME,E2,billing,matrix,1,account,,,2025-06-01,2025-07-01\n"
            "ACME,007,key_account_manager,direct,1,account,,,2026-01-01,\n"
            "ACME,007,astronaut,direct,1,account,,mars,2024-01-01,2024-02-01\n",
        )

        assert found == [
            (
                "line 2, account_code: 'SHOP' there is no account of the programme of this name here: "
                "import accounts first, with a strategy and programme_start for its root"
            ),
            (
                "line 3, effective_from: '2025-06-01' the time of the membership of E2 on ACME that stands already "
                "(from 2025-01-01 on) overlaps this one (2025-06-01 to 2025-07-01): end one before the other begins"
            ),
            (
                "line 4, effective_from: '2026-01-01' the key account manager's time of the membership of E1 on ACME "
                "that stands already (from 2024-01-01 on) overlaps this one (from 2026-01-01 on): "
                "end one before the other begins"
            ),
            (
                "line 5, role: 'astronaut' there is no role in the catalogue of this name here: "
                "import job_roles first, or translate it"
            ),
            "line 5, segments: 'mars' there is no segment mars here: import segments first",
        ]

    def test_dedication_is_at_most_all_of_the_time(self) -> None:
        company.teams()
        commit(
            "accounts", "account_code,name,currency,strategy,programme_start\nBETA,Beta,EUR,grow,2026-01-01\n"
        )
        header = company.TEAM.splitlines()[0]

        found = findings("team_memberships", f"{header}\nBETA,E2,billing,direct,50.5,account,,,2026-01-01,\n")

        assert found == [
            (
                "line 2, dedication_pct: '50.5' from 2026-01-01 on the person would give 100.5 % of their time, "
                "together with the membership of E2 on ACME that stands already: 100 % is all there is"
            )
        ]

    def test_the_manager_takes_no_share(self) -> None:
        commit("accounts", "account_code,name,currency,strategy\nBETA,Beta,EUR,grow\n")
        commit("people", company.PEOPLE)

        found = findings(
            "team_memberships",
            "account_code,employee_id,role,link,dedication_pct,effective_from,effective_to,pool_eligible\n"
            "BETA,E1,key_account_manager,direct,50,2026-01-01,,true\n",
        )

        assert "takes no share" in found[0]


class TestJobRoles:
    def test_come_in(self) -> None:
        commit("job_roles", "role_code,name,usual_link,seat,role_weight\npilot,Pilot,matrix,member,1.5\n")

        assert JobRole.objects.get(code="pilot").role_weight == Decimal("1.5")


class TestObjectives:
    HEADER = (
        "objective_code,account_code,owner_employee_id,statement,metric_code,baseline,target,due_on,weight\n"
    )

    def test_come_in(self) -> None:
        company.teams()

        commit(
            "objectives", self.HEADER + 'O-1,ACME,E1,"Grow\nthe whole account",M01,100,120,2026-12-31,0.4\n'
        )

        objective = AccountObjective.objects.get()
        assert (objective.owner.employee_id, objective.status, objective.weight) == (
            "E1",
            "agreed",
            Decimal("0.4"),
        )
        assert objective.statement == "Grow\nthe whole account"

    def test_need_owner_and_date(self) -> None:
        company.teams()

        assert findings("objectives", self.HEADER + "O-1,ACME,,Grow,M01,,,,\n") == [
            "line 2, owner_employee_id: is empty: every row needs it",
            "line 2, due_on: is empty: every row needs it",
        ]
