"""The seven people of Halden Components that a visitor can enter as, one for each kind of work."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kamcomp.pages.nav import Words


@dataclass(frozen=True)
class Card:
    """One person on the first page of the demo: who they are, and what they have to do now."""

    username: str
    name: str
    work: Words
    waits: Words


CARDS = (
    Card(
        "maren.holt",
        "Maren Holt",
        _("Compensation admin"),
        _("Runs the third quarter: sees what changed since the first run and why, and who has to act next."),
    ),
    Card(
        "ingrid.solheim",
        "Ingrid Solheim",
        _("Key account manager, Meridian Retail Group"),
        _(
            "Has 19,747.06 EUR to hand out to the nine people who support her account, and a statement of her own."
        ),
    ),
    Card(
        "priya.nair",
        "Priya Nair",
        _("Solution architect, supports Meridian"),
        _("Wants to know what her share of the team's pool is, who decided it, and how the pool came about."),
    ),
    Card(
        "jonas.berg",
        "Jonas Berg",
        _("Finance"),
        _("Approves and locks what others prepared, exports it to payroll, and sees that the books agree."),
    ),
    Card(
        "anders.vik",
        "Anders Vik",
        _("Executive, leads the key account managers"),
        _(
            "Reviews results before money is handed out, decides on pools, and watches cost against performance."
        ),
    ),
    Card(
        "sigrid.moe",
        "Sigrid Moe",
        _("HR and legal"),
        _(
            "Looks after those who serve the accounts: training, candidates, pay against the market, and the law."
        ),
    ),
    Card(
        "ada.nyberg",
        "Ada Nyberg",
        _("Auditor"),
        _("Picks any amount, follows it to its sources, and re-derives it to the cent. Changes nothing."),
    ),
)
