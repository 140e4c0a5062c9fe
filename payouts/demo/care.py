"""
What Sigrid Moe of HR keeps of people: profiles, training, the market, who left, who may follow.

The figures are chosen so that each thing shows: Paul Reinders' training is overdue, Hana Kimura is paid below the
market in Greece and alone knows Atlas Marine, Ken Yamada left for a competitor, Priya Nair may become a key account
manager, and two people of a team have been given something besides pay.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from payouts.demo import company
from payouts.demo.files import DemoFile, csv_file

KAM, ARCHITECT = "key_account_manager", "solution_architect"
NEEDS = {
    "account_planning": 4,
    "negotiation": 4,
    "relationships": 5,
    "finance": 4,
    "leading": 3,
    "proposals": 3,
    "time_management": 3,
}
"""What a key account manager's profile asks for."""
PURPOSES = {
    KAM: ("Grow a strategic account with its customer over years, and lead the team that serves it.", 5, 60),
    "inside_sales": ("Take orders in, quote, and see them through.", 2, 50),
    ARCHITECT: ("Turn what the customer needs into a solution that can be built.", 4, 50),
    "project_manager": ("Bring projects in on the day and within the budget.", 3, 50),
    "customer_service_lead": ("See that every question of the account is answered.", 3, 50),
    "regional_representative": ("Serve the account's sites in a region.", 3, 50),
    "field_service": ("Keep the customer's machines running.", 2, 50),
    "logistics": ("Deliver what was promised on the day it was promised.", 2, 50),
    "billing": ("Send invoices that are right the first time.", 2, 50),
    "human_resources": ("Find, keep and develop the people of the account teams.", 3, 50),
}
ANSWERS = "The account's revenue and contribution\nThe account plan and its objectives\nThe team's work, and its pool"
STEPS = "Two interviews, one of them with a customer\nA negotiation played through\nA plan for an account, presented"
MARKET = {
    "GR": 136_000,
    "NO": 121_000,
    "NL": 118_000,
    "DE": 125_000,
    "FR": 119_000,
    "ES": 112_000,
    "IT": 116_000,
}
"""Target total cash of a key account manager a year at the 60th percentile, in euro; the others have no figure."""
SUPPORT_MARKET = {"inside_sales": 66_000, ARCHITECT: 80_000, "project_manager": 71_000}
"""Of support roles in Norway, at the median."""
DUTIES = (
    ("Account plan", KAM, "accountable"),
    ("Account plan", ARCHITECT, "consulted"),
    ("Account plan", "inside_sales", "informed"),
    ("Offers and prices", KAM, "accountable"),
    ("Offers and prices", "inside_sales", "responsible"),
    ("Solution design", ARCHITECT, "accountable"),
    ("Solution design", "project_manager", "consulted"),
    ("Delivery", "project_manager", "accountable"),
    ("Delivery", "logistics", "responsible"),
    ("Delivery", KAM, "informed"),
    ("Complaints", "customer_service_lead", "accountable"),
    ("Complaints", "field_service", "responsible"),
    ("Complaints", KAM, "informed"),
    ("Invoices", "billing", "accountable"),
)
SCORES = {
    "Ingrid Solheim": (5, 4, 5, 4, 4, 3, 3),
    "Paul Reinders": (3, 4, 4, 2, 3, 3, 4),
    "Hana Kimura": (4, 5, 5, 3, 3, 4, 2),
    "Priya Nair": (2, 1, 4, 3, 2, 4, 3),
    "Tomasz Wieczorek": (1, 3, 3, 2, 1, 3, 4),
}
"""Levels in the order of `NEEDS`."""
TODAY = date(2026, 10, 1)
Rows = Iterator[Sequence[object]]


