"""What HR keeps of people: acts with their refusals, files, erasure, what checks read, and the pages."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamcomp.approvals.models import Finding
from kamcomp.audit.models import AuditEvent
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import user_make
from kamcomp.imports.models import ImportBatch, ImportChange
from kamcomp.imports.services import import_commit
from kamcomp.visibility import viewer_of
from plans.services import assignment_make
from plans.services.assignments import PROFILE_RULE
from teams.choices import Destination, DutyPart, Seat
from teams.engine.care import Gap, compa_ratio, gap_ratio, gaps, health_word, months_after
from teams.models import (
    AccountObjective,
    AccountRelationship,
    Candidate,
    Capability,
    CapabilityScore,
    Course,
    Employment,
    JobProfile,
    JobRole,
    Leaver,
    MarketBenchmark,
    Membership,
    PayPackage,
    Person,
    PersonDetails,
    Reward,
    RoleDuty,
    StrategicAccount,
    Training,
)
from teams.selectors.care import losses, person_care
from teams.selectors.market import standings_on
from teams.services import care, person_erase
from teams.services.care.leaving import SuccessorHolds
from teams.services.care.people import OwnMentor, TrainingDone, TrainingDueAlready
from teams.services.care.roles import TwoAnswer
from teams.services.care.rules import HealthNamed, OwnCare
from tests.laws import rows
from tests.payouts.company import company

D = Decimal
pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@dataclass
class Made:
    """A small company: three people on an account's team, and who else signs in."""

    people: dict[str, Person]
    account: StrategicAccount


@pytest.fixture
def made():
    """Ingrid manages the account; Priya and a third serve it; Sigrid is of HR."""
    account = rows.account()
    people = {}
    for name, user, roles, seat in (
        ("KAM", "ingrid", [Role.KAM, Role.PAYEE], Seat.KAM),
        ("PM", "priya", [Role.PAYEE], Seat.MEMBER),
        ("SA", "sam", [Role.PAYEE], Seat.MEMBER),
    ):
        signs = user_make(username=user, roles=roles, since=date(2020, 1, 1), by=None)
        person = people[name] = rows.person(employee_id=name, user=signs)
        role = JobRole.objects.create(code=f"role_{name.lower()}", name=f"Role of {name}")
        rows.membership(account=account, person=person, seat=seat, role=role, dedication="0.5")
        PersonDetails.objects.create(person=person, legal_name=f"{name} Doe")
        PayPackage.objects.create(
            person=person,
            base_salary=80_000,
            variable_target=20_000,
            currency="EUR",
            valid=rows.days("2026-01-01"),
        )
        Employment.objects.create(
            person=person,
            employer="X",
            jurisdiction="NO",
            payroll_currency="EUR",
            valid=rows.days("2026-01-01"),
        )
    for user, role in (("sigrid", Role.HR_LEGAL), ("maren", Role.COMP_ADMIN), ("jonas", Role.FINANCE)):
        user_make(username=user, roles=[role], since=date(2020, 1, 1), by=None)
    return Made(people=people, account=account)


def sigrid():
    return {"by": User.objects.get(username="sigrid"), "at": timezone.now()}


def browser(name="sigrid"):
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def page(named, *args, who="sigrid", **query):
    return browser(who).get(reverse(f"teams:{named}", args=args), query)


def sent(named, *args, who="sigrid", **values):
    return browser(who).post(reverse(f"teams:{named}", args=args), values)


def capability(code):
    return Capability.objects.get(code=code)


def profiled(role, **needs):
    profile = {
        "purpose": "Grow the account",
        "requirements": "",
        "selection_steps": "Two interviews",
        "level": 3,
        "market_percentile": 50,
    }
    needs = {capability(code): level for code, level in needs.items()}
    return care.job_profile_put(
        role_id=role.pk, said=profile, responsibilities="Leads", needs=needs, **sigrid()
    )


def role_of(made, name):
    return Membership.objects.filter(person=made.people[name]).latest("valid").role


def committed(kind, text, who="sigrid"):
    user = User.objects.get(username=who)
    return import_commit(kind=kind, content=text.encode(), filename=f"{kind}.csv", by=user, at=timezone.now())


