"""Policy settings in the browser: what holds, and what a change would do, tried out on open runs and taken back."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from kamcomp.identity.selectors import RoleMissing
from kamcomp.policy.models import PolicySetting
from kamcomp.policy.services import setting_put
from payouts.models import Pool, Run
from payouts.selectors.policy import SettingUnknown, SettingValueWrong, setting_known, settings_known
from payouts.services.policy_effects import policy_effect
from scorecards.engine.facts import Conventions
from scorecards.models import Metric, Result, SurveyResponse
from scorecards.selectors.conventions import conventions_on
from teams.models import PayPackage
from tests.payouts.company import AT, START, D, calculated_run, company
from tests.visibility.two_teams import reviewed, two_teams

pytestmark = pytest.mark.django_db
REVIEW = "account_review_days"


@pytest.fixture
def made(db):
    return company()


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def change(made, key=REVIEW, *, name="maren", act="try", **typed):
    url = reverse("payouts:policy-put", args=[key])
    data = {"value": "5", "since": "2026-10-01", "reason": "more accounts each", "act": act, **typed}
    return browser(made, name).post(url, data)


class TestPolicyShow:
    def test_shows_what_holds_what_is_shipped_and_what_was_set(self, made):
        setting_put(key=REVIEW, value=7, since=START, reason="holidays", by=made.user("maren"), at=AT)

        page = browser(made, "jonas").get(reverse("payouts:policy-show"))
        text = page.content.decode()

        assert '<td class="strong">7</td><td class="wide mute">3</td>' in text
        assert "holidays" in text
        assert text.count("Change: ") == len(settings_known())

    def test_offers_no_change_to_an_executive_and_nothing_to_payees(self, made):
        url = reverse("payouts:policy-show")

        assert "Change: " not in browser(made, "anders").get(url).content.decode()
        assert browser(made, "priya").get(url).status_code == 404
        assert browser(made, "anders").get(reverse("payouts:policy-put", args=[REVIEW])).status_code == 404

    def test_costs_few_queries(self, made, django_assert_max_num_queries):
        client = browser(made, "maren")

        with django_assert_max_num_queries(8):
            client.get(reverse("payouts:policy-show"))


class TestPolicyPut:
    def test_shows_the_effect_first_and_sets_nothing(self, made):
        calculated_run(made)

        page = change(made, since="2026-10-01").content.decode()

        assert "1 open run" in page
        assert "accounts are reviewed until 14 Oct 2026, before 12 Oct 2026" in page
        assert "Set to 5 from 1 Oct 2026" in page
        assert 'value="more accounts each"' in page
        assert not PolicySetting.objects.exists()

    def test_sets_it_from_the_day(self, made):
        assert change(made, act="set").status_code == 302

        row = PolicySetting.objects.get()
        assert (row.key, row.value, row.span.since, row.reason) == (
            REVIEW, 5, date(2026, 10, 1), "more accounts each",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("key", "typed", "words"),
        [
            (REVIEW, {"value": "many"}, "not a whole number from 0 to 60"),
            (REVIEW, {"value": "61"}, "not a whole number from 0 to 60"),
            (REVIEW, {"reason": ""}, "This field is required"),
            ("personal_ceiling_excess", {"value": "given away"}, "none of the choices"),
            ("company.node", {"value": "NOWHERE"}, "There is no account with the code NOWHERE"),
            ("metrics.satisfaction_best", {"value": "ten"}, "is not an amount"),
        ],
    )
    def test_refuses_and_keeps_what_was_typed(self, made, key, typed, words):
        answer = change(made, key, act="set", since="2026-10-02", **typed)

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert 'value="2026-10-02"' in answer.content.decode()
        assert not PolicySetting.objects.exists()

    def test_says_when_a_later_value_is_there(self, made):
        setting_put(key=REVIEW, value=7, since=date(2026, 11, 1), by=made.user("maren"), at=AT)

        answer = change(made)

        assert answer.status_code == 422
        assert "a new one must begin later" in answer.content.decode()

    def test_of_no_setting_is_not_there(self, made):
        assert change(made, "anything").status_code == 404


class TestPolicyEffect:
    def test_counts_results_and_pools_and_takes_all_of_it_back(self):
        made = reviewed(two_teams())
        for number in range(10):
            SurveyResponse.objects.create(
                survey="csat", response_id=str(number), node=made.first.account.node, date=date(2026, 8, 3),
                score=4 if number < 5 else 5,
            )  # fmt: skip
        assert Metric.objects.filter(code="M06").exists()
        before = list(Result.objects.order_by("pk").values())

        effect = policy_effect(
            key="metrics.satisfaction_top_from", value="5", since=date(2026, 9, 1),
            by=made.user("maren"), at=AT,
        )  # fmt: skip

        assert [one.run for one in effect.changed] == [Run.objects.get()]
        assert effect.changed[0].results >= 1
        assert [str(pool.account) for pool in effect.changed[0].pools] == ["Meridian"]
        assert effect.pools == Pool.objects.filter(account=made.first.account).count() == 1
        assert list(Result.objects.order_by("pk").values()) == before
        assert not PolicySetting.objects.exists()

    def test_of_the_same_value_is_nothing(self, made):
        calculated_run(made)
        known = {"since": date(2026, 9, 1), "by": made.user("maren"), "at": AT}

        assert policy_effect(key=REVIEW, value=3, **known).changed == []
        assert policy_effect(key="metrics.order_minimum", value="0", **known).changed == []

    def test_counts_people_whose_ceiling_works_out_otherwise(self, made):
        PayPackage.objects.filter(person=made.people["KAM"]).update(ceiling=D(1000))
        calculated_run(made)

        effect = policy_effect(
            key="personal_ceiling_excess",
            value="carried",
            since=date(2026, 9, 1),
            by=made.user("maren"),
            at=AT,
        )

        assert [one.people for one in effect.runs] in ([0], [1])

    def test_is_for_those_who_may_set_it(self, made):
        with pytest.raises(RoleMissing):
            policy_effect(key=REVIEW, value=5, since=date(2026, 9, 1), by=made.user("anders"), at=AT)


class TestSettingsKnown:
    def test_take_their_shipped_values_as_typed_and_mean_them(self, made):
        for setting in settings_known():
            if setting.shipped == "":
                continue
            shipped = setting.shipped if isinstance(setting.shipped, list) else [str(setting.shipped)]
            value = setting.read(", ".join(one for one in shipped if one))
            PolicySetting.objects.create(key=setting.key, value=value, valid=(START, None))
            assert setting.shown(value)

        shipped, read = Conventions(), conventions_on(day=date(2026, 9, 1))
        assert read == shipped

    def test_refuse_what_no_rule_reads(self):
        with pytest.raises(SettingUnknown):
            setting_known(key="anything")
        with pytest.raises(SettingValueWrong):
            setting_known(key="metrics.relationship_groups").read(" , ")
