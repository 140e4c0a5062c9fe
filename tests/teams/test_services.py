"""Acts on accounts, account teams, employments, packages, and the erasure of personal fields."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from kamcomp.audit.models import AuditEvent
from kamcomp.audit.selectors import audit_faults
from kamcomp.audit.services import audit_seal
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import user_make
from kamcomp.imports.models import ImportBatch, ImportChange
from payouts.models import LedgerEntry, Posting
from teams import services
from teams.choices import AccountStatus, EmploymentStatus, PackageStatus, PersonStatus, Seat
from teams.models import PayPackage, PersonDetails
from teams.services.accounts import AccountExited, KamMissing, days_without_kam
from teams.services.memberships import (
    DayOutside,
    DedicationExceeded,
    KamAlready,
    KamSharesNoPool,
    MemberAlready,
    NotAMembership,
    ShareOutOfRange,
)
from teams.services.packages import (
    OwnPay,
    PackageBeyondRange,
    PackageDecided,
    PackageInside,
    ProposerCannotApprove,
)
from teams.services.people import (
    EmploymentMissing,
    EmploymentOverlaps,
    ErasedAlready,
    PersonExists,
    RetentionNotOver,
)
from tests.laws import rows

pytestmark = pytest.mark.django_db
FIRST, JULY = date(2026, 1, 1), date(2026, 7, 1)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def keeper():
    """Return somebody of HR, another one each time."""
    name = f"keeper-{User.objects.count()}"
    return user_make(username=name, roles=[Role.HR_LEGAL], since=date(2020, 1, 1), by=None)


def added(account=None, **values):
    return services.membership_add(
        **{
            "account": account or rows.account(),
            "person": values.pop("person", None) or rows.person(),
            "role": rows.role(),
            "since": FIRST,
            "by": rows.user(),
            **values,
        }
    )


def active():
    account = rows.account()
    kam = added(account, seat=Seat.KAM)
    return services.account_activate(account_id=account.pk, by=rows.user()), kam


class TestAccountActivate:
    def test_needs_a_manager_on_every_day(self):
        account = rows.account()
        added(account, seat=Seat.KAM, since=JULY)

        with pytest.raises(KamMissing, match=r"no key account manager on \{\[2026-01-01,2026-07-01\)\}"):
            services.account_activate(account_id=account.pk, by=rows.user())
        account.refresh_from_db()
        assert account.status == AccountStatus.CANDIDATE

    def test_puts_it_in_force(self):
        account, _kam = active()

        assert account.status == AccountStatus.ACTIVE
        assert days_without_kam(account=account) == []

    def test_is_over_once_it_left(self):
        account, _kam = active()
        left = services.account_exit(account_id=account.pk, last_day=date(2026, 6, 30), by=rows.user())

        assert left.programme_end == JULY
        with pytest.raises(AccountExited):
            services.account_activate(account_id=account.pk, by=rows.user())


class TestMembershipAdd:
    def test_lets_everybody_but_the_manager_share_in_the_pool(self):
        account = rows.account()

        assert not added(account, seat=Seat.KAM).pool_eligible
        assert added(account).pool_eligible
        with pytest.raises(KamSharesNoPool, match="shares in none of it"):
            added(rows.account(), seat=Seat.KAM, pool_eligible=True)

    def test_refuses_more_than_all_of_a_day(self):
        person = rows.person()
        added(person=person, dedication=Decimal("0.7"))

        with pytest.raises(DedicationExceeded, match=r"would give 110 % of their time"):
            added(person=person, dedication=Decimal("0.4"))
        with pytest.raises(ShareOutOfRange):
            added(person=rows.person(), dedication=Decimal("1.1"))

    def test_refuses_a_second_manager_and_a_person_twice(self):
        account, kam = active()

        with pytest.raises(KamAlready, match="end that membership first"):
            added(account, seat=Seat.KAM)
        with pytest.raises(MemberAlready, match="change that membership"):
            added(account, person=kam.person, dedication=Decimal(0))


class TestMembershipChange:
    def test_keeps_what_held_before(self):
        membership, segment = added(dedication=Decimal("0.5")), None

        changed = services.membership_change(
            membership_id=membership.pk, since=JULY, changes={"dedication": Decimal("0.8")}, by=rows.user()
        )

        membership.refresh_from_db()
        assert (membership.span.until, membership.dedication) == (JULY, Decimal("0.5"))
        assert (changed.span.since, changed.dedication, segment) == (JULY, Decimal("0.8"), None)

    def test_from_the_first_day_changes_the_one(self):
        membership = added(dedication=Decimal("0.5"))

        changed = services.membership_change(
            membership_id=membership.pk, since=FIRST, changes={"dedication": Decimal("0.8")}, by=rows.user()
        )

        assert (changed.pk, changed.dedication) == (membership.pk, Decimal("0.8"))

    def test_refuses_what_is_no_property_and_no_day_of_it(self):
        membership = added(last_day=date(2026, 3, 31))

        with pytest.raises(NotAMembership, match="person"):
            services.membership_change(
                membership_id=membership.pk, since=FIRST, changes={"person": rows.person()}, by=rows.user()
            )
        with pytest.raises(DayOutside, match="2026-01-01 to 2026-03-31"):
            services.membership_change(membership_id=membership.pk, since=JULY, changes={}, by=rows.user())


class TestMembershipEnd:
    def test_puts_an_account_left_without_manager_in_review(self):
        account, kam = active()

        services.membership_end(membership_id=kam.pk, last_day=date(2026, 6, 30), by=rows.user())

        account.refresh_from_db()
        assert account.status == AccountStatus.REVIEW
        entry = AuditEvent.objects.filter(subject_id=str(account.pk), operation="update").latest("id")
        assert (entry.action, entry.after) == ("accounts_review", {"status": "review"})

    def test_leaves_the_account_active_when_a_member_goes(self):
        account, _kam = active()
        member = added(account)

        services.membership_end(membership_id=member.pk, last_day=date(2026, 6, 30), by=rows.user())

        account.refresh_from_db()
        assert account.status == AccountStatus.ACTIVE

    def test_hands_over_without_a_day_between(self):
        account, kam = active()
        successor = rows.person()

        new = services.membership_hand_over(membership_id=kam.pk, to=successor, since=JULY, by=rows.user())

        account.refresh_from_db()
        assert (new.person, new.seat, new.span.since) == (successor, Seat.KAM, JULY)
        assert account.status == AccountStatus.ACTIVE


class TestEmployment:
    TERMS = {"employer": "Halden", "jurisdiction": "DE", "payroll_currency": "EUR"}

    def test_changes_from_a_day_on(self):
        person, by = rows.person(), rows.user()
        services.employment_begin(person=person, since=FIRST, by=by, **self.TERMS)

        services.employment_change(person=person, since=JULY, by=by, fte=Decimal("0.6"))
        services.employment_end(person=person, last_day=date(2026, 9, 30), reason="moved", by=by)

        before, after = person.employments.order_by("valid")
        assert (before.span.until, before.fte) == (JULY, 1)
        assert (after.span.last, after.fte, after.status) == (
            date(2026, 9, 30),
            Decimal("0.6"),
            EmploymentStatus.ENDED,
        )
        person.refresh_from_db()
        assert person.status == PersonStatus.LEAVER

    def test_refuses_two_on_a_day_and_a_day_without(self):
        person, by = rows.person(), rows.user()
        services.employment_begin(person=person, since=JULY, by=by, **self.TERMS)

        with pytest.raises(EmploymentOverlaps, match="end or change that one"):
            services.employment_begin(person=person, since=FIRST, by=by, **self.TERMS)
        with pytest.raises(EmploymentMissing, match="begin one"):
            services.employment_change(person=person, since=FIRST, by=by, fte=1)


class TestPackage:
    def proposed(self, person=None, *, by=None, **values):
        return services.package_propose(
            **{
                "person": person or rows.person(),
                "since": FIRST,
                "base_salary": Decimal(80_000),
                "variable_target": Decimal(20_000),
                "currency": "EUR",
                "by": by or keeper(),
                "at": NOW,
                **values,
            }
        )

    def test_is_approved_by_a_second_person(self):
        by = keeper()
        package = self.proposed(by=by)

        with pytest.raises(ProposerCannotApprove):
            services.package_approve(package_id=package.pk, by=by, at=NOW)
        approved = services.package_approve(package_id=package.pk, by=keeper(), at=NOW)

        assert approved.status == PackageStatus.APPROVED
        with pytest.raises(PackageDecided):
            services.package_approve(package_id=package.pk, by=keeper(), at=NOW)

    def test_is_never_decided_by_who_is_paid_it(self):
        person = rows.person(user=keeper())

        with pytest.raises(OwnPay, match="ask a colleague"):
            self.proposed(person, by=person.user)
        package = self.proposed(person)
        with pytest.raises(OwnPay):
            services.package_approve(package_id=package.pk, by=person.user, at=NOW)

    def test_takes_over_from_the_one_before(self):
        person = rows.person()
        first = services.package_approve(package_id=self.proposed(person).pk, by=keeper(), at=NOW)

        services.package_approve(package_id=self.proposed(person, since=JULY).pk, by=keeper(), at=NOW)

        first.refresh_from_db()
        assert first.span.until == JULY
        with pytest.raises(PackageInside, match="from 2026-07-01 is in force already"):
            services.package_approve(
                package_id=self.proposed(person, since=date(2026, 3, 1)).pk, by=keeper(), at=NOW
            )

    def test_is_for_compensation_hr_and_finance(self):
        somebody = rows.user()

        with pytest.raises(RoleMissing, match="Proposing a pay package is for Compensation admin or HR"):
            self.proposed(by=somebody)
        package = self.proposed()
        with pytest.raises(RoleMissing):
            services.package_approve(package_id=package.pk, by=somebody, at=NOW)
        with pytest.raises(PackageBeyondRange):
            self.proposed(pool_target=Decimal(-1))

    def test_is_withdrawn_until_it_is_approved(self):
        package = self.proposed()

        services.package_withdraw(package_id=package.pk, by=keeper(), at=NOW)

        assert not PayPackage.objects.filter(pk=package.pk).exists()
        approved = services.package_approve(package_id=self.proposed().pk, by=keeper(), at=NOW)
        with pytest.raises(PackageDecided, match="propose another one"):
            services.package_withdraw(package_id=approved.pk, by=keeper(), at=NOW)


class TestPersonErase:
    AT = datetime(2036, 1, 1, 12, tzinfo=UTC)

    def made(self, **values):
        return services.person_make(
            **{
                "employee_id": "E-erase",
                "legal_name": "Ada Lovelace",
                "email": "ada@example.com",
                "payroll_number": "P-1",
                "retain_until": date(2035, 12, 31),
                "by": rows.user(),
                **values,
            }
        )

    def test_refuses_an_employee_id_twice(self):
        self.made()
        with pytest.raises(PersonExists):
            self.made(payroll_number="P-2")

    def test_waits_for_the_retention_date(self):
        person = self.made(retain_until=date(2036, 1, 1))
        unsaid = self.made(employee_id="E-2", payroll_number="P-2", retain_until=None)

        with pytest.raises(RetentionNotOver, match="kept until 2036-01-01"):
            services.person_erase(person_id=person.pk, by=rows.user(), at=self.AT)
        with pytest.raises(RetentionNotOver, match="not set yet"):
            services.person_erase(person_id=unsaid.pk, by=rows.user(), at=self.AT)

    def test_erases_what_names_the_person_wherever_it_stands(self):
        user = rows.user()
        user.first_name, user.last_name, user.email = "Ada", "Lovelace", "ada@example.com"
        user.save()
        person = self.made(user=user)
        batch = ImportBatch.objects.create(kind="people", filename="people.csv", file_digest="0" * 64)
        ImportChange.objects.create(
            batch=batch,
            subject_table="teams_persondetails",
            subject_id=str(person.pk),
            before={"legal_name": "Ada Byron", "retain_until": None},
            after={"legal_name": "Ada Lovelace"},
        )

        services.person_erase(person_id=person.pk, by=rows.user(), at=self.AT)

        details = PersonDetails.objects.get(pk=person.pk)
        assert (details.legal_name, details.email, details.payroll_number) == ("", "", "")
        assert details.erased_at == self.AT
        change = ImportChange.objects.get(batch=batch)
        assert (change.before, change.after) == ({"retain_until": None}, {})
        user.refresh_from_db()
        assert (user.is_active, user.first_name, user.email) == (False, "", "")
        trail = str(list(AuditEvent.objects.values("before", "after")))
        assert not any(name in trail for name in ("Ada", "Lovelace", "ada@example.com"))
        with pytest.raises(ErasedAlready):
            services.person_erase(person_id=person.pk, by=rows.user(), at=self.AT)

    def test_leaves_the_books_and_the_trail_whole(self):
        person, period = self.made(), rows.period()
        posting = Posting.objects.create(period=period, act="tried", at=self.AT)
        LedgerEntry.objects.bulk_create(
            LedgerEntry(
                posting=posting, period=period, account=account, person=person, amount=amount, currency="EUR"
            )
            for account, amount in (("expense", 10), ("payable", -10))
        )
        audit_seal(at=self.AT)

        services.person_erase(person_id=person.pk, by=rows.user(), at=self.AT)

        assert sum(LedgerEntry.objects.filter(person=person).values_list("amount", flat=True)) == 0
        assert list(audit_faults()) == []

    def test_is_done_for_everybody_whose_date_has_passed(self):
        due = self.made()
        kept = self.made(employee_id="E-2", payroll_number="P-2", retain_until=date(2036, 1, 1))
        unsaid = self.made(employee_id="E-3", payroll_number="P-3", retain_until=None)

        assert services.people_erase_due(at=self.AT) == [due]
        assert services.people_erase_due(at=self.AT) == []

        names = dict(PersonDetails.objects.values_list("person__employee_id", "legal_name"))
        assert names == {"E-erase": "", "E-2": "Ada Lovelace", "E-3": "Ada Lovelace"}
        assert {kept.employee_id, unsaid.employee_id} < set(names)
        entry = AuditEvent.objects.filter(action="person_erase", subject_table="teams_persondetails").get()
        assert entry.user_id is None


class TestPersonDetailsPut:
    def test_says_number_address_and_until_when_they_are_kept(self):
        person = rows.person()

        details = services.person_details_put(
            person_id=person.pk,
            email="a@b.example",
            payroll_number="P-9",
            retain_until=JULY,
            by=keeper(),
            at=NOW,
        )

        assert (details.email, details.payroll_number, details.retain_until) == ("a@b.example", "P-9", JULY)
        with pytest.raises(PersonExists, match="P-9 is another person's"):
            services.person_details_put(
                person_id=rows.person().pk,
                email="",
                payroll_number="P-9",
                retain_until=None,
                by=keeper(),
                at=NOW,
            )
        with pytest.raises(RoleMissing):
            services.person_details_put(
                person_id=person.pk, email="", payroll_number="", retain_until=None, by=rows.user(), at=NOW
            )