class TestFigures:
    def test_of_gaps_count_what_is_missing_and_not_what_nobody_judged(self):
        found = gaps(needs={"Planning": 4, "Finance": 3, "Leading": 2}, has={"Planning": 1, "Leading": 5})

        assert found == (
            Gap(capability="Planning", needs=4, has=1),
            Gap(capability="Finance", needs=3, has=None),
            Gap(capability="Leading", needs=2, has=5),
        )
        assert [gap.lacks for gap in found] == [3, 0, 0]
        assert gap_ratio(gaps=found) == D("0.5")
        assert gap_ratio(gaps=gaps(needs={"Planning": 4}, has={})) is None

    @pytest.mark.parametrize(
        ("day", "months", "later"),
        [("2026-01-31", 1, "2026-02-28"), ("2026-11-15", 14, "2028-01-15"), ("2024-02-29", 12, "2025-02-28")],
    )
    def test_of_months_end_with_their_month(self, day, months, later):
        assert months_after(day=date.fromisoformat(day), months=months) == date.fromisoformat(later)

    def test_of_health_are_found_by_word_in_both_languages(self):
        assert health_word(text="Is often sick in winter") == "sick"
        assert health_word(text="War lange krankgeschrieben.") == "krankgeschrieben"
        assert health_word(text="Knows Sierra Medical and its clinics") == ""

    def test_of_pay_are_over_the_market(self):
        assert compa_ratio(pay=D(90), market=D(120)) == D("0.75")


class TestStanding:
    def test_is_held_against_the_newest_figure_of_role_country_and_policy_line(self, made):
        person = made.people["KAM"]
        role = role_of(made, "KAM")
        pay = standings_on(days={person.pk: TODAY})[person.pk].pay
        for percentile, as_of, cash in (
            (50, "2026-01-01", 100_000),
            (50, "2025-01-01", 1),
            (75, "2026-01-01", 2),
        ):
            MarketBenchmark.objects.create(
                role=role, country="NO", percentile=percentile, target_cash=cash, currency="EUR", as_of=as_of,
                source=f"Survey {percentile}",
            )  # fmt: skip

        found = standings_on(days={person.pk: date(2026, 9, 1)})[person.pk]

        assert (found.country, found.market, found.ratio) == ("NO", D(100_000), pay / 100_000)
        JobProfile.objects.create(role=role, purpose="p", market_percentile=75)
        assert standings_on(days={person.pk: date(2026, 9, 1)})[person.pk].market == 2

    def test_of_another_currency_without_a_rate_is_not_known(self, made):
        person = made.people["KAM"]
        MarketBenchmark.objects.create(
            role=role_of(made, "KAM"), country="NO", percentile=50, target_cash=1, currency="NOK",
            as_of="2026-01-01", source="s",
        )  # fmt: skip

        assert standings_on(days={person.pk: date(2026, 9, 1)})[person.pk].ratio is None


