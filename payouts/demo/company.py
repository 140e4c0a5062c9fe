"""Who there is at Halden Components: accounts, key account managers, support staff, and who signs in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain

from kamcomp.identity.choices import Role

FOUNDED = date(2025, 7, 1)
KEN_LEFT = date(2026, 8, 14)
MOVED_ON = date(2026, 8, 16)

KAM_BASE, KAM_VARIABLE = Decimal(96_000), Decimal(24_000)
TEAM_POOL_A_YEAR = Decimal(72_000)
"""The pool targets of a team's members sum to this: 18,000.00 a quarter."""

ROLE_WEIGHTS = {
    "inside_sales": "0.96",
    "solution_architect": "1.08",
    "project_manager": "1.05",
    "customer_service_lead": "0.72",
    "regional_representative": "1.20",
    "field_service": "1.10",
    "logistics": "1.08",
    "billing": "0.96",
    "human_resources": "1.20",
}
OWN_ROLES = {
    "customer_service_lead": "Customer service lead",
    "regional_representative": "Regional representative",
}
"""Roles of Halden's own, beside the catalogue's."""


@dataclass(frozen=True)
class Account:
    """A key account and its manager; `plan` is the plan its manager is paid by."""

    code: str
    name: str
    manager: str
    plan: str
    country: str
    region: str
    currency: str = "EUR"
    strategy: str = "grow"


@dataclass(frozen=True)
class Supporter:
    """A person on an account team who shares in its pool."""

    name: str
    account: str
    role: str
    link: str
    dedication: int
    pool_target: Decimal
    until: date | None = None


@dataclass(frozen=True)
class Persona:
    """Someone who signs in without being paid by a plan."""

    username: str
    name: str
    roles: tuple[Role, ...]


GROWTH, PORTFOLIO, RENEWAL = "GAG", "SEG", "REN"
ACCOUNTS = (
    Account("MERIDIAN", "Meridian Retail Group", "Ingrid Solheim", GROWTH, "NO", "Nordics"),
    Account("KESTREL", "Kestrel Foods", "Paul Reinders", GROWTH, "NL", "Benelux"),
    Account("ATLAS", "Atlas Marine", "Hana Kimura", GROWTH, "GR", "South"),
    Account("ORION", "Orion Packaging", "Luis Ortega", PORTFOLIO, "ES", "Iberia"),
    Account("BOREALIS", "Borealis Energy", "Nadia Haddad", PORTFOLIO, "SE", "Nordics"),
    Account("CASTOR", "Castor Logistics", "Tom Eriksen", RENEWAL, "DK", "Nordics", strategy="defend"),
    Account("FALCON", "Falcon Dairy", "Elise Moreau", GROWTH, "FR", "France"),
    Account("LINDGREN", "Lindgren Automotive", "Stefan Krause", GROWTH, "DE", "Central"),
    Account("SIERRA", "Sierra Medical", "Aisha Rahman", RENEWAL, "GB", "British Isles", strategy="defend"),
    Account("TRAMONTANA", "Tramontana Foods", "Marco Bellini", GROWTH, "IT", "South"),
    Account("VEGA", "Vega Retail", "Grace Whitfield", GROWTH, "US", "America", currency="USD"),
    Account("HARTMANN", "Hartmann Machines", "Julia Baumann", GROWTH, "DE", "Central"),
    Account("POLARIS", "Polaris Shipping", "Oscar Lund", PORTFOLIO, "FI", "Nordics", strategy="profit"),
    Account("JUNO", "Juno Pharma", "Anke Vogt", RENEWAL, "DE", "Central", strategy="defend"),
)

BUYING = {GROWTH: ("0.40", 3, 48), PORTFOLIO: ("0.45", 3, 60), RENEWAL: ("0.55", 12, 24)}
"""How the accounts of a plan buy: emphasis on the long run, months from first talk to order, opportunities a year."""
BUYING_OTHERWISE = {"ATLAS": ("0.45", 6, 32), "VEGA": ("0.40", 3, 16)}
"""Ships are bought in half years; at Vega one deal more or less makes a quarter."""

