"""The law of jobs: what has ended stays as it ended, whoever says otherwise."""

import pytest

from kamcomp.jobs.models import Job
from tests.laws.breaking import refused


class TestJob:
    @pytest.mark.parametrize("was", [["running", "done"], ["running", "failed"]])
    @pytest.mark.parametrize("becomes", ["queued", "running"])
    def test_that_has_ended_is_not_begun_again(self, app_sql, was, becomes):
        job = Job.objects.create(kind="export")
        for status in was:
            Job.objects.filter(pk=job.pk).update(status=status)

        with refused("jobs_move_on"):
            app_sql.execute("UPDATE jobs_job SET status = %s WHERE id = %s", [becomes, str(job.pk)])

    def test_is_not_done_without_having_begun(self, app_sql):
        job = Job.objects.create(kind="export")

        with refused("jobs_move_on"):
            app_sql.execute("UPDATE jobs_job SET status = 'done' WHERE id = %s", [str(job.pk)])

    @pytest.mark.parametrize("status", ["running", "failed", "lost"])
    def test_is_not_made_under_way(self, transactional_db, status):
        with refused("jobs_move_on"):
            Job.objects.create(kind="export", status=status)
