"""Checks of stored versions: what is known of them, what blocks, what is let stand, limits and the command."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kamcomp.approvals.models import Finding
from kamcomp.identity.choices import Role
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import user_make
from kamcomp.policy.models import PolicySetting
from plans import services
from plans.checks.page import checks_page
from plans.checks.registry import checked
from plans.choices import PlanType, VersionStatus
from plans.models import PlanVersion
from plans.selectors.limit_effects import limit_effect
from plans.selectors.limits import LimitUnknown, limits_on
from plans.selectors.pictures import picture_of_version
from plans.services.checks import (
    CheckUnknown,
    DesignBlocked,
    NotToBeWaived,
    PreparerCannotWaive,
    ReasonMissing,
)
from scorecards.models import Metric, Result, Target
from teams.choices import Seat
from teams.models import Employment, PayPackage
from tests.checks.sound import plan as sound_plan
from tests.laws import rows

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "checks.md"
BEFORE = datetime(2026, 11, 1, 9, tzinfo=UTC)
DAY = BEFORE.date()


def document(**changes):
    """Return a sound plan document with changes; `target_pays` is what its revenue curve pays at target."""
    made = sound_plan() | {"code": "GAG"}
    revenue = made["incentive"]["children"][0]["children"][0]
    revenue["curve"]["points"][1] = ["1.00", changes.pop("target_pays", "1.00")]
    return made | changes


def company(*, supporters: int = 2):
    """Return a plan of an account with its manager and supporters, people's pay and last quarter's results."""
    account, kam = rows.active_account()
    people = [kam.person, *(rows.membership(account=account).person for _ in range(supporters))]
    for number, person in enumerate(people):
        manager = number == 0
        PayPackage.objects.create(
            person=person, base_salary=96_000 if manager else 60_000, variable_target=24_000 if manager else 0,
            pool_target=0 if manager else 4_000, currency="EUR", valid=rows.days("2026-01-01"),
        )  # fmt: skip
        Employment.objects.create(
            person=person,
            employer="Halden",
            jurisdiction="NO",
            payroll_currency="EUR",
            valid=rows.days("2026-01-01"),
        )
    calendar = rows.calendar()
    for quarter, (first, until) in enumerate((("2026-01-01", "2026-04-01"), ("2026-04-01", "2026-07-01"))):
        period = rows.period(calendar=calendar, days=rows.days(first, until))
        metric = Metric.objects.get(code="M01")
        Target.objects.create(metric=metric, node=account.node, days=period.days, value=1_000, currency="EUR")
        Result.objects.create(
            metric=metric, period=period, node=account.node, value=Decimal(900 + 200 * quarter), currency="EUR",
            status="final",
        )  # fmt: skip
        rows.period_lock(period)
    return services.plan_make(
        code="GAG", name="Growth", plan_type=PlanType.TEAM_PERFORMANCE, calendar=calendar, account=account,
        by=rows.user(),
    )  # fmt: skip


def drafted(plan, *, simulated=True, **changes):
    """Return a draft of the plan, of which a scenario was kept as it has no past."""
    version = services.version_draft(plan=plan, document=document(**changes), by=rows.user(), at=BEFORE)
    return rows.simulated(version) if simulated else version


def next_version(**changes):
    """Return a draft of 2027 of a plan that pays the account's manager in 2026."""
    plan = company()
    first = drafted(plan, effective={"from": "2026-10-01", "to": "2026-12-31"})
    services.version_approve(version_id=first.pk, by=rows.approver(), at=BEFORE)
    services.version_publish(version_id=first.pk, by=rows.designer(), at=BEFORE, late_reason="A pilot")
    (kam,) = plan.account.memberships.filter(seat=Seat.KAM)
    services.assignment_make(person=kam.person, plan=plan, since=date(2026, 10, 1), by=rows.user())
    return drafted(plan, **changes)


