"""Accounts and their teams: a tree, a manager on every day of an active account, whole people."""

from datetime import date

import pytest

from teams.choices import AccountStatus, Seat
from teams.models import AccountNode, Membership, StrategicAccount
from tests.laws import rows
from tests.laws.breaking import MADE, WRITERS, refused, together

PARENT = "UPDATE teams_accountnode SET parent_id = %s WHERE id = %s"


class TestAccountTree:
    def test_refuses_a_cycle(self, app_sql):
        top = rows.node()
        middle = rows.node(parent=top)
        bottom = rows.node(parent=middle)

        with refused("account_nodes_have_no_cycle", saying="under one of its own branches"):
            app_sql.execute(PARENT, [str(bottom.pk), str(top.pk)])

    def test_refuses_a_cycle_made_by_two_at_once(self, app_connection):
        ring = [rows.node() for _ in range(WRITERS)]
        hang = [
            lambda cursor, under=under, node=node: cursor.execute(PARENT, [str(under.pk), str(node.pk)])
            for node, under in zip(ring, [*ring[1:], ring[0]], strict=True)
        ]

        outcomes = together(app_connection, hang)

        assert outcomes == {MADE: WRITERS - 1, "account_nodes_have_no_cycle": 1}
        assert AccountNode.objects.filter(parent=None).count() == 1

    def test_lets_a_branch_move(self, app_sql):
        old, new = rows.node(), rows.node()
        branch = rows.node(parent=old)

        app_sql.execute(PARENT, [str(new.pk), str(branch.pk)])

        assert AccountNode.objects.get(pk=branch.pk).parent_id == new.pk

    def test_refuses_a_branch_in_the_programme(self, app_sql):
        branch = rows.node(parent=rows.node())
        account = rows.account()

        with refused("strategic_accounts_are_roots"):
            app_sql.execute(
                "UPDATE teams_strategicaccount SET node_id = %s WHERE id = %s",
                [str(branch.pk), str(account.pk)],
            )

    def test_refuses_to_hang_an_account_of_the_programme_under_another(self, app_sql):
        account = rows.account()

        with refused("strategic_accounts_are_roots", saying="stays a root"):
            app_sql.execute(PARENT, [str(rows.node().pk), str(account.node_id)])


