"""Plans: a second person, one version a day, nothing edited once approved, nobody on a version not in force."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from plans.choices import VersionStatus
from plans.models import Draft, DraftBrief, DraftStep, PlanVersion
from tests.laws import rows
from tests.laws.breaking import MADE, WRITERS, refused, together


class TestPlanVersion:
    @pytest.mark.parametrize(
        ("status", "statement"),
        [
            (VersionStatus.APPROVED, "UPDATE plans_planversion SET document = '{}' WHERE id = %s"),
            (VersionStatus.APPROVED, "UPDATE plans_planversion SET valid = '[2026-02-01,)' WHERE id = %s"),
            (VersionStatus.APPROVED, "DELETE FROM plans_planversion WHERE id = %s"),
            (VersionStatus.PUBLISHED, "UPDATE plans_planversion SET document = '{}' WHERE id = %s"),
            (VersionStatus.PUBLISHED, "UPDATE plans_planversion SET digest = 'x' WHERE id = %s"),
            (VersionStatus.PUBLISHED, "UPDATE plans_planversion SET loading_reason = 'x' WHERE id = %s"),
            (VersionStatus.PUBLISHED, "UPDATE plans_planversion SET published_at = now() WHERE id = %s"),
            (VersionStatus.PUBLISHED, "DELETE FROM plans_planversion WHERE id = %s"),
        ],
    )
    def test_is_not_edited_once_approved(self, app_sql, status, statement):
        version = rows.version(status=status)

        with refused("plan_versions_are_not_edited", saying="draft the next version"):
            app_sql.execute(statement, [str(version.pk)])

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [("draft", "published"), ("approved", "draft"), ("published", "draft"), ("published", "approved")],
    )
    def test_only_moves_on(self, app_sql, was, becomes):
        version = rows.version(status=was)

        with refused("plan_versions_move_on", saying=f"is {was} and cannot become {becomes}"):
            app_sql.execute(
                "UPDATE plans_planversion SET status = %s WHERE id = %s", [becomes, str(version.pk)]
            )

    def test_is_not_approved_by_who_prepared_it(self, app_sql):
        version = rows.version(status=VersionStatus.DRAFT)

        with refused("plan_versions_preparer_is_not_approver"):
            app_sql.execute(
                "UPDATE plans_planversion SET status = 'approved', approved_by_id = prepared_by_id, approved_at = now()"
                " WHERE id = %s",
                [str(version.pk)],
            )

    def test_is_withdrawn_only_before_it_is_in_force(self, app_sql):
        withdraw = "UPDATE plans_planversion SET status = 'withdrawn' WHERE id = %s"
        tomorrow = timezone.now().date() + timedelta(days=1)
        coming = rows.version(valid=rows.days(tomorrow.isoformat()))
        app_sql.execute(withdraw, [str(coming.pk)])

        with refused("plan_versions_withdrawn_before_in_force", saying="publish the next version"):
            app_sql.execute(withdraw, [str(rows.version().pk)])

    @pytest.mark.parametrize("span", ["[2026-01-01,2027-02-01)", "[2026-02-01,2027-01-01)", "[2026-01-01,)"])
    def test_is_only_cut_short(self, app_sql, span):
        version = rows.version()

        with refused("plan_versions_end_is_only_brought_forward"):
            app_sql.execute("UPDATE plans_planversion SET valid = %s WHERE id = %s", [span, str(version.pk)])

    def test_is_not_cut_short_into_a_locked_period(self, app_sql):
        plan = rows.plan()
        version = rows.version(plan=plan)
        rows.period_lock(rows.period(calendar=plan.calendar))
        cut = "UPDATE plans_planversion SET valid = %s WHERE id = %s"

        with refused("plan_versions_end_is_only_brought_forward", saying="not before 2026-04-01"):
            app_sql.execute(cut, ["[2026-01-01,2026-03-01)", str(version.pk)])
        app_sql.execute(cut, ["[2026-01-01,2026-04-01)", str(version.pk)])

        assert PlanVersion.objects.get(pk=version.pk).span.until == date(2026, 4, 1)

    def test_is_the_only_one_of_twelve_published_at_once(self, app_connection):
        plan = rows.plan()
        drafts = [rows.version(plan=plan, status=VersionStatus.APPROVED) for _ in range(WRITERS)]
        publish = "UPDATE plans_planversion SET status = 'published' WHERE id = %s"

        outcomes = together(
            app_connection,
            [lambda cursor, draft=draft: cursor.execute(publish, [str(draft.pk)]) for draft in drafts],
        )

        assert outcomes.pop(MADE) == 1
        assert set(outcomes) <= {"plans_one_published_version_a_day", "DeadlockDetected"}


class TestAssignment:
    INSERT = (
        "INSERT INTO plans_assignment (id, person_id, plan_id, plan_version_id, scope, share, parameters, valid)"
        " VALUES (gen_random_uuid(), %s, %s, %s, 'account', 1, '{}', %s)"
    )

    @pytest.mark.parametrize("status", [VersionStatus.DRAFT, VersionStatus.APPROVED, VersionStatus.WITHDRAWN])
    def test_refuses_a_version_that_is_not_published(self, app_sql, status):
        version = rows.version(status=VersionStatus.DRAFT if status == VersionStatus.WITHDRAWN else status)
        PlanVersion.objects.filter(pk=version.pk).update(status=status)

        with refused("assignments_are_in_force", saying=f"that version is {status}"):
            app_sql.execute(
                self.INSERT,
                [str(rows.person().pk), str(version.plan_id), str(version.pk), "[2026-01-01,2026-02-01)"],
            )

    @pytest.mark.parametrize("span", ["[2025-12-31,2026-02-01)", "[2026-12-01,2027-01-02)", "[2026-01-01,)"])
    def test_refuses_days_outside_the_version(self, app_sql, span):
        version = rows.version()

        with refused("assignments_are_in_force"):
            app_sql.execute(self.INSERT, [str(rows.person().pk), str(version.plan_id), str(version.pk), span])

    def test_refuses_the_version_of_another_plan(self, app_sql):
        version = rows.version()

        with refused("assignments_are_in_force"):
            app_sql.execute(
                self.INSERT,
                [str(rows.person().pk), str(rows.plan().pk), str(version.pk), "[2026-01-01,2026-02-01)"],
            )

    def test_holds_its_version_in_force(self, app_sql):
        version = rows.version()
        rows.assignment(version)

        with refused("assignments_are_in_force"):
            app_sql.execute(
                "UPDATE plans_planversion SET valid = '[2026-01-01,2026-07-01)' WHERE id = %s",
                [str(version.pk)],
            )

    def test_is_in_force_whoever_comes_first(self, app_connection):
        """Six cut the version short while six assign people to its last day."""
        version = rows.version()
        people = [rows.person() for _ in range(WRITERS // 2)]
        cut = "UPDATE plans_planversion SET valid = '[2026-01-01,2026-07-01)' WHERE id = %s"
        assign = [
            lambda cursor, person=person: cursor.execute(
                self.INSERT,
                [str(person.pk), str(version.plan_id), str(version.pk), "[2026-06-01,2026-12-31)"],
            )
            for person in people
        ]

        outcomes = together(
            app_connection,
            [*assign, *[lambda cursor: cursor.execute(cut, [str(version.pk)])] * (WRITERS // 2)],
        )

        version.refresh_from_db()
        assigned = version.assignments.count()
        assert assigned == (0 if version.span.until == date(2026, 7, 1) else outcomes[MADE])
        assert outcomes["assignments_are_in_force"] >= 1


def draft(**values):
    user = rows.user()
    return Draft.objects.create(
        **{
            "calendar": rows.calendar(),
            "name": "n",
            "document": {},
            "changed_by": user,
            "changed_at": timezone.now(),
            **values,
        }
    )


@pytest.mark.django_db(transaction=True)
class TestDraft:
    def test_moves_as_its_states_say(self, app_sql):
        version, made = rows.version(status=VersionStatus.DRAFT), draft()
        submit = "UPDATE plans_draft SET status = 'submitted', version_id = %s WHERE id = %s"

        app_sql.execute(submit, [str(version.pk), str(made.pk)])
        with refused("plan_drafts_move_on", saying="is submitted and cannot become discarded"):
            app_sql.execute("UPDATE plans_draft SET status = 'discarded', version_id = NULL")
        with refused("plan_drafts_stay"):
            app_sql.execute("DELETE FROM plans_draft")
        app_sql.execute("UPDATE plans_draft SET status = 'editing', version_id = NULL")

    def test_is_a_version_once_submitted(self, app_sql):
        made, version = draft(), rows.version(status=VersionStatus.DRAFT)

        with refused("plan_drafts_submitted_are_versions"):
            app_sql.execute("UPDATE plans_draft SET status = 'submitted' WHERE id = %s", [str(made.pk)])
        with refused("plan_drafts_submitted_are_versions"):
            app_sql.execute("UPDATE plans_draft SET version_id = %s", [str(version.pk)])

    def test_keeps_where_it_came_from(self, app_sql):
        DraftBrief.objects.create(draft=draft(), proposed="renewal", answers={}, reasons=[], measures=[])

        with refused("plan_draft_briefs_stay"):
            app_sql.execute("DELETE FROM plans_draftbrief")

    def test_keeps_its_steps(self, app_sql):
        made = draft()
        step = {"draft": made, "number": 1, "edits": [], "back": [], "made_at": timezone.now()}
        DraftStep.objects.create(**step)

        with refused("plan_draft_steps_stay"):
            app_sql.execute("UPDATE plans_draftstep SET number = 2")
        with refused("plan_draft_steps_one_number"):
            app_sql.execute(
                "INSERT INTO plans_draftstep (id, draft_id, number, kind, edits, back, made_at)"
                " SELECT gen_random_uuid(), draft_id, number, kind, edits, back, made_at FROM plans_draftstep"
            )
