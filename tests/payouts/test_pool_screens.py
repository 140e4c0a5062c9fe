"""The pool in the browser: kept, spread, undone, laid beside another's, handed in, decided; hidden from strangers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from payouts.choices import PoolStatus
from payouts.models import Allocation, Pool
from payouts.services import allocations, pools
from teams.models import AccountObjective
from tests.payouts.company import AT
from tests.payouts.test_allocations import WHOLE, funded

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _inside_the_window():
    with time_machine.travel(AT):
        yield


@pytest.fixture
def made(db):
    return funded()


@pytest.fixture
def pool(made):
    return Pool.objects.get()


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def sheet(pool, **changes):
    """Return what the page would send: everything as it is shown, with changes by employee."""
    from kamcomp.pages.figures import amount_text

    data = {"version": str(pool.version)}
    for row in Allocation.objects.filter(pool=pool, eligible=True).select_related("person"):
        now = "" if row.amount is None else amount_text(row.amount, pool.currency)
        typed, reason = changes.get(row.person.employee_id, (now, row.reason))
        data |= {f"amount-{row.person_id}": typed, f"was-{row.person_id}": now}
        data |= {f"reason-{row.person_id}": reason, f"reason-was-{row.person_id}": row.reason}
    return data


def send(client, pool, *, act="save", data=None, name="allocation-save", **headers):
    return client.post(reverse(f"payouts:{name}", args=[pool.pk]), {"act": act, **(data or {})}, **headers)


def amount_of(made, name):
    return Allocation.objects.get(person=made.people[name]).amount


class TestAllocationSave:
    def test_shows_people_guideline_and_what_is_left(self, made, pool):
        page = (
            browser(made, "ingrid").get(reverse("payouts:allocation-save", args=[pool.pk])).content.decode()
        )

        assert "€30,160.00" in page
        assert page.count("data-amount") == 5
        assert "Not eligible:" in page

    def test_keeps_an_amount_a_share_and_a_step(self, made, pool):
        ingrid = browser(made, "ingrid")

        send(ingrid, pool, data=sheet(pool, PM=("10%", ""), CSR=("7.000,50", "less")))
        pool.refresh_from_db()
        send(ingrid, pool, data=sheet(pool, CSR=("+0,50", "less")))

        assert amount_of(made, "PM") == D("3016.00")
        assert amount_of(made, "CSR") == D("7001.00")
        assert Allocation.objects.get(person=made.people["CSR"]).reason == "less"

    def test_answers_the_sheet_alone_to_a_script(self, made, pool):
        answer = send(browser(made, "ingrid"), pool, data=sheet(pool, PM=("100", "")), HTTP_HX_REQUEST="true")

        assert answer.status_code == 200
        assert answer.content.decode().lstrip().startswith("<form")
        assert "Saved" in answer.content.decode()

    def test_keeps_what_was_typed_when_it_is_no_amount(self, made, pool):
        answer = send(browser(made, "ingrid"), pool, data=sheet(pool, PM=("ten", ""), CSR=("7000", "")))
        page = answer.content.decode()

        assert answer.status_code == 422
        assert 'value="ten"' in page
        assert "“ten” is not an amount" in page
        assert amount_of(made, "CSR") == D("7000.00")

    def test_keeps_what_was_typed_when_the_pool_does_not_hold_it(self, made, pool):
        answer = send(browser(made, "ingrid"), pool, data=sheet(pool, PM=("30160.01", "")))

        assert answer.status_code == 422
        assert 'value="30160.01"' in answer.content.decode()
        assert "0.01 EUR more than the pool" in answer.content.decode()
        assert amount_of(made, "PM") is None

    def test_undoes_change_by_change_down_to_nothing_set(self, made, pool):
        ingrid = browser(made, "ingrid")
        for text in ("100", "200"):
            send(ingrid, pool, data=sheet(pool, PM=(text, "")))
            pool.refresh_from_db()

        send(ingrid, pool, act="undo", data=sheet(pool))
        once = amount_of(made, "PM")
        pool.refresh_from_db()
        send(ingrid, pool, act="undo", data=sheet(pool))

        assert once == D("100.00")
        assert amount_of(made, "PM") is None

    def test_undoes_what_was_kept_while_one_typed_in_one_step(self, made, pool):
        ingrid = browser(made, "ingrid")
        pm, csr = (f"turn-amount-{made.people[name].pk}" for name in ("PM", "CSR"))
        typed = [("PM", "1", {pm: "x.1"}), ("PM", "12", {pm: "x.1"}), ("CSR", "7", {csr: "x.2"})]
        for name, text, turn in [*typed, ("PM", "300", {pm: "x.3"}), ("PM", "300.00", {pm: "x.4"})]:
            send(ingrid, pool, data=sheet(pool, **{name: (text, "")}) | turn)
            pool.refresh_from_db()
        found = []
        for _ in range(4):
            send(ingrid, pool, act="undo", data=sheet(pool))
            pool.refresh_from_db()
            found.append((amount_of(made, "PM"), amount_of(made, "CSR")))

        assert found == [(D(12), D(7)), (D(12), None), (None, None), (None, None)]

    def test_undoes_nothing_that_somebody_else_changed_since(self, made, pool):
        ingrid = browser(made, "ingrid")
        send(ingrid, pool, data=sheet(pool, PM=("100", ""), CSR=("200", "")))
        pool.refresh_from_db()
        theirs = {made.people["PM"].pk: D("250.00")}
        pool = allocations.allocation_save(
            pool_id=pool.pk, version=pool.version, amounts=theirs, by=made.user("ingrid"), at=AT
        )

        answer = send(ingrid, pool, act="undo", data=sheet(pool), HTTP_HX_REQUEST="true")

        assert (amount_of(made, "PM"), amount_of(made, "CSR")) == (D("250.00"), None)
        assert "Not undone, because somebody changed it since: " in answer.content.decode()

    def test_takes_nothing_after_the_window_and_keeps_what_was_typed(self, made, pool):
        with time_machine.travel(datetime(2026, 10, 25, 9, tzinfo=UTC)):
            ingrid = browser(made, "ingrid")
            page = ingrid.get(reverse("payouts:allocation-save", args=[pool.pk])).content.decode()
            answer = send(ingrid, pool, data=sheet(pool, PM=("77.70", "my reason")))

        assert "The window closed on" in page
        assert "data-amount" not in page
        assert answer.status_code == 422
        assert 'value="77.70"' in answer.content.decode()
        assert "my reason" in answer.content.decode()
        assert amount_of(made, "PM") is None

    def test_says_that_the_late_rule_handed_it_in(self, made, pool):
        after = datetime(2026, 10, 25, 9, tzinfo=UTC)
        pools.pool_close_late(pool_id=pool.pk, by=None, at=after)
        with time_machine.travel(after):
            url = reverse("payouts:allocation-save", args=[pool.pk])
            page, todo = (browser(made, "anders").get(each).content.decode() for each in (url, "/"))

        assert "Handed in by the late rule on" in page
        assert "handed in by the late rule" in todo

    def test_spreads_the_rest_over_those_without_an_amount(self, made, pool):
        send(browser(made, "ingrid"), pool, act="spread", data=sheet(pool, PM=("14000", "")))

        assert amount_of(made, "PM") == D("14000.00")
        assert sum(row.amount for row in Allocation.objects.filter(eligible=True)) == D("30160.00")

    def test_merges_what_two_people_did_to_different_rows(self, made, pool):
        mine = sheet(pool, PM=("100", ""))
        allocations.allocation_save(
            pool_id=pool.pk,
            version=pool.version,
            amounts={made.people["CSR"].pk: D("200.00")},
            by=made.user("ingrid"),
            at=AT,
        )

        answer = send(browser(made, "ingrid"), pool, data=mine)

        assert answer.status_code == 302
        assert (amount_of(made, "PM"), amount_of(made, "CSR")) == (D("100.00"), D("200.00"))

    def test_lays_mine_beside_theirs_and_keeps_mine_when_asked(self, made, pool):
        mine = sheet(pool, PM=("100", ""))
        allocations.allocation_save(
            pool_id=pool.pk,
            version=pool.version,
            amounts={made.people["PM"].pk: D("250.00")},
            by=made.user("ingrid"),
            at=AT,
        )
        ingrid = browser(made, "ingrid")

        answer = send(ingrid, pool, data=mine)
        page = answer.content.decode()

        assert answer.status_code == 409
        assert amount_of(made, "PM") == D("250.00")
        assert ">100<" in page
        assert ">250.00<" in page
        carried = dict(answer.context["carried"])
        assert send(ingrid, pool, data=carried).status_code == 302
        assert amount_of(made, "PM") == D("100.00")

    def test_keeps_what_only_one_of_two_touched_whichever_is_chosen_for_the_rest(self, made, pool):
        mine = sheet(pool, PM=("100", ""), BIL=("300", "does more"))
        theirs = {made.people["PM"].pk: D("250.00"), made.people["CSR"].pk: D("200.00")}
        allocations.allocation_save(
            pool_id=pool.pk, version=pool.version, amounts=theirs, by=made.user("ingrid"), at=AT
        )

        answer = send(browser(made, "ingrid"), pool, data=mine)

        assert answer.status_code == 409
        assert [amount_of(made, name) for name in ("PM", "CSR", "BIL")] == [
            D("250.00"),
            D("200.00"),
            D("300.00"),
        ]
        assert Allocation.objects.get(person=made.people["BIL"]).reason == "does more"

    def test_lays_two_reasons_for_one_person_side_by_side(self, made, pool):
        mine = sheet(pool, PM=("", "my reason"))
        allocations.allocation_save(
            pool_id=pool.pk,
            version=pool.version,
            amounts={},
            reasons={made.people["PM"].pk: "their reason"},
            by=made.user("ingrid"),
            at=AT,
        )
        ingrid = browser(made, "ingrid")

        answer = send(ingrid, pool, data=mine)

        assert answer.status_code == 409
        assert "my reason" in answer.content.decode()
        assert "their reason" in answer.content.decode()
        send(ingrid, pool, data=dict(answer.context["carried"]))
        assert Allocation.objects.get(person=made.people["PM"]).reason == "my reason"

    def test_shows_how_many_of_their_objectives_people_met(self, made, pool):
        for number, status in enumerate(("met", "met", "missed", "dropped")):
            AccountObjective.objects.create(
                account=made.account, code=f"O{number}", owner=made.people["PM"], statement="Win a plant",
                due_on=date(2026, 9, 30), status=status,
            )  # fmt: skip

        page = (
            browser(made, "ingrid").get(reverse("payouts:allocation-save", args=[pool.pk])).content.decode()
        )

        assert "2 of 3" in page

    def test_is_not_there_for_others(self, made, pool):
        url = reverse("payouts:allocation-save", args=[pool.pk])
        seen = {
            name: browser(made, name).get(url).status_code for name in ("ingrid", "maren", "anders", "jonas")
        }
        payee = made.users.get("pm") or made.users.get("priya")

        assert seen == dict.fromkeys(seen, 200)
        assert Client().get(url).status_code == 302
        if payee:
            client = Client()
            client.force_login(payee)
            assert client.get(url).status_code == 404

    def test_refuses_who_only_looks(self, made, pool):
        answer = send(browser(made, "maren"), pool, data=sheet(pool, PM=("100", "")))

        assert answer.status_code == 422
        assert "is allocated by" in answer.content.decode()
        assert amount_of(made, "PM") is None

    def test_shows_markup_in_a_reason_as_it_is(self, made, pool):
        ingrid = browser(made, "ingrid")
        send(ingrid, pool, data=sheet(pool, PM=("8000", "<script>alert(1)</script> =1+1 \u202e")))

        page = ingrid.get(reverse("payouts:allocation-save", args=[pool.pk])).content.decode()

        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page

    def test_costs_a_bounded_number_of_queries(self, made, pool, django_assert_max_num_queries):
        ingrid = browser(made, "ingrid")

        with django_assert_max_num_queries(20):
            ingrid.get(reverse("payouts:allocation-save", args=[pool.pk]))

    def test_gives_the_sheet_as_a_file(self, made, pool):
        import io

        answer = browser(made, "ingrid").get(
            reverse("payouts:allocation-save", args=[pool.pk]) + "?format=xlsx"
        )
        book = openpyxl.load_workbook(io.BytesIO(answer.content))

        assert book.sheetnames == ["pool", "About"]
        assert [row[0].value for row in book["pool"].rows][1:] == ["CSR", "PM", "SA", "BIL", "LOG", "KEN"]


class TestAllocationSubmit:
    def whole(self, made, pool):
        send(
            browser(made, "ingrid"),
            pool,
            data=sheet(pool, **{name: (text, "") for name, text in WHOLE.items()}),
        )
        pool.refresh_from_db()

    def test_says_what_stands_in_the_way(self, made, pool):
        page = (
            browser(made, "ingrid").get(reverse("payouts:allocation-submit", args=[pool.pk])).content.decode()
        )

        assert "It cannot be handed in yet." in page
        assert "disabled" in page

    def test_hands_in(self, made, pool):
        self.whole(made, pool)

        answer = send(
            browser(made, "ingrid"), pool, name="allocation-submit", data={"version": str(pool.version)}
        )

        pool.refresh_from_db()
        assert answer.status_code == 302
        assert pool.status == PoolStatus.SUBMITTED

    def test_refuses_a_version_that_is_not_the_pools(self, made, pool):
        self.whole(made, pool)

        answer = send(browser(made, "ingrid"), pool, name="allocation-submit", data={"version": "1"})

        pool.refresh_from_db()
        assert answer.status_code == 422
        assert pool.status == PoolStatus.ALLOCATING


class TestPoolDecide:
    @pytest.fixture
    def submitted(self, made, pool):
        allocations.allocation_guideline(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=AT)
        pool.refresh_from_db()
        allocations.allocation_submit(pool_id=pool.pk, version=pool.version, by=made.user("ingrid"), at=AT)
        pool.refresh_from_db()
        return pool

    def test_approves(self, made, submitted):
        send(browser(made, "anders"), submitted, act="approve", name="pool-decide")

        submitted.refresh_from_db()
        assert submitted.status == PoolStatus.APPROVED

    def test_sends_back_with_a_reason_that_the_kam_reads(self, made, submitted):
        send(
            browser(made, "anders"), submitted, act="return", name="pool-decide", data={"reason": "Too even."}
        )

        submitted.refresh_from_db()
        page = (
            browser(made, "ingrid")
            .get(reverse("payouts:allocation-save", args=[submitted.pk]))
            .content.decode()
        )
        assert submitted.status == PoolStatus.RETURNED
        assert "Too even." in page

    def test_shows_who_comes_second_what_was_decided_and_keeps_their_words(self, made, submitted):
        first, second = browser(made, "anders"), browser(made, "olga")
        assert (
            "Your decision"
            in second.get(reverse("payouts:allocation-save", args=[submitted.pk])).content.decode()
        )
        send(first, submitted, act="approve", name="pool-decide")

        answer = send(
            second, submitted, act="return", name="pool-decide", data={"reason": "Too <even> for me."}
        )

        submitted.refresh_from_db()
        page = answer.content.decode()
        assert (answer.status_code, submitted.status) == (409, PoolStatus.APPROVED)
        assert "is approved: only a submitted one is returned" in page
        assert "Too &lt;even&gt; for me." in page
        assert "Your decision" not in page

    def test_keeps_the_reason_of_a_refused_decision(self, made, submitted):
        answer = send(
            browser(made, "anders"), submitted, act="return", name="pool-decide", data={"reason": "x" * 501}
        )

        assert answer.status_code == 422
        assert "x" * 501 in answer.content.decode()
        assert "at most 500 characters" in answer.content.decode()

    def test_sends_nothing_back_without_a_reason(self, made, submitted):
        anders = browser(made, "anders")

        answer = anders.post(
            reverse("payouts:pool-decide", args=[submitted.pk]), {"act": "return", "reason": ""}, follow=True
        )

        submitted.refresh_from_db()
        assert submitted.status == PoolStatus.SUBMITTED
        assert "Say what has to change" in answer.content.decode()

    def test_says_in_german_why_nothing_is_sent_back(self, made, submitted):
        answer = browser(made, "anders").post(
            reverse("payouts:pool-decide", args=[submitted.pk]),
            {"act": "return", "reason": ""},
            follow=True,
            HTTP_ACCEPT_LANGUAGE="de",
        )

        assert "Sagen Sie, was sich ändern muss: Ein Topf wird mit Begründung" in answer.content.decode()
        assert "Say what has to change" not in answer.content.decode()

    def test_is_not_for_the_allocator(self, made, submitted):
        ingrid = browser(made, "ingrid")

        page = ingrid.get(reverse("payouts:allocation-save", args=[submitted.pk])).content.decode()
        send(ingrid, submitted, act="approve", name="pool-decide")

        submitted.refresh_from_db()
        assert "Your decision" not in page
        assert submitted.status == PoolStatus.SUBMITTED


class TestPoolList:
    def test_lists_sums_and_filters(self, made, pool):
        page = browser(made, "ingrid").get(reverse("payouts:pool-list") + "?period=2026-Q3").content.decode()

        assert "30,160.00" in page
        assert reverse("payouts:allocation-save", args=[pool.pk]) in page

    def test_costs_few_queries(self, made, pool, django_assert_max_num_queries):
        ingrid = browser(made, "ingrid")

        with django_assert_max_num_queries(12):
            ingrid.get(reverse("payouts:pool-list"))
