"""
The roles a new installation knows.

Data, not law: an admin adds roles and retires these. Whether a person is direct or
matrix is said by the membership; `usual_link` is only what a form proposes.
"""

from collections.abc import Iterator
from typing import NamedTuple

from teams.choices import Link, Seat


class CatalogueRole(NamedTuple):
    """A role as shipped."""

    code: str
    name: str
    family: str
    usual_link: Link = Link.DIRECT
    seat: Seat = Seat.MEMBER
    optional_by_account: bool = False


ROLES = [
    CatalogueRole("key_account_manager", "Key account manager", "Sales", seat=Seat.KAM),
    CatalogueRole("deputy_key_account_manager", "Deputy key account manager", "Sales", seat=Seat.DEPUTY),
    CatalogueRole("account_executive", "Account executive", "Sales"),
    CatalogueRole("sales_representative", "Sales representative", "Sales"),
    CatalogueRole("inside_sales", "Inside sales", "Sales"),
    CatalogueRole("subject_matter_expert", "Subject matter expert", "Expertise"),
    CatalogueRole("project_manager", "Project manager", "Delivery"),
    CatalogueRole("customer_service", "Customer service representative", "Service"),
    CatalogueRole("solution_architect", "Solution architect", "Expertise"),
    CatalogueRole("product_manager", "Product manager", "Expertise", optional_by_account=True),
    CatalogueRole("human_resources", "Human resources partner", "Human resources", Link.MATRIX),
    CatalogueRole("billing", "Billing specialist", "Finance", Link.MATRIX),
    CatalogueRole("logistics", "Logistics and operations", "Operations", Link.MATRIX),
    CatalogueRole("field_service", "Field service engineer", "Operations", Link.MATRIX),
    CatalogueRole("marketing", "Marketing specialist", "Marketing", Link.MATRIX),
    CatalogueRole("quality", "Quality specialist", "Operations", Link.MATRIX),
]


def words_of_roles() -> Iterator[tuple[str, str]]:
    """Yield the names of roles and families as shipped, for the catalogue of translations; a company's own stay."""
    yield from ((word, "teams/catalogue.py") for role in ROLES for word in (role.name, role.family))