class TestKeyAccountManager:
    def test_refuses_two_on_one_day(self, app_sql):
        account, _kam = rows.active_account()
        deputy = rows.membership(account=account, seat=Seat.DEPUTY, pool_eligible=False)

        with refused("memberships_one_kam_a_day"):
            app_sql.execute("UPDATE teams_membership SET seat = 'kam' WHERE id = %s", [str(deputy.pk)])

    def test_refuses_an_active_account_without_one(self, app_sql):
        account = rows.account()

        with refused("strategic_accounts_active_have_a_kam", saying="no key account manager on"):
            app_sql.execute(
                "UPDATE teams_strategicaccount SET status = 'active' WHERE id = %s", [str(account.pk)]
            )

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE teams_membership SET valid = '[2026-01-01,2026-06-01)' WHERE id = %s",
            "UPDATE teams_membership SET valid = '[2026-01-02,)' WHERE id = %s",
            "UPDATE teams_membership SET seat = 'member' WHERE id = %s",
            "DELETE FROM teams_membership WHERE id = %s",
        ],
    )
    def test_refuses_a_day_left_without_one(self, app_sql, statement):
        _account, kam = rows.active_account()

        with refused("strategic_accounts_active_have_a_kam"):
            app_sql.execute(statement, [str(kam.pk)])

    def test_names_the_days_without_one(self, app_sql):
        _account, kam = rows.active_account()

        with refused("strategic_accounts_active_have_a_kam", saying=r"on \{\[2026-06-01,\)\}"):
            app_sql.execute(
                "UPDATE teams_membership SET valid = '[2026-01-01,2026-06-01)' WHERE id = %s", [str(kam.pk)]
            )

    def test_lets_one_hand_over_to_the_next_in_one_transaction(self, app_connection):
        account, kam = rows.active_account()
        deputy = rows.membership(account=account, seat=Seat.DEPUTY, pool_eligible=False)
        connection = app_connection()

        with connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE teams_membership SET valid = '[2026-01-01,2026-06-01)' WHERE id = %s", [str(kam.pk)]
            )
            cursor.execute(
                "UPDATE teams_membership SET valid = '[2026-06-01,)', seat = 'kam' WHERE id = %s",
                [str(deputy.pk)],
            )

        assert StrategicAccount.objects.get(pk=account.pk).status == AccountStatus.ACTIVE

    def test_asks_only_for_the_days_of_the_programme(self, app_sql):
        _account, kam = rows.active_account(programme_end=date(2026, 6, 1))

        app_sql.execute(
            "UPDATE teams_membership SET valid = '[2026-01-01,2026-06-01)' WHERE id = %s", [str(kam.pk)]
        )

        assert Membership.objects.get(pk=kam.pk).valid.upper == date(2026, 6, 1)

    def test_is_not_lost_between_twelve_at_once(self, app_connection):
        """Each takes away one manager of a chain and would leave the account whole but for the others."""
        account = rows.account()
        kam = rows.membership(account=account, seat=Seat.KAM)
        activate = "UPDATE teams_strategicaccount SET status = 'active' WHERE id = %s"
        delete = "DELETE FROM teams_membership WHERE id = %s"

        outcomes = together(
            app_connection,
            [
                *[lambda cursor: cursor.execute(activate, [str(account.pk)])] * (WRITERS // 2),
                *[lambda cursor: cursor.execute(delete, [str(kam.pk)])] * (WRITERS // 2),
            ],
        )

        active = StrategicAccount.objects.get(pk=account.pk).status == AccountStatus.ACTIVE
        assert active == Membership.objects.filter(pk=kam.pk).exists()
        assert outcomes["strategic_accounts_active_have_a_kam"] == WRITERS // 2


class TestDedication:
    INSERT = (
        "INSERT INTO teams_membership (id, account_id, person_id, role_id, seat, link, scope, dedication,"
        " pool_eligible, opt_out_reason, valid)"
        " VALUES (gen_random_uuid(), %s, %s, %s, 'member', 'direct', 'account', %s, true, '', %s)"
    )

    def test_refuses_more_than_all_of_a_day(self, app_sql):
        person = rows.person()
        rows.membership(person=person, dedication="0.6", valid=rows.days("2026-01-01", "2026-07-01"))
        rows.membership(person=person, dedication="0.3", valid=rows.days("2026-06-01"))

        with refused("memberships_dedication_is_at_most_one", saying="from 2026-06-01 on, E.* 100.1 %"):
            app_sql.execute(
                self.INSERT,
                [
                    str(rows.account().pk),
                    str(person.pk),
                    str(rows.role().pk),
                    "0.101",
                    "[2026-05-01,2026-06-02)",
                ],
            )

    def test_lets_a_day_be_full(self, app_sql):
        person = rows.person()
        rows.membership(person=person, dedication="0.6", valid=rows.days("2026-01-01", "2026-07-01"))

        app_sql.execute(
            self.INSERT, [str(rows.account().pk), str(person.pk), str(rows.role().pk), "0.4", "[2026-05-01,)"]
        )

        assert person.memberships.count() == 2

    def test_holds_between_twelve_at_once(self, app_connection):
        """Twelve half-time memberships of one person, none committed when the others are written."""
        person, role = rows.person(), rows.role()
        accounts = [rows.account() for _ in range(WRITERS)]
        acts = [
            lambda cursor, account=account: cursor.execute(
                self.INSERT, [str(account.pk), str(person.pk), str(role.pk), "0.5", "[2026-01-01,)"]
            )
            for account in accounts
        ]

        outcomes = together(app_connection, acts, commit_together=True)

        assert outcomes == {MADE: 2, "memberships_dedication_is_at_most_one": WRITERS - 2}

    @pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
    def test_is_not_given_at_an_isolation_level_that_would_not_see_the_others(self, app_connection, level):
        person, role, account = rows.person(), rows.role(), rows.account()
        connection = app_connection()
        connection.set_session(isolation_level=level)

        with refused("memberships_dedication_is_at_most_one", saying="reads committed"), connection:
            connection.cursor().execute(
                self.INSERT, [str(account.pk), str(person.pk), str(role.pk), "0.5", "[2026-01-01,)"]
            )
