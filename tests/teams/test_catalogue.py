"""The roles a fresh installation knows."""

import pytest

from teams.choices import Link, Seat
from teams.models import JobRole

pytestmark = pytest.mark.django_db

DIRECT = {
    "Account executive",
    "Sales representative",
    "Inside sales",
    "Subject matter expert",
    "Project manager",
    "Customer service representative",
    "Solution architect",
    "Product manager",
}


class TestRoleCatalogue:
    def test_lists_the_eight_direct_roles_of_an_account_team(self):
        direct = JobRole.objects.filter(usual_link=Link.DIRECT, seat=Seat.MEMBER)

        assert set(direct.values_list("name", flat=True)) == DIRECT

    def test_flags_the_product_manager_as_optional_by_account(self):
        assert list(JobRole.objects.filter(optional_by_account=True).values_list("code", flat=True)) == [
            "product_manager"
        ]

    def test_knows_who_else_serves_the_customer(self):
        matrix = JobRole.objects.filter(usual_link=Link.MATRIX).values_list("code", flat=True)

        assert {"human_resources", "billing", "logistics"} <= set(matrix)

    def test_can_be_added_to(self):
        JobRole.objects.create(code="field_engineer", name="Field engineer")

        assert JobRole.objects.filter(retired=False, code="field_engineer").exists()