class TestActs:
    def test_are_for_hr_and_never_about_oneself(self, made):
        person, course = made.people["PM"], Course.objects.get(code="negotiation")
        maren = User.objects.get(username="maren")
        with pytest.raises(RoleMissing, match="Assigning training is for HR and legal"):
            care.training_assign(
                person_id=person.pk,
                course=course,
                due_on=TODAY,
                by=maren,
                at=timezone.now(),
            )
        person.user = User.objects.get(username="sigrid")
        person.save()
        with pytest.raises(OwnCare, match="about yourself"):
            care.training_assign(person_id=person.pk, course=course, due_on=TODAY, **sigrid())

    def test_of_training_make_a_course_due_again_when_it_was_done(self, made):
        course = Course.objects.get(code="negotiation")
        first = care.training_assign(
            person_id=made.people["PM"].pk, course=course, due_on=date(2026, 3, 1), **sigrid()
        )
        with pytest.raises(TrainingDueAlready, match="due to PM already"):
            care.training_assign(
                person_id=made.people["PM"].pk, course=course, due_on=date(2026, 4, 1), **sigrid()
            )

        again = care.training_done(training_id=first.pk, on=date(2026, 2, 20), **sigrid())

        assert (again.due_on, again.done_on) == (date(2028, 2, 20), None)
        with pytest.raises(TrainingDone, match="done already"):
            care.training_done(training_id=first.pk, on=date(2026, 2, 20), **sigrid())

    def test_of_mentors_end_the_one_before(self, made):
        whom, first, second = (made.people[name] for name in ("PM", "KAM", "SA"))
        care.mentor_set(person_id=whom.pk, mentor=first, since=date(2026, 1, 1), **sigrid())
        care.mentor_set(person_id=whom.pk, mentor=second, since=date(2026, 6, 1), **sigrid())

        spans = list(whom.mentorships.order_by("valid").values_list("mentor", "valid"))
        assert [(mentor, valid.upper) for mentor, valid in spans] == [
            (first.pk, date(2026, 6, 1)),
            (second.pk, None),
        ]
        with pytest.raises(OwnMentor):
            care.mentor_set(person_id=whom.pk, mentor=whom, since=TODAY, **sigrid())

    def test_keep_nothing_about_health_nor_its_words_in_the_audit(self, made):
        terms = {"kind": "travel", "agreed_on": TODAY, "last_day": None}
        with pytest.raises(HealthNamed, match="burnout"):
            care.work_life_agree(
                person_id=made.people["PM"].pk, what="After the burnout", **terms, **sigrid()
            )
        care.work_life_agree(person_id=made.people["PM"].pk, what="Two nights a week", **terms, **sigrid())

        told = AuditEvent.objects.filter(subject_table="teams_worklifeaction")
        assert [event.after["what"] for event in told if event.after] == ["withheld"]
        assert "nights" not in str(list(AuditEvent.objects.values()))

    def test_of_roles_let_one_answer_for_an_activity(self, made):
        first, second = role_of(made, "KAM"), role_of(made, "PM")
        care.role_duty_put(role_id=first.pk, activity="Prices", part=DutyPart.ACCOUNTABLE, **sigrid())

        with pytest.raises(TwoAnswer, match="Another role answers"):
            care.role_duty_put(role_id=second.pk, activity="Prices", part=DutyPart.ACCOUNTABLE, **sigrid())

        care.role_duty_put(role_id=second.pk, activity="Prices", part=DutyPart.INFORMED, **sigrid())
        assert RoleDuty.objects.filter(activity="Prices").count() == 2

    def test_of_relationships_take_no_manager_as_their_own_successor(self, made):
        said = {"sole_contact": True, "looked_on": date(2026, 9, 1), "note": ""}
        with pytest.raises(SuccessorHolds):
            care.account_relationship_put(
                account=made.account, successor=made.people["KAM"], **said, **sigrid()
            )


class TestPlanWithoutProfile:
    def test_is_noted_when_somebody_is_put_on_it(self):
        made = company()
        person, role = made.people["PM"], role_of(made, "PM")

        def assign(since):
            assignment_make(person=person, plan=made.plan, since=since, last_day=since, by=made.user("maren"))
            return Finding.objects.filter(rule=PROFILE_RULE, message__contains=person.employee_id).count()

        assert assign(date(2026, 11, 1)) == 1
        JobProfile.objects.create(role=role, purpose="p")
        assert assign(date(2026, 11, 2)) == 1


