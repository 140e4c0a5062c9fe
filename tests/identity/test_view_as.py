"""Looking as somebody else: comp admins only, reading only, noted, and said on every page."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import InternalError, connection
from django.http import HttpResponse
from django.urls import path, reverse

from kamcomp.audit.context import OnlyLooking, only_looking
from kamcomp.audit.models import AuditEvent
from kamcomp.identity import services
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import RoleMissing
from kamcomp.identity.services import role_end, user_make
from kamcomp.identity.viewing import is_looking
from kamcomp.urls import urlpatterns as ours

pytestmark = pytest.mark.django_db
SINCE = date(2026, 1, 1)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def by_an_act(request):
    user_make(username="made", roles=[], since=SINCE, by=request.user)
    return HttpResponse("done")


def by_the_table(request):
    User.objects.update(first_name="changed")
    return HttpResponse("done")


def who(request):
    return HttpResponse(f"{request.user.username} {is_looking(request)}")


urlpatterns = [
    *ours,
    path("test/by-an-act", by_an_act),
    path("test/by-the-table", by_the_table),
    path("test/who", who),
]
with_more_pages = pytest.mark.urls(__name__)


@pytest.fixture
def maren():
    return user_make(username="maren", first_name="Maren", roles=[Role.COMP_ADMIN], since=SINCE, by=None)


@pytest.fixture
def priya():
    return user_make(
        username="priya", first_name="Priya", last_name="Nair", roles=[Role.PAYEE], since=SINCE, by=None
    )


@pytest.fixture
def looking(client, maren, priya):
    client.force_login(maren)
    client.post(reverse("view-as-begin", args=[priya.pk]))
    return client


class TestViewAs:
    def test_lists_who_can_be_looked_as(self, client, maren, priya):
        client.force_login(maren)

        page = client.get(reverse("view-as"), {"q": "pri nai"}).content.decode()

        assert "View as Priya Nair" in page
        assert "Nobody found" in client.get(reverse("view-as"), {"q": "zzz"}).content.decode()

    @pytest.mark.parametrize("role", [role for role in Role if role != Role.COMP_ADMIN])
    def test_is_not_there_for_others(self, client, priya, role):
        other = user_make(username="other", roles=[role], since=SINCE, by=None)
        client.force_login(other)

        assert client.get(reverse("view-as")).status_code == 404
        assert client.post(reverse("view-as-begin", args=[priya.pk])).status_code == 404
        with pytest.raises(RoleMissing):
            services.view_as_begin(user=priya, by=other, at=NOW)

    def test_costs_the_same_queries_with_more_users(self, client, maren, django_assert_max_num_queries):
        for number in range(60):
            user_make(username=f"user{number}", roles=[], since=SINCE, by=None)
        client.force_login(maren)

        with django_assert_max_num_queries(12):
            page = client.get(reverse("view-as")).content.decode()

        assert "50 of 60 shown" in page


@with_more_pages
class TestLooking:
    def test_shows_what_the_other_sees_and_says_so(self, looking):
        assert looking.get("/test/who").content == b"priya True"
        page = looking.get("/").content.decode()
        assert "You see what Priya Nair sees" in page
        assert "Stop looking" in page

    def test_changes_nothing_by_a_form(self, looking, priya):
        answer = looking.post(reverse("account_change_password"), {"oldpassword": "x"})

        assert answer.status_code == 403
        assert "Nothing was changed" in answer.content.decode()

    def test_changes_nothing_over_the_interface_which_says_so_as_a_problem(self, looking):
        answer = looking.post("/api/v1/runs", {"period": "2026-Q3"}, content_type="application/json")

        assert (answer.status_code, answer.json()["code"]) == (403, "only_looking")
        assert answer.headers["Content-Type"] == "application/problem+json"

    def test_changes_nothing_by_an_act_on_the_way(self, looking):
        answer = looking.get("/test/by-an-act")

        assert answer.status_code == 403
        assert not User.objects.filter(username="made").exists()

    def test_changes_nothing_by_a_table(self, looking):
        answer = looking.get("/test/by-the-table")

        assert answer.status_code == 403
        assert "Nothing was changed" in answer.content.decode()
        assert not User.objects.filter(first_name="changed").exists()

    def test_is_noted_under_the_name_of_who_looks(self, looking, maren, priya):
        looking.post(reverse("view-as-end"))

        began, ended = AuditEvent.objects.filter(action__startswith="view_as").order_by("id")
        assert (began.action, began.user_id, began.subject_id) == ("view_as_begin", maren.pk, str(priya.pk))
        assert (ended.action, ended.user_id, ended.subject_id) == ("view_as_end", maren.pk, str(priya.pk))

    def test_ends_when_asked_to(self, looking):
        looking.post(reverse("view-as-end"))

        assert looking.get("/test/who").content == b"maren False"
        assert looking.get("/test/by-an-act").content == b"done"

    def test_ends_with_the_role(self, looking, maren):
        role_end(grant=maren.role_grants.get(), last_day=date.today() - timedelta(days=1))  # noqa: DTZ011

        assert looking.get("/test/who").content == b"maren False"

    def test_leaves_signing_out_to_oneself(self, looking, maren):
        looking.post("/sign-out")

        assert looking.get("/test/who").content.startswith(b" ")
        assert AuditEvent.objects.get(action="sign_out").user_id == maren.pk

    def test_cannot_begin_as_oneself_or_as_who_may_not_sign_in(self, client, maren, priya):
        client.force_login(maren)
        User.objects.filter(pk=priya.pk).update(is_active=False)

        for user in (maren, priya):
            answer = client.post(reverse("view-as-begin", args=[user.pk]))
            assert answer.status_code == 422
            assert "nobody to look as" in answer.content.decode()


class TestOnlyLooking:
    def test_is_held_by_the_database(self, priya):
        with pytest.raises(InternalError, match="read-only transaction"), only_looking():
            User.objects.filter(pk=priya.pk).update(first_name="changed")

    def test_is_held_by_acts_and_ends(self, priya):
        with pytest.raises(OnlyLooking), only_looking():
            user_make(username="made", roles=[], since=SINCE, by=priya)
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            assert cursor.fetchone() == ("off",)
        user_make(username="made", roles=[], since=SINCE, by=priya)