def somebody(role: Role):
    return user_make(
        username=f"who-{role}-{next(rows.NUMBERS)}", roles=[role], since=date(2020, 1, 1), by=None
    )


pytestmark = pytest.mark.django_db


class TestPictureOfVersion:
    def test_knows_what_the_company_keeps(self):
        version = drafted(company())

        facts = picture_of_version(version=version, on=DAY).facts

        (account,) = facts.accounts
        assert [member.seat for member in account.members] == ["kam", "member", "member"]
        assert [member.on_plan for member in account.members] == [None, None, None]
        assert account.members[1].measures == {"M01": Decimal("0.5"), "M06": Decimal("0.5")}
        assert account.has_pnl is False
        assert {person.pool_target for person in facts.people} == {Decimal(4_000)}
        assert facts.metrics["M01"].past == (Decimal("0.9"), Decimal("1.1"))
        assert facts.metrics["M01"].missing_lately == 0
        evidence = facts.evidence  # it paid nobody yet
        assert (evidence.closed_periods, evidence.replayed_periods) == (0, 0)
        assert evidence.scenarios == (Decimal("0.5"), Decimal(1), Decimal("1.5"))
        assert facts.version.paid_until == date(2026, 6, 30)
        assert facts.version.prepared_by == version.prepared_by.username

    def test_says_what_nobody_keeps(self):
        report = checked(picture=picture_of_version(version=drafted(company()), on=DAY))

        lacking = {one.rule: one.lacks for one in report.not_known}
        assert lacking["L30"].startswith("the buying cycle of ")
        assert lacking["L42"].startswith("whether ")
        assert {found.rule for found in report.findings} >= {"E00", "L55"}

    def test_asks_as_often_for_many_as_for_few(self):
        few = drafted(company(supporters=1))
        with CaptureQueriesContext(connection) as small:
            picture_of_version(version=few, on=DAY)
        for _ in range(8):
            rows.membership(account=few.plan.account)

        with CaptureQueriesContext(connection) as large:
            picture_of_version(version=few, on=DAY)

        assert len(large) == len(small) <= 27


class TestEvidence:
    """A first plan is looked at in drawn years, as it has no past: L68 and L60."""

    def blocked(self, version):
        with pytest.raises(
            DesignBlocked, match="L68: Nobody knows what this plan would have paid: 0 scenarios"
        ):
            services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)

    def test_asks_a_plan_without_a_past_for_scenarios_of_its_document(self):
        version = drafted(company(), simulated=False)
        other = drafted(version.plan, pool=None)  # scenarios of another document say nothing of this one

        self.blocked(version)
        assert checked(picture=picture_of_version(version=version, on=DAY)).of("L60")

        rows.simulated(version)
        services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)
        assert not checked(picture=picture_of_version(version=other, on=DAY)).of("L60")

    def test_takes_a_replay_on_the_people_of_another_plan(self):
        version = drafted(company(), simulated=False)
        self.blocked(version)

        rows.replay(version=version, version_digest=version.digest)

        services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)


class TestPublishing:
    def test_is_refused_by_what_blocks_with_its_place(self):
        version = drafted(company(), target_pays="0.90")

        with pytest.raises(
            DesignBlocked, match=r"L36 \(/incentive/children/0/children/0/curve\).* 100 % pays 90.00 %"
        ):
            services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)

        assert PlanVersion.objects.get(pk=version.pk).status == VersionStatus.DRAFT

    def test_keeps_what_it_found(self):
        version = drafted(company())

        services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)

        kept = Finding.objects.get(subject_id=str(version.pk), rule="L55")
        assert (kept.severity, kept.status, kept.value) == (
            "to_look_at",
            "open",
            "profit and loss of its own",
        )

    def test_blocks_a_supporter_left_out_only_then(self):
        version = next_version(pool=None)
        services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)

        with pytest.raises(DesignBlocked, match="L42: 2 people serve"):
            services.version_publish(version_id=version.pk, by=rows.designer(), at=BEFORE)

    def test_a_load_of_history_is_not_held_to_lateness(self):
        plan = company(supporters=0)
        past = document(effective={"from": "2026-07-01", "to": "2026-12-31"})
        calendar = rows.calendar()
        type(plan).objects.filter(pk=plan.pk).update(calendar=calendar)
        plan.refresh_from_db()
        Employment.objects.update(jurisdiction="FR")

        (version,) = services.history_load(
            plan=plan,
            documents=[past],
            reason="Paid before",
            prepared_by=rows.user(),
            by=rows.approver(),
            at=BEFORE,
        )

        assert version.status == VersionStatus.PUBLISHED
        late = Finding.objects.get(subject_id=str(version.pk), rule="L65")
        assert (late.value, late.severity) == ("123", "to_look_at")