class TestFiles:
    def test_come_in_by_hr_alone_who_alone_see_them_come(self, made):
        text = (
            "employee_id,kind,given_on,what,value,currency\nPM,award,2026-05-01,Project of the year,500,EUR\n"
        )
        with pytest.raises(RoleMissing, match="is for HR and legal"):
            committed("rewards", text, who="maren")

        assert committed("rewards", text).new == 1

        reward = Reward.objects.get()
        assert (reward.value, reward.retain_until) == (500, date(2028, 5, 1))
        batch = ImportBatch.objects.get(kind="rewards")
        for name, sees in (("sigrid", True), ("maren", False), ("jonas", False)):
            viewer = viewer_of(user=User.objects.get(username=name), on=TODAY)
            assert ImportBatch.objects.visible_to(viewer).filter(pk=batch.pk).exists() is sees
            assert ImportChange.objects.visible_to(viewer).filter(batch=batch).exists() is sees
        offered = browser("maren").get(reverse("imports:upload-take")).content.decode()
        assert 'value="people"' in offered
        assert 'value="rewards"' not in offered

    def test_of_training_make_recurring_courses_due_again(self, made):
        committed("trainings", "employee_id,course,due_on,done_on\nPM,negotiation,2026-01-10,2026-01-05\n")

        assert [(one.due_on, one.done_on) for one in Training.objects.order_by("due_on")] == [
            (date(2026, 1, 10), date(2026, 1, 5)),
            (date(2028, 1, 5), None),
        ]

    def test_of_leavers_know_pay_and_market_of_the_last_day(self, made):
        MarketBenchmark.objects.create(
            role=role_of(made, "KAM"), country="NO", percentile=50, target_cash=1_000_000, currency="EUR",
            as_of="2026-01-01", source="s",
        )  # fmt: skip
        head = "employee_id,last_day,reason,destination\n"
        committed("leavers", head + "KAM,2026-09-30,pay,competitor\n")

        leaver = Leaver.objects.get()
        assert (leaver.market_cash, leaver.country, leaver.retain_until) == (
            1_000_000,
            "NO",
            date(2028, 9, 30),
        )
        viewer = viewer_of(user=User.objects.get(username="sigrid"), on=TODAY)
        found = next(one for one in losses(viewer=viewer, on=TODAY) if one.left)
        assert (found.left, found.to_competitors, found.behind) == (1, 1, True)
        assert found.ratio_left == leaver.target_cash / 1_000_000

    @pytest.mark.parametrize(
        ("kind", "text", "reason"),
        [
            ("candidates", "candidate_code,name,role_code,source,came_from,employee_id,since\n"
             "C1,Eva,billing,external,,,2026-01-01\n", "from outside has a came_from"),
            ("work_life", "employee_id,kind,agreed_on,what\nPM,hours,2026-01-01,since the diagnosis\n", "health"),
            ("profile_capabilities", "role_code,capability,level\nbilling,finance,3\n", "no job profile yet"),
            ("role_duties", "role_code,activity,part\nbilling,Bills,accountable\nlogistics,Bills,accountable\n",
             "two roles"),
            ("mentorships", "employee_id,mentor_employee_id,from,to\nPM,PM,2026-01-01,\n", "their own mentor"),
            ("rewards", "employee_id,kind,given_on,what,value,currency\nPM,award,2026-01-01,A,5,\n", "stand together"),
        ],
    )  # fmt: skip
    def test_that_break_a_rule_say_why(self, made, kind, text, reason):
        with pytest.raises(Exception, match=reason):
            committed(kind, text)


class TestErasure:
    def test_takes_all_that_is_kept_of_a_person_wherever_it_stands(self, made):
        person = made.people["PM"]
        committed("rewards", "employee_id,kind,given_on,what\nPM,award,2026-05-01,Gold pin\n")
        care.mentor_set(person_id=made.people["KAM"].pk, mentor=person, since=TODAY, **sigrid())
        care.capability_scores_put(
            person_id=person.pk, levels={capability("finance"): 2}, on=TODAY, **sigrid()
        )
        PersonDetails.objects.filter(person=person).update(retain_until=date(2026, 1, 1))

        person_erase(person_id=person.pk, by=None, at=timezone.now())

        assert not Reward.objects.filter(person=person).exists()
        assert not CapabilityScore.objects.filter(person=person).exists()
        assert not person.mentored.exists()
        assert "Gold pin" not in str(list(ImportChange.objects.values()))

    def test_takes_rows_past_their_last_day_and_leaves_the_others(self, made):
        reward = {"person": made.people["PM"], "kind": "award", "given_on": TODAY}
        Reward.objects.create(what="old", retain_until=date(2026, 1, 1), **reward)
        Reward.objects.create(what="kept", retain_until=date(2099, 1, 1), **reward)

        assert care.care_erase_due(at=timezone.now()) == 1
        assert Reward.objects.get().what == "kept"


class TestCareList:
    def test_shows_gaps_training_and_pay_for_hr_alone(self, made):
        role = role_of(made, "PM")
        profiled(role, finance=4, leading=4)
        person = made.people["PM"]
        care.capability_scores_put(
            person_id=person.pk,
            levels={capability("finance"): 2, capability("leading"): 4},
            on=TODAY,
            **sigrid(),
        )
        Training.objects.create(
            person=person, course=Course.objects.first(), due_on=date(2026, 1, 1), retain_until=TODAY
        )

        answer = page("care-list", lacks="training")

        text = answer.content.decode()
        assert '<td class="n">25.0%</td>' in text
        assert text.count("<tr>") == 2
        for name in ("maren", "jonas", "ingrid", "priya"):
            assert page("care-list", who=name).status_code == 404

    def test_costs_the_same_queries_at_two_sizes(self, made, django_assert_max_num_queries):
        client = browser()
        for more in (0, 15):
            for number in range(more):
                person = Person.objects.create(employee_id=f"N{number}")
                PersonDetails.objects.create(person=person, legal_name=f"New {number}")
            with django_assert_max_num_queries(16):
                client.get(reverse("teams:care-list"))


