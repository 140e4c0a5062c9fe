"""The money: runs, payouts, pools, the ledger and the files out."""

from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    """The application; its workers look at the table of runs by themselves."""

    name = "payouts"

    def ready(self) -> None:
        """Give Celery's workers the step that looks at the table, and the operators their figures."""
        from kamcomp.celery import app
        from payouts import gauges, workers

        workers.join(app)
        gauges.join()
