"""Leave an audit entry for every change of these tables."""

from django.db import migrations

from kamcomp.laws import audited, days_hold, operations


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0002_role_catalogue"),
        ("audit", "0005_seals"),
    ]

    operations = operations(
        audited("teams_person"),
        audited("teams_persondetails", key="person_id", masked=["legal_name", "email", "payroll_number"]),
        audited("teams_employment"),
        audited("teams_paypackage"),
        audited("teams_jobrole"),
        audited("teams_segment"),
        audited("teams_accountnode"),
        audited("teams_accountnumber"),
        audited("teams_strategicaccount"),
        audited("teams_membership"),
        audited("teams_membership_segments"),
        audited("teams_accountobjective"),
        days_hold("teams_employment", "valid"),
        days_hold("teams_paypackage", "valid"),
        days_hold("teams_accountnumber", "valid"),
        days_hold("teams_membership", "valid"),
    )