class TestCareShow:
    def test_holds_somebody_against_another_roles_profile(self, made):
        role = role_of(made, "KAM")
        profiled(role, negotiation=5)
        care.capability_scores_put(
            person_id=made.people["PM"].pk, levels={capability("negotiation"): 2}, on=TODAY, **sigrid()
        )

        viewer = viewer_of(user=User.objects.get(username="sigrid"), on=TODAY)
        found = person_care(person=made.people["PM"], viewer=viewer, on=TODAY, against=role)
        text = page("care-show", made.people["PM"].pk, against=str(role.pk)).content.decode()

        assert [gap.lacks for gap in found.gaps] == [3]
        assert "2 of 5 asked for" in text
        assert page("care-show", made.people["PM"].pk, who="maren").status_code == 404

    def test_keeps_what_was_typed_when_it_is_refused(self, made):
        url = ("care-add", made.people["PM"].pk, "work-life")
        values = {"kind": "travel", "agreed_on": "2026-09-01", "what": "Since the diagnosis: no flights"}

        answer = sent(*url, **values)

        assert answer.status_code == 422
        assert "Since the diagnosis: no flights" in answer.content.decode()
        assert sent(*url, **values | {"what": "No flights"}).status_code == 302
        assert made.people["PM"].work_life_actions.get().what == "No flights"

    @pytest.mark.parametrize(
        "what", ["scores", "training", "reward", "mentor", "goal", "work-life", "leaver"]
    )
    def test_offers_a_form_for_each_thing_to_hr_alone(self, made, what):
        assert page("care-add", made.people["PM"].pk, what).status_code == 200
        assert page("care-add", made.people["PM"].pk, what, who="maren").status_code == 404

    def test_takes_a_row_out_again(self, made):
        reward = Reward.objects.create(
            person=made.people["PM"], kind="award", given_on=TODAY, what="Pin", retain_until=TODAY
        )

        answer = sent("care-remove", "reward", reward.pk)

        assert answer.url == reverse("teams:care-show", args=[made.people["PM"].pk])
        assert not Reward.objects.exists()


class TestTrainingList:
    def test_shows_everybody_their_own_and_hr_everybodys(self, made):
        for name in ("PM", "SA"):
            Training.objects.create(
                person=made.people[name], course=Course.objects.first(), due_on=date(2026, 1, 1)
            )

        assert page("training-list").content.decode().count("Overdue</td>") == 2
        own = page("training-list", who="priya").content.decode()
        assert own.count("Overdue</td>") == 1
        assert page("training-done", Training.objects.first().pk, who="priya").status_code == 404

    def test_says_when_a_course_is_due_again(self, made):
        one = Training.objects.create(
            person=made.people["PM"], course=Course.objects.get(code="negotiation"), due_on=date(2026, 1, 1)
        )

        assert sent("training-done", one.pk, on="2999-01-01").status_code == 422
        assert sent("training-done", one.pk, on="2026-01-05").status_code == 302
        assert Training.objects.get(done_on=None).due_on == date(2028, 1, 5)


class TestLeaverList:
    def test_shows_where_people_are_lost_and_is_a_file(self, made):
        values = {
            "last_day": "2026-09-30",
            "reason": "pay",
            "destination": Destination.COMPETITOR,
            "destination_name": "Nordlager",
            "non_compete": "none",
        }
        assert sent("care-add", made.people["PM"].pk, "leaver", **values).status_code == 302

        text = page("leaver-list").content.decode()

        assert "Nordlager" in text
        assert "Where people are lost" in text
        assert b"Nordlager" in b"".join(page("leaver-list", format="csv"))
        assert page("leaver-list", who="jonas").status_code == 404


class TestMarketList:
    def test_takes_a_figure_and_refuses_it_twice(self, made):
        values = {
            "role": JobRole.objects.get(code="billing").pk,
            "country": "no",
            "percentile": "50",
            "target_cash": "60,000.00",
            "currency": "eur",
            "as_of": "2020-01-01",
            "source": "Survey",
        }
        assert sent("market-add", **values).status_code == 302
        answer = sent("market-add", **values)

        assert answer.status_code == 422
        assert "Survey is kept already" in answer.content.decode()
        assert "old</td>" in page("market-list").content.decode()
        assert page("market-list", who="maren").status_code == 404


