"""Account teams in the browser: the list, a team on a day, edits from a date, and the undo of the last one."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamcomp.audit.models import AuditEvent
from kamcomp.identity.selectors import RoleMissing
from payouts.choices import PoolStatus
from payouts.models import Allocation, Pool
from teams.choices import AccountStatus, Link, Scope, Seat, TeamEditKind
from teams.models import JobRole, Membership, Person, PersonDetails, Segment, StrategicAccount, TeamEdit
from teams.selectors.teams import membership_state
from teams.services import team_edit_undo, team_member_add, team_member_change, team_member_end
from teams.services.team_edits import (
    EditInUse,
    EditNotLast,
    EditOvertaken,
    EditUndoneAlready,
    MembershipChangedMeanwhile,
    NothingChanges,
)
from tests.payouts.company import START, company

pytestmark = pytest.mark.django_db
SEPTEMBER, DECEMBER = date(2026, 9, 1), date(2026, 12, 1)


@pytest.fixture
def made(db):
    return company()


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def team(made, name="maren", **query):
    url = reverse("teams:team-show", args=[made.account.pk])
    return browser(made, name).get(url, {"as_of": "2026-09-01", **query})


def member(made, name):
    return Membership.objects.filter(person=made.people[name]).latest("valid")


def newcomer(name="Nora New"):
    person = Person.objects.create(employee_id="E-new")
    PersonDetails.objects.create(person=person, legal_name=name)
    return person


def joining(**values):
    role = JobRole.objects.get(code="role_pm")
    return {
        "person": "Nora New", "since": "2026-12-01", "role": role.pk, "link": Link.MATRIX, "seat": Seat.MEMBER,
        "scope": Scope.ACCOUNT, "dedication": "40 %", "pool_eligible": "on", **values,
    }  # fmt: skip


def changing(made, name, **values):
    one = member(made, name)
    return {
        "seen": json.dumps(membership_state(membership=one)), "since": "2026-12-01", "role": one.role_id,
        "link": one.link, "seat": one.seat, "scope": one.scope, "dedication": f"{one.dedication * 100:f}",
        "pool_eligible": "on", **values,
    }  # fmt: skip


def who(made, name="maren"):
    return {"by": made.user(name), "at": timezone.now()}


class TestTeamList:
    def test_shows_each_team_as_it_is_on_the_day(self, made):
        url = reverse("teams:team-list")

        july = browser(made, "maren").get(url, {"as_of": "2026-07-01"}).content.decode()
        september = (
            browser(made, "maren").get(url, {"as_of": "2026-09-01", "name": "kam doe"}).content.decode()
        )

        assert "=KAM Doe" in july
        assert '<td class="n">3</td><td class="n">2</td>' in july
        assert '<td class="n">4</td><td class="n">2</td>' in september

    def test_is_a_file_of_the_same_rows_as_text_that_no_spreadsheet_computes(self, made):
        answer = browser(made, "maren").get(
            reverse("teams:team-list"), {"format": "csv", "as_of": "2026-09-01"}
        )

        assert "Meridian,'=KAM Doe,4,2," in b"".join(answer).decode("utf-8-sig")

    def test_counts_who_sells_beside_who_supports(self, made):
        JobRole.objects.filter(memberships__person__employee_id="SA").update(family="sales")
        answer = browser(made, "maren").get(
            reverse("teams:team-list"), {"format": "csv", "as_of": "2026-09-01"}
        )

        head, row = b"".join(answer).decode("utf-8-sig").splitlines()[:2]
        assert dict(zip(head.split(","), row.split(","), strict=False))["selling"] == "2"
        assert "<dt>Sellers</dt><dd>2</dd>" in team(made, as_of="2026-09-01").content.decode()

    def test_is_not_there_for_payees(self, made):
        assert browser(made, "priya").get(reverse("teams:team-list")).status_code == 404

    def test_costs_the_same_queries_at_two_sizes(self, made, django_assert_max_num_queries):
        client = browser(made, "maren")
        for size in (1, 12):
            for _more in range(size - 1):
                StrategicAccount.objects.create(
                    node=StrategicAccount.objects.first().node.__class__.objects.create(
                        code=f"N{_more}", name=f"Account {_more}", currency="EUR"
                    ),
                    programme_start=START,
                    plan_currency="EUR",
                )
            with django_assert_max_num_queries(6):
                client.get(reverse("teams:team-list"))


class TestTeamShow:
    def test_is_a_picture_and_the_same_as_a_table(self, made):
        page = team(made).content.decode()

        assert page.count('class="line direct"') == 2 * 4
        assert page.count('class="line matrix"') == 2 * 2
        assert "=KAM Doe leads the team: 4 direct, 2 matrix" in page
        assert "Change" in page

    def test_is_another_on_another_day(self, made):
        july = team(made, as_of="2026-07-01").content.decode()
        before = team(made, as_of="2025-12-31").content.decode()

        assert july.count('class="line direct"') == 2 * 3
        assert "Nobody is on the team on this day" in before
        assert "joins: =SA Doe" in july

    def test_offers_no_edit_to_readers(self, made):
        for name in ("anders", "jonas", "ingrid"):
            page = team(made, name)
            assert page.status_code == 200
            assert "Add a person" not in page.content.decode()

    def test_of_another_is_not_there(self, made):
        assert team(made, "priya").status_code == 404
        made.people["KAM"].user = None
        made.people["KAM"].save()
        assert team(made, "ingrid").status_code == 404

    def test_says_on_which_days_nobody_leads(self, made):
        team_member_end(membership_id=member(made, "KAM").pk, seen=None, last_day=SEPTEMBER, **who(made))

        page = team(made).content.decode()

        assert "Nobody is key account manager from 2 Sep 2026 on." in page
        assert "In review" in page

    def test_is_a_file_too(self, made):
        text = b"".join(team(made, format="csv")).decode("utf-8-sig")

        assert text.splitlines()[1].startswith("KAM,'=KAM Doe,Key account manager,direct,kam,account,1")
        assert len(text.splitlines()) == 8

    def test_costs_few_queries(self, made, django_assert_max_num_queries):
        client = browser(made, "maren")

        with django_assert_max_num_queries(9):
            client.get(reverse("teams:team-show", args=[made.account.pk]))


class TestTeamMemberAdd:
    def test_puts_somebody_on_the_team_from_a_day(self, made):
        newcomer()
        url = reverse("teams:team-member-add", args=[made.account.pk])

        page = browser(made, "maren").post(url, joining(), follow=True).content.decode()

        one = Membership.objects.get(person__employee_id="E-new")
        assert (one.span.since, one.dedication, one.link) == (DECEMBER, Decimal("0.4"), Link.MATRIX)
        assert "Nora New is on the team from 1 Dec 2026." in page
        assert "Undo" in page

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"person": "Nobody Here"}, "Nobody of this name or employee id is here."),
            ({"person": "Doe"}, "Several people are called so"),
            ({"dedication": "140"}, "Nobody gives more than 100 % of their time."),
            ({"dedication": "much"}, "in percent"),
            ({"since": ""}, "This field is required"),
            ({"person": "PM"}, "is on the team of Meridian already on one of these days"),
            ({"seat": Seat.KAM}, "has another key account manager on one of these days"),
        ],
    )
    def test_refuses_and_keeps_what_was_typed(self, made, typed, words):
        newcomer()
        url = reverse("teams:team-member-add", args=[made.account.pk])

        answer = browser(made, "maren").post(url, joining(opt_out_reason="kept as typed", **typed))

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert "kept as typed" in answer.content.decode()
        assert not TeamEdit.objects.exists()

    def test_is_for_compensation_admins(self, made):
        url = reverse("teams:team-member-add", args=[made.account.pk])

        assert browser(made, "jonas").get(url).status_code == 404
        with pytest.raises(RoleMissing, match="Editing an account team is for Compensation admin"):
            team_member_add(
                account_id=made.account.pk,
                person=newcomer(),
                role=JobRole.objects.first(),
                since=DECEMBER,
                **who(made, "jonas"),
            )


class TestTeamMemberChange:
    def test_changes_from_a_day_and_keeps_what_was(self, made):
        old = member(made, "CSR")
        url = reverse("teams:team-member-change", args=[old.pk])

        page = browser(made, "maren").post(url, changing(made, "CSR", dedication="80"), follow=True)

        spans = Membership.objects.filter(person=made.people["CSR"]).order_by("valid")
        assert [(one.span.since, one.dedication) for one in spans] == [
            (START, Decimal("0.6")),
            (DECEMBER, Decimal("0.8")),
        ]
        assert "=CSR Doe is changed from 1 Dec 2026." in page.content.decode()
        assert AuditEvent.objects.filter(action="team_member_change", subject_table="teams_teamedit").exists()

    def test_lays_mine_beside_theirs_and_keeps_mine_when_asked(self, made):
        maren, old = browser(made, "maren"), member(made, "CSR")
        url = reverse("teams:team-member-change", args=[old.pk])
        mine = changing(made, "CSR", dedication="80")
        Membership.objects.filter(pk=old.pk).update(dedication=Decimal("0.5"))

        answer = maren.post(url, mine)
        page = answer.content.decode()
        kept = maren.post(url, {**mine, "seen": json.dumps(membership_state(membership=member(made, "CSR")))})

        assert answer.status_code == 409
        assert ">60%<" in page
        assert ">80%<" in page
        assert ">50%<" in page
        assert kept.status_code == 302
        assert member(made, "CSR").dedication == Decimal("0.8")

    def test_narrows_to_segments_from_a_day_and_back(self, made):
        east, south = (
            Segment.objects.create(code=name, name=name.title(), kind="region") for name in ("east", "south")
        )
        maren, old = browser(made, "maren"), member(made, "CSR")
        old.segments.set([east])
        url = reverse("teams:team-member-change", args=[old.pk])
        assert re.search(rf'value="{east.pk}"[^>]*checked', maren.get(url).content.decode())
        mine = changing(made, "CSR", segments=[east.pk, south.pk])

        page = maren.post(url, mine, follow=True).content.decode()

        spans = Membership.objects.filter(person=made.people["CSR"]).order_by("valid")
        assert [set(one.segments.all()) for one in spans] == [{east}, {east, south}]
        maren.post(re.search(r'action="([^"]*/edits/[^"]*/undo)"', page)[1])
        assert [set(one.segments.all()) for one in spans.all()] == [{east}]

    def test_keeps_the_segments_typed_when_somebody_else_changed_them(self, made):
        east, south = (
            Segment.objects.create(code=name, name=name.title(), kind="region") for name in ("east", "south")
        )
        maren, old = browser(made, "maren"), member(made, "CSR")
        mine = changing(made, "CSR", segments=[east.pk, south.pk])
        old.segments.set([south])

        answer = maren.post(reverse("teams:team-member-change", args=[old.pk]), mine)

        assert answer.status_code == 409
        page = answer.content.decode()
        assert ">East, South<" in page
        assert ">South<" in page
        assert [page.count(f'name="segments" value="{one.pk}"') for one in (east, south)] == [1, 1]

    def test_refuses_nothing_and_a_stale_view(self, made):
        one = member(made, "CSR")
        with pytest.raises(NothingChanges):
            team_member_change(membership_id=one.pk, seen=None, since=DECEMBER, changes={}, **who(made))
        stale = {**membership_state(membership=one), "seat": "deputy"}
        with pytest.raises(MembershipChangedMeanwhile):
            team_member_end(membership_id=one.pk, seen=stale, last_day=DECEMBER, **who(made))


class TestTeamMemberEnd:
    def test_sets_the_last_day(self, made):
        one = member(made, "CSR")
        url = reverse("teams:team-member-end", args=[one.pk])

        browser(made, "maren").post(url, {"last_day": "2026-12-31", "seen": ""})
        one.refresh_from_db()

        assert one.span.last == date(2026, 12, 31)

    def test_refuses_a_day_outside_and_keeps_it(self, made):
        url = reverse("teams:team-member-end", args=[member(made, "CSR").pk])

        answer = browser(made, "maren").post(url, {"last_day": "2025-12-31", "seen": ""})

        assert answer.status_code == 422
        assert 'value="2025-12-31"' in answer.content.decode()
        assert "does not hold on 31 Dec 2025" in answer.content.decode()


class TestTeamMemberHandOver:
    def test_leaves_no_day_without_a_manager(self, made):
        newcomer()
        url = reverse("teams:team-member-hand-over", args=[member(made, "KAM").pk])

        browser(made, "maren").post(url, {"to": "E-new", "since": "2026-12-01", "seen": ""})

        kam = Membership.objects.get(seat=Seat.KAM, valid__contains=DECEMBER)
        assert kam.person.employee_id == "E-new"
        made.account.refresh_from_db()
        assert made.account.status == AccountStatus.ACTIVE


class TestTeamEditUndo:
    def test_brings_everything_back_edit_by_edit(self, made):
        before = [membership_state(membership=one) for one in Membership.objects.order_by("pk")]
        first = team_member_change(
            membership_id=member(made, "CSR").pk,
            seen=None,
            since=DECEMBER,
            changes={"dedication": Decimal("0.1")},
            **who(made),
        )
        second = team_member_end(
            membership_id=member(made, "KAM").pk, seen=None, last_day=SEPTEMBER, **who(made)
        )
        with pytest.raises(EditNotLast):
            team_edit_undo(edit_id=first.pk, **who(made))

        url = reverse("teams:team-edit-undo", args=[second.pk])
        assert "Undone" in browser(made, "maren").post(url, follow=True).content.decode()
        team_edit_undo(edit_id=first.pk, **who(made))

        assert [membership_state(membership=one) for one in Membership.objects.order_by("pk")] == before
        made.account.refresh_from_db()
        assert made.account.status == AccountStatus.ACTIVE
        with pytest.raises(EditUndoneAlready):
            team_edit_undo(edit_id=first.pk, **who(made))

    def test_is_refused_once_the_facts_are_others(self, made):
        one = member(made, "CSR")
        edit = team_member_end(membership_id=one.pk, seen=None, last_day=DECEMBER, **who(made))
        Membership.objects.filter(pk=one.pk).update(dedication=Decimal("0.2"))

        url = reverse("teams:team-edit-undo", args=[edit.pk])
        page = browser(made, "maren").post(url, follow=True).content.decode()

        assert "no longer as this edit left it" in page
        with pytest.raises(EditOvertaken):
            team_edit_undo(edit_id=edit.pk, **who(made))

    def test_is_refused_once_a_pool_share_stands_on_it(self, made):
        edit = team_member_add(
            account_id=made.account.pk,
            person=newcomer(),
            role=JobRole.objects.get(code="role_pm"),
            since=DECEMBER,
            **who(made),
        )
        one = Membership.objects.get(person__employee_id="E-new")
        pool = Pool.objects.create(
            account=made.account,
            period=made.quarters["2026-Q4"],
            plan_version=made.version,
            currency="EUR",
            status=PoolStatus.PLANNED,
        )
        Allocation.objects.create(
            pool=pool, person=one.person, membership=one, role=one.role, link=one.link,
            dedication=one.dedication, days_eligible=31, role_weight=1, guideline=0,
        )  # fmt: skip

        with pytest.raises(EditInUse, match="has a share in a pool"):
            team_edit_undo(edit_id=edit.pk, **who(made))

        assert edit.kind == TeamEditKind.ADDED
        assert Membership.objects.filter(pk=one.pk).exists()