class TestFindingsWaive:
    def waive(self, version, *, rule, by, reason="Agreed with finance", about=""):
        return services.findings_waive(
            version_id=version.pk, rule=rule, reason=reason, by=by, at=BEFORE, about=about
        )

    def test_lets_a_block_stand_until_it_says_something_else(self):
        version = next_version(pool=None)
        version = services.version_approve(version_id=version.pk, by=rows.approver(), at=BEFORE)
        hr = somebody(Role.HR_LEGAL)

        (row,) = self.waive(version, rule="L42", by=hr)
        published = services.version_publish(version_id=version.pk, by=rows.designer(), at=BEFORE)

        assert (row.status, row.settled_by, row.settled_reason) == ("waived", hr, "Agreed with finance")
        assert published.status == VersionStatus.PUBLISHED
        rows.membership(account=version.plan.account)
        with pytest.raises(CheckUnknown, match="finds nothing about nobody"):
            self.waive(version, rule="L42", by=hr, about="nobody")
        assert self.waive(version, rule="L42", by=hr)[0].message.startswith("3 people serve")

    def test_is_for_the_roles_its_rule_names(self):
        version = drafted(company(), pool=None)

        with pytest.raises(RoleMissing, match="Letting L55 stand is for Compensation admin"):
            self.waive(version, rule="L55", by=somebody(Role.KAM))

    def test_is_for_a_second_person_where_it_blocks(self):
        plan = company()
        admin = somebody(Role.COMP_ADMIN)
        version = services.version_draft(
            plan=plan, document=document(target_pays="0.90"), by=admin, at=BEFORE
        )

        with pytest.raises(PreparerCannotWaive, match="a second person lets L36 stand"):
            self.waive(version, rule="L36", by=admin)

    def test_needs_a_reason_a_finding_and_a_rule_that_bends(self):
        version, admin = drafted(company()), somebody(Role.COMP_ADMIN)

        with pytest.raises(ReasonMissing, match="Say why L55"):
            self.waive(version, rule="L55", by=admin, reason=" ")
        with pytest.raises(CheckUnknown, match="no check L99"):
            self.waive(version, rule="L99", by=admin)
        with pytest.raises(CheckUnknown, match="L01 finds nothing"):
            self.waive(version, rule="L01", by=admin)

    def test_of_an_invariant_is_refused(self):
        version = drafted(company())
        broken = dict(version.document)
        broken["incentive"]["children"][1]["weight"] = "0.25"
        PlanVersion.objects.filter(pk=version.pk).update(document=broken)

        with pytest.raises(NotToBeWaived, match="L11 has to be mended"):
            self.waive(version, rule="L11", by=somebody(Role.EXECUTIVE))