class TestCandidates:
    def test_are_compared_with_the_profile_who_lacks_least_first(self, made):
        role = role_of(made, "KAM")
        profiled(role, negotiation=4)
        common = {"role": role.pk, "status": "new", "since": "2026-09-01"}
        inside = {"code": "C1", "name": "Pat", "source": "internal", "person": made.people["PM"].employee_id}
        outside = {"code": "C2", "name": "Eva", "source": "external", "came_from": "competitor"}
        assert sent("candidate-add", **common, **inside).status_code == 302
        assert sent("candidate-add", **common, **outside | {"came_from": ""}).status_code == 422
        assert sent("candidate-add", **common, **outside).status_code == 302
        eva = Candidate.objects.get(code="C2")
        levels = {"level-negotiation": "3", "on": "2026-09-02"}
        assert sent("candidate-score", eva.pk, **levels).status_code == 302

        text = page("candidate-compare", role.pk).content.decode()

        assert text.index("Eva") < text.index("Pat")
        assert "3 of 4 asked for" in text
        assert page("candidate-compare", role.pk, who="maren").status_code == 404
        assert "A competitor" in page("candidate-list").content.decode()


class TestRelationships:
    def test_say_what_rests_on_one_person(self, made):
        account = made.account
        MarketBenchmark.objects.create(
            role=role_of(made, "KAM"), country="NO", percentile=50, target_cash=1_000_000, currency="EUR",
            as_of="2026-01-01", source="s",
        )  # fmt: skip
        assert "not looked at" in page("relationship-list").content.decode()

        values = {"sole_contact": "on", "looked_on": "2026-09-01", "note": "Knows the owner"}
        assert sent("relationship-put", account.pk, **values).status_code == 302

        assert "at risk" in page("relationship-list").content.decode()
        assert AccountRelationship.objects.get().sole_contact is True
        assert page("relationship-list", who="ingrid").status_code == 404


class TestRoleShow:
    def test_shows_who_does_what_and_the_profile_to_who_holds_the_role(self, made):
        role = role_of(made, "PM")
        profiled(role, finance=3)
        care.role_duty_put(role_id=role.pk, activity="Delivery", part=DutyPart.ACCOUNTABLE, **sigrid())

        for name, sees in (("priya", True), ("maren", True), ("jonas", False)):
            text = page("role-show", role.pk, who=name).content.decode()
            assert "Delivery" in text
            assert ("Grow the account" in text) is sees, name

    def test_keeps_profile_and_activities_for_admins_and_hr(self, made):
        role = JobRole.objects.get(code="billing")
        values = {"purpose": "Right the first time", "level": "2", "market_percentile": "150"}
        assert sent("role-profile", role.pk, who="maren", **values).status_code == 422
        values |= {"market_percentile": "50", "level-finance": "4"}
        assert sent("role-profile", role.pk, who="maren", **values).status_code == 302
        assert sent("role-duty-add", role.pk, activity="Invoices", part="accountable").status_code == 302
        duty = RoleDuty.objects.get(activity="Invoices")
        aim = AccountObjective.objects.create(
            account=made.account, code="A-1", owner=made.people["KAM"], statement="Open the second plant",
            due_on=date(2030, 12, 31), status="agreed",
        )  # fmt: skip
        only = {"activity": "Invoices", "part": "responsible", "objective": str(aim.pk)}
        assert f"{made.account}: Open the second plant" in page("role-duty-add", role.pk).content.decode()
        assert sent("role-duty-add", role.pk, **only).status_code == 302
        assert RoleDuty.objects.get(objective=aim).part == "responsible"
        assert sent("role-duty-add", role.pk, **{**only, "objective": "none"}).status_code == 422

        assert role.profile.needs.get().level == 4
        assert page("role-profile", role.pk, who="jonas").status_code == 404
        assert sent("role-duty-remove", duty.pk, who="priya").status_code == 404
        assert sent("role-duty-remove", duty.pk).status_code == 302

    def test_list_tells_which_role_has_no_profile(self, made, django_assert_max_num_queries):
        client = browser()

        with django_assert_max_num_queries(12):
            text = client.get(reverse("teams:role-list")).content.decode()

        assert "missing" in text
