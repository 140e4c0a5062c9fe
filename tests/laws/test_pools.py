"""Pools: spent to the cent and never beyond, by someone who gets nothing of it, approved by somebody else."""

import pytest

from kamcomp.identity.models import User
from payouts.choices import PoolStatus
from payouts.models import Allocation, Pool
from teams.models import Person
from tests.laws import rows
from tests.laws.breaking import MADE, WRITERS, refused, together

SET = "UPDATE payouts_allocation SET amount = %s WHERE id = %s"
SUBMIT = "UPDATE payouts_pool SET status = 'submitted' WHERE id = %s"
APPROVE = "UPDATE payouts_pool SET status = 'approved', approved_by_id = %s WHERE id = %s"


def submitted(pool):
    Pool.objects.filter(pk=pool.pk).update(status=PoolStatus.SUBMITTED)
    return pool


def spent(pool):
    return sum(amount or 0 for amount in pool.allocations.values_list("amount", flat=True))


class TestPoolSum:
    def test_refuses_a_cent_too_much(self, app_sql):
        pool = rows.pool()
        rows.allocation(pool, "60.00")
        second = rows.allocation(pool, "40.00")

        with refused("pools_are_not_overspent", saying=r"100\.01 allocated and 0 reserved is 0\.01 too much"):
            app_sql.execute(SET, ["40.01", str(second.pk)])

    def test_counts_the_reserve(self, app_sql):
        pool = rows.pool(reserve="10.00")
        allocation = rows.allocation(pool, "90.00")

        with refused("pools_are_not_overspent"):
            app_sql.execute(SET, ["90.01", str(allocation.pk)])
        with refused("pools_are_handed_in_whole"):
            app_sql.execute(
                "UPDATE payouts_pool SET reserve = 9, status = 'submitted' WHERE id = %s", [str(pool.pk)]
            )

    def test_refuses_to_be_handed_in_with_a_cent_left(self, app_sql):
        pool = rows.pool()
        rows.allocation(pool, "99.99")

        with refused("pools_are_handed_in_whole", saying=r"leaves 0\.01"):
            app_sql.execute(SUBMIT, [str(pool.pk)])

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE payouts_allocation SET amount = 0 WHERE pool_id = %s",
            "UPDATE payouts_allocation SET person_id = person_id WHERE pool_id = %s",
            "DELETE FROM payouts_allocation WHERE pool_id = %s",
        ],
    )
    def test_stays_once_handed_in(self, app_sql, statement):
        pool = rows.pool()
        rows.allocation(pool, "100.00")
        submitted(pool)

        with refused("pools_handed_in_stay", saying="only after it is returned"):
            app_sql.execute(statement, [str(pool.pk)])

    def test_refuses_a_negative_share(self, app_sql):
        allocation = rows.allocation(rows.pool(), None)

        with refused("allocations_are_not_negative"):
            app_sql.execute(SET, ["-0.01", str(allocation.pk)])

    def test_is_never_overspent_between_twelve_at_once(self, app_connection):
        """Each gives 30.00 of 100.00 to somebody else: three find room."""
        pool = rows.pool()
        shares = [rows.allocation(pool, None) for _ in range(WRITERS)]

        outcomes = together(
            app_connection,
            [lambda cursor, share=share: cursor.execute(SET, ["30.00", str(share.pk)]) for share in shares],
        )

        assert outcomes == {MADE: 3, "pools_are_not_overspent": WRITERS - 3}
        assert spent(pool) == 90

    def test_is_never_overspent_by_a_smaller_pool_at_the_same_time(self, app_connection):
        pool = rows.pool(status=PoolStatus.FUNDED)
        shares = [rows.allocation(pool, None) for _ in range(WRITERS - 1)]
        give = [lambda cursor, share=share: cursor.execute(SET, ["20.00", str(share.pk)]) for share in shares]
        shrink = "UPDATE payouts_pool SET funded = 50 WHERE id = %s"

        together(app_connection, [*give, lambda cursor: cursor.execute(shrink, [str(pool.pk)])])

        pool.refresh_from_db()
        assert 0 < spent(pool) <= pool.funded

    @pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
    def test_is_not_saved_at_an_isolation_level_that_would_not_see_the_others(self, app_connection, level):
        allocation = rows.allocation(rows.pool(), None)
        connection = app_connection()
        connection.set_session(isolation_level=level)

        with refused("pools_are_not_overspent", saying="reads committed"):
            connection.cursor().execute(SET, ["1.00", str(allocation.pk)])