def care_files() -> list[DemoFile]:
    """Return what HR brings in, in an order in which each finds what it names."""
    ids = company.employee_ids()
    return [
        csv_file(
            "job_profiles", "profiles.csv",
            "role_code,purpose,responsibilities,requirements,selection_steps,level,market_percentile",
            _profiles(),
        ),
        csv_file(
            "profile_capabilities", "profile-capabilities.csv", "role_code,capability,level",
            [(KAM, capability, level) for capability, level in NEEDS.items()],
        ),
        csv_file("role_duties", "duties.csv", "activity,role_code,part", DUTIES),
        csv_file(
            "market_benchmarks", "market.csv", "role_code,country,percentile,target_cash,currency,as_of,source",
            _market(),
        ),
        csv_file(
            "candidates", "candidates.csv",
            "candidate_code,name,role_code,source,came_from,employee_id,status,since,note", _candidates(ids),
        ),
        csv_file(
            "capability_scores", "scores.csv", "employee_id,candidate_code,capability,level,judged_on", _scores(ids)
        ),
        csv_file("trainings", "training.csv", "employee_id,course,due_on,done_on", _trainings(ids)),
        csv_file(
            "mentorships", "mentors.csv", "employee_id,mentor_employee_id,from,to",
            [
                (ids["Priya Nair"], ids["Ingrid Solheim"], date(2026, 2, 1), ""),
                (ids["Paul Reinders"], ids["Tom Eriksen"], date(2026, 1, 15), ""),
            ],
        ),
        csv_file("rewards", "rewards.csv", "employee_id,kind,given_on,what,value,currency", _rewards(ids)),
        csv_file(
            "development_goals", "goals.csv", "employee_id,goal,due_on,conflict",
            [
                (ids["Priya Nair"], "Lead an account team", date(2027, 6, 30), "No travel before the summer"),
                (ids["Paul Reinders"], "Read a customer's annual report", date(2027, 3, 31), ""),
            ],
        ),
        csv_file(
            "work_life", "work-life.csv", "employee_id,kind,agreed_on,last_day,what",
            [(ids["Elise Moreau"], "travel", date(2026, 3, 1), "", "At most two nights away in a week")],
        ),
        csv_file(
            "leavers", "leavers.csv", "employee_id,last_day,reason,destination,destination_name,non_compete",
            [(ids["Ken Yamada"], company.KEN_LEFT, "pay", "competitor", "Nordlager", "none")],
        ),
        csv_file(
            "account_relationships", "relationships.csv",
            "account_code,sole_contact,successor_employee_id,looked_on,note", _relationships(ids),
        ),
    ]  # fmt: skip


def _profiles() -> Rows:
    for role, (purpose, level, percentile) in PURPOSES.items():
        asks = "Five years with large customers; two languages" if role == KAM else ""
        answers, steps = (ANSWERS, STEPS) if role == KAM else ("", "")
        yield role, purpose, answers, asks, steps, level, percentile


def _market() -> Rows:
    for country, amount in MARKET.items():
        yield KAM, country, 60, amount, "EUR", date(2026, 1, 15), "Nordic Pay Survey 2026"
    for role, amount in SUPPORT_MARKET.items():
        yield role, "NO", 50, amount, "EUR", date(2026, 1, 15), "Nordic Pay Survey 2026"


def _candidates(ids: dict[str, str]) -> Rows:
    yield (
        *("C-01", "Priya Nair", KAM, "internal", "", ids["Priya Nair"], "selection", date(2026, 8, 20)),
        "Knows Meridian's systems",
    )
    yield (
        *("C-02", "Tomasz Wieczorek", KAM, "internal", "", ids["Tomasz Wieczorek"], "new", date(2026, 9, 4)),
        "",
    )
    yield "C-03", "Rikke Holm", KAM, "external", "competitor", "", "selection", date(2026, 8, 28), ""


def _scores(ids: dict[str, str]) -> Rows:
    for name, levels in SCORES.items():
        for capability, level in zip(NEEDS, levels, strict=True):
            yield ids[name], "", capability, level, date(2026, 9, 15)
    for capability, level in zip(NEEDS, (4, 4, 3, 3, 2, 4, 3), strict=True):
        yield "", "C-03", capability, level, date(2026, 9, 10)


def _trainings(ids: dict[str, str]) -> Rows:
    for number, account in enumerate(company.ACCOUNTS):
        due = date(2026, 9, 1) if account.manager == "Paul Reinders" else date(2027, 1 + number % 6, 15)
        yield ids[account.manager], "account_planning", due, ""
    yield ids["Ingrid Solheim"], "negotiation", date(2025, 10, 1), date(2025, 9, 20)
    yield ids["Hana Kimura"], "negotiation", date(2026, 8, 15), ""
    yield ids["Priya Nair"], "negotiation", date(2026, 12, 10), ""
    yield ids["Priya Nair"], "account_planning", date(2026, 6, 30), date(2026, 6, 12)


def _rewards(ids: dict[str, str]) -> Rows:
    for account in company.ACCOUNTS:
        if account.manager != "Stefan Krause":
            yield (
                ids[account.manager],
                "recognition",
                date(2026, 6, 30),
                "Named at the half-year meeting",
                "",
                "",
            )
    yield ids["Priya Nair"], "award", date(2026, 9, 18), "Project of the quarter", 800, "EUR"
    yield ids["Amara Okafor"], "personal", date(2026, 8, 31), "Two days off after the cut-over", "", ""


def _relationships(ids: dict[str, str]) -> Rows:
    successors = {"MERIDIAN": "Priya Nair", "KESTREL": "Tom Eriksen"}
    for account in company.ACCOUNTS:
        alone = account.code == "ATLAS"
        named = successors.get(account.code)
        note = "Only Hana knows the owner" if alone else ""
        yield account.code, "true" if alone else "false", ids[named] if named else "", TODAY, note