MERIDIAN_TEAM = (
    Supporter("Tomasz Wieczorek", "MERIDIAN", "inside_sales", "direct", 100, Decimal(11_520)),
    Supporter("Priya Nair", "MERIDIAN", "solution_architect", "direct", 100, Decimal(12_960)),
    Supporter("Lukas Brandt", "MERIDIAN", "project_manager", "direct", 80, Decimal(10_080)),
    Supporter("Amara Okafor", "MERIDIAN", "customer_service_lead", "direct", 100, Decimal(8_640)),
    Supporter("Sofia Marques", "MERIDIAN", "regional_representative", "direct", 40, Decimal(5_760)),
    Supporter("Jonas Lindqvist", "MERIDIAN", "field_service", "matrix", 60, Decimal(7_920)),
    Supporter("Chiara Rossi", "MERIDIAN", "logistics", "matrix", 50, Decimal(6_480)),
    Supporter("Mei Tan", "MERIDIAN", "billing", "matrix", 50, Decimal(5_760)),
    Supporter("Daniel Fischer", "MERIDIAN", "human_resources", "matrix", 20, Decimal(2_880)),
    Supporter("Ken Yamada", "MERIDIAN", "inside_sales", "direct", 100, Decimal(0), until=KEN_LEFT),
)

SEATS = (
    ("inside_sales", "direct", 100, 14),
    ("solution_architect", "direct", 100, 16),
    ("project_manager", "direct", 80, 14),
    ("customer_service_lead", "direct", 100, 14),
    ("field_service", "matrix", 60, 13),
    ("logistics", "matrix", 50, 12),
    ("billing", "matrix", 50, 10),
    ("human_resources", "matrix", 20, 7),
)
"""The seats of the other teams: role, link, dedication and part of the team's pool target in percent."""

PIOTR = "Piotr Zielinski"
MOVER = "Clara Jansen"
FIRST_NAMES = [
    "Lena",
    "Marek",
    "Sanna",
    "Diego",
    "Noor",
    "Emil",
    "Greta",
    "Pavel",
    "Ines",
    "Bram",
    "Katya",
    "Hugo",
    "Leila",
]
LAST_NAMES = ("Aalto", "Bauer", "Costa", "Dahl", "Evans", "Ferrari", "Garcia", "Hansen")

PERSONAS = (
    Persona("maren.holt", "Maren Holt", (Role.COMP_ADMIN,)),
    Persona("jonas.berg", "Jonas Berg", (Role.FINANCE,)),
    Persona("anders.vik", "Anders Vik", (Role.EXECUTIVE,)),
    Persona("sigrid.moe", "Sigrid Moe", (Role.HR_LEGAL,)),
    Persona("ada.nyberg", "Ada Nyberg", (Role.AUDITOR,)),
)


def supporters() -> tuple[Supporter, ...]:
    """Return everybody who supports an account, the drawn team first."""
    return MERIDIAN_TEAM + tuple(chain.from_iterable(_team(index) for index in range(1, len(ACCOUNTS))))


def _team(index: int) -> Iterator[Supporter]:
    """Yield the supporters of the account at an index: the same eight seats, other people."""
    account = ACCOUNTS[index]
    for seat, (role, link, dedication, percent) in enumerate(SEATS):
        name = f"{FIRST_NAMES[index - 1]} {LAST_NAMES[seat]}"
        if (account.code, role) == ("KESTREL", "billing"):
            name = PIOTR
        if (account.code, role) == ("KESTREL", "logistics"):
            name = MOVER
        yield Supporter(name, account.code, role, link, dedication, TEAM_POOL_A_YEAR * percent / 100)


def words_of_roles() -> Iterator[tuple[str, str]]:
    """Yield the names of Halden's own roles, for the catalogue of translations."""
    yield from ((name, "payouts/demo/company.py") for name in OWN_ROLES.values())


def employee_ids() -> dict[str, str]:
    """Return the employee id of everybody who may be paid: managers from HC-1001, supporters from HC-2001."""
    managers = {account.manager: f"HC-{1001 + number}" for number, account in enumerate(ACCOUNTS)}
    support = {supporter.name: f"HC-{2001 + number}" for number, supporter in enumerate(supporters())}
    return managers | support


def username(name: str) -> str:
    """Return the user name of a person: `ingrid.solheim`."""
    return name.lower().replace(" ", ".")
