"""The money: runs, payouts, pools, the ledger and the files out."""

from django.apps import AppConfig


class PayoutsConfig(AppConfig):
    """The application; its workers look at the table of runs by themselves."""

    name = "payouts"

    def ready(self) -> None:
        """Say who sees which rows; give workers the step that looks at the table, and operators their figures."""
        from kamcomp.celery import app
        from kamcomp.pages.told import tells
        from payouts import gauges, visibility, workers  # noqa: F401
        from payouts.demo.company import words_of_roles
        from payouts.selectors.rederived import words_of_figures

        workers.join(app)
        gauges.join()
        tells(words_of_figures, words_of_roles)