class TestLimits:
    def set(self, key, value):
        PolicySetting.objects.create(key=key, value=value, valid=rows.days("2020-01-01"))

    def test_of_the_company_are_held_against(self):
        version = drafted(company(), pay={"base_share": "0.70", "elements": []})
        picture = picture_of_version(version=version, on=DAY)
        assert checked(picture=picture, settings=limits_on(day=DAY)).of("L01")

        self.set("checks.L01.least", "0.65")

        assert not checked(picture=picture, settings=limits_on(day=DAY)).of("L01")

    def test_refuse_what_no_check_reads(self):
        self.set("checks.L01.lowest", "0.65")
        with pytest.raises(LimitUnknown, match=r"it reads checks\.L01\.least, checks\.L01\.most"):
            limits_on(day=DAY)

    def test_refuse_what_is_no_number(self):
        self.set("checks.L01.least", "much")
        with pytest.raises(LimitUnknown, match=r"0\.70"):
            limits_on(day=DAY)

    def test_show_what_another_would_change(self):
        drafted(company())

        effect = limit_effect(key="checks.L09.most", value="2", on=DAY)

        assert str(effect) == "1 of 1 drafts would get a finding of L09, 0 do now; new: Growth v1."
        assert not PolicySetting.objects.filter(key="checks.L09.most").exists()

    def test_show_what_another_would_change_for_working_drafts_too(self):
        made = company()
        version = drafted(made)
        by = user_make(username="designer", roles=[Role.COMP_ADMIN], since=date(2020, 1, 1), by=None)
        services.draft_begin(
            document=version.document, plan=version.plan, by=by, at=datetime(2026, 1, 1, tzinfo=UTC)
        )

        assert limit_effect(key="checks.L09.most", value="2", on=DAY).drafts == 2


class TestPlansCheck:
    def said(self, capsys, *arguments):
        try:
            call_command("plans", "check", *arguments)
            code = 0
        except CommandError as refusal:
            code = refusal.returncode
        return code, capsys.readouterr().out

    def test_answers_for_a_file_with_its_exit_status(self, tmp_path, capsys):
        file = tmp_path / "plan.json"
        file.write_text(json.dumps(document(target_pays="0.90")))

        code, said = self.said(capsys, str(file), "--json")

        report = json.loads(said)
        assert (code, report["blocks"]) == (1, 1)
        found = next(one for one in report["findings"] if one["rule"] == "L36")
        assert found["value"] == "a result of 100 % pays 90.00 %"
        assert found["fix"]["changes"][0]["at"] == "/incentive/children/0/children/0/curve/points"
        file.write_text(json.dumps(document()))
        assert self.said(capsys, str(file))[0] == 0

    def test_takes_facts_beside_a_file(self, tmp_path, capsys):
        file, facts = tmp_path / "plan.json", tmp_path / "facts.json"
        file.write_text(json.dumps(document()))
        facts.write_text(json.dumps({"people": [{"person": "E1", "place": "FR", "account": "A"}],
                                     "version": {"languages": ["en"]}}))  # fmt: skip

        code, said = self.said(capsys, str(file), "--facts", str(facts))

        assert code == 1
        assert "E11 blocks: France: the plan of E1 has no French text (there is en)" in said
        assert "Not legal advice." in said

    def test_answers_for_a_stored_version(self, capsys):
        drafted(company())

        code, said = self.said(capsys, "GAG")

        assert code == 0
        assert "L55 to look at:" in said
        assert "L30 not known:" in said

    def test_lists_limits_and_lets_stand(self, capsys):
        version, admin = drafted(company()), somebody(Role.COMP_ADMIN)

        call_command("plans", "limits", "--try", "checks.L09.most=2")
        call_command("plans", "limits")
        call_command("plans", "waive", "GAG", "L55", "--reason", "A pilot", "--by", admin.username)

        said = capsys.readouterr().out
        assert "1 of 1 drafts would get a finding of L09" in said
        assert "checks.L83.most" in said
        assert f"L55 stands on {version}" in said

    def test_prints_the_page_of_all_checks(self, capsys):
        assert self.said(capsys, "--reference") == (0, checks_page())


class TestPage:
    def test_is_the_one_printed(self):
        assert PAGE.read_text(encoding="utf-8") == checks_page()