class TestPoolFunding:
    def test_is_fixed_once_the_pool_is_being_allocated(self, app_sql):
        pool = rows.pool()

        with refused("pools_funding_is_fixed", saying="was funded with 100 before"):
            app_sql.execute("UPDATE payouts_pool SET funded = 110 WHERE id = %s", [str(pool.pk)])

    def test_is_done_anew_after_the_pool_is_returned(self, app_sql):
        pool = rows.pool()
        Pool.objects.filter(pk=pool.pk).update(status=PoolStatus.RETURNED, returned_reason="a late order")

        app_sql.execute("UPDATE payouts_pool SET funded = 110 WHERE id = %s", [str(pool.pk)])

        assert Pool.objects.get(pk=pool.pk).funded == 110

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [
            ("planned", "allocating"),
            ("funded", "submitted"),
            ("allocating", "approved"),
            ("allocating", "funded"),
            ("submitted", "allocating"),
        ],
    )
    def test_moves_only_as_its_states_say(self, app_sql, was, becomes):
        pool = rows.pool(status=PoolStatus.PLANNED)
        rows.allocation(pool, "100.00")
        for status in ["funded", "allocating", "submitted", "approved"]:
            if pool.status == was:
                break
            Pool.objects.filter(pk=pool.pk).update(status=status)
            pool.status = status

        with refused("pools_move_on"):
            app_sql.execute("UPDATE payouts_pool SET status = %s WHERE id = %s", [becomes, str(pool.pk)])

    @pytest.mark.parametrize("change", ["reserve = 1", "status = 'returned'", "status = 'allocating'"])
    def test_stays_once_approved(self, app_sql, change):
        pool = rows.pool()
        rows.allocation(pool, "100.00")
        submitted(pool)
        app_sql.execute(APPROVE, [str(rows.user().pk), str(pool.pk)])

        with refused("pools_approved_stay"):
            app_sql.execute(f"UPDATE payouts_pool SET {change} WHERE id = %s", [str(pool.pk)])


class TestPoolPeople:
    def test_pay_nothing_to_the_allocator(self, app_sql):
        pool = rows.pool()
        kam = pool.account.memberships.get(person=pool.allocator)
        share = rows.allocation(pool, "0", membership=kam, eligible=False, ineligible_reason="allocates")

        with refused("pools_allocator_is_not_paid", saying="never paid from it"):
            app_sql.execute(
                "UPDATE payouts_allocation SET eligible = true, amount = 1 WHERE id = %s", [str(share.pk)]
            )

    def test_pay_nothing_to_who_becomes_the_allocator(self, app_sql):
        pool = rows.pool()
        share = rows.allocation(pool, "10.00")

        with refused("pools_allocator_is_not_paid"):
            app_sql.execute(
                "UPDATE payouts_pool SET allocator_id = %s WHERE id = %s",
                [str(share.person_id), str(pool.pk)],
            )

    def test_let_nobody_approve_what_they_hand_in(self, app_sql):
        pool, user = rows.pool(), rows.user()
        rows.allocation(pool, "100.00")
        submitted(pool)
        Pool.objects.filter(pk=pool.pk).update(submitted_by=user)

        with refused("pools_allocator_is_not_approver"):
            app_sql.execute(APPROVE, [str(user.pk), str(pool.pk)])

    def test_let_the_allocator_not_approve_through_another_submitter(self, app_sql):
        pool = rows.pool()
        rows.allocation(pool, "100.00")
        Person.objects.filter(pk=pool.allocator_id).update(user=rows.user())
        submitted(pool)
        allocator_user = User.objects.get(person=pool.allocator_id)

        with refused("pools_allocator_is_not_approver", saying="who allocates a pool"):
            app_sql.execute(APPROVE, [str(allocator_user.pk), str(pool.pk)])

    def test_let_no_receiver_approve(self, app_sql):
        pool = rows.pool()
        share = rows.allocation(pool, "100.00")
        Person.objects.filter(pk=share.person_id).update(user=rows.user())
        submitted(pool)

        with refused("pools_approver_is_not_paid", saying="does not approve it"):
            app_sql.execute(APPROVE, [str(User.objects.get(person=share.person_id).pk), str(pool.pk)])

    def test_pay_only_members_of_the_account(self, app_sql):
        share = rows.allocation(rows.pool(), "10.00")
        stranger = rows.membership()

        with refused("allocations_are_for_members"):
            app_sql.execute(
                "UPDATE payouts_allocation SET membership_id = %s, person_id = %s WHERE id = %s",
                [str(stranger.pk), str(stranger.person_id), str(share.pk)],
            )

    def test_pay_nothing_to_the_ineligible(self, app_sql):
        share = rows.allocation(rows.pool(), None, eligible=False, ineligible_reason="left")

        with refused("allocations_ineligible_gets_nothing"):
            app_sql.execute(SET, ["1.00", str(share.pk)])
        assert Allocation.objects.get(pk=share.pk).amount is None
