"""Facts, targets and credits: restated, never edited; a line's credits are whole."""

import psycopg2
import pytest
from django.apps import apps
from django.utils import timezone

from kamcomp.currency.models import FxRate
from kamcomp.lawful import law_of
from kamcomp.records import Fact
from scorecards.choices import CreditType
from scorecards.models import Collection, Credit, Metric, Target, Transaction
from tests.laws import rows
from tests.laws.breaking import MADE, WRITERS, refused, together

FACT_TABLES = sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, Fact))


def fx_rate():
    return FxRate.objects.create(
        rate_set="plan", rate_date="2026-01-01", from_currency="USD", to_currency="EUR", rate="0.9"
    )


class TestFacts:
    @pytest.mark.parametrize("table", FACT_TABLES)
    def test_are_narrowed_to_adding_and_superseding(self, app_sql, table):
        app_sql.execute(
            "SELECT has_any_column_privilege(%(table)s, 'UPDATE'), has_table_privilege(%(table)s, 'UPDATE'),"
            " has_column_privilege(%(table)s, 'superseded_at', 'UPDATE'),"
            " has_table_privilege(%(table)s, 'DELETE') OR has_table_privilege(%(table)s, 'TRUNCATE')",
            {"table": table},
        )

        assert app_sql.fetchone() == (True, False, True, False)

    @pytest.mark.parametrize(
        "statement", ["UPDATE scorecards_transaction SET revenue = 1", "DELETE FROM currency_fxrate"]
    )
    def test_refuse_the_app_role_an_edit(self, app_sql, statement):
        rows.transactions(1)
        fx_rate()

        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            app_sql.execute(statement)

    def test_refuse_even_the_owner_an_edit(self, owner_sql):
        rows.transactions(1)

        with refused("transactions_are_not_edited", saying="restate it with a new row"):
            owner_sql.execute("UPDATE scorecards_transaction SET revenue = 1")
        with refused("transactions_stay"):
            owner_sql.execute("DELETE FROM scorecards_transaction")

    def test_are_superseded_once(self, app_sql):
        (line,) = rows.transactions(1)
        app_sql.execute("UPDATE scorecards_transaction SET superseded_at = now() WHERE id = %s", [line.pk])

        with refused("transactions_are_not_edited"):
            app_sql.execute("UPDATE scorecards_transaction SET superseded_at = NULL WHERE id = %s", [line.pk])
        with refused("transactions_are_not_edited"):
            app_sql.execute(
                "UPDATE scorecards_transaction SET superseded_at = now() + '1 day' WHERE id = %s", [line.pk]
            )

    def test_are_restated_by_a_new_row(self, transactional_db):
        (line,) = rows.transactions(1)
        Transaction.objects.filter(pk=line.pk).update(superseded_at=timezone.now())
        line.pk, line.revenue = None, "90.00"
        line.save(force_insert=True)

        assert Transaction.objects.filter(source_id=line.source_id).count() == 2
        assert Transaction.objects.current().get(source_id=line.source_id).revenue == 90


class TestTargets:
    @pytest.fixture
    def target(self, transactional_db):
        metric = Metric.objects.order_by("code").first() or Metric.objects.create(
            code="X1", name="X", perspective="financial", unit="money"
        )
        return Target.objects.create(
            metric=metric,
            node=rows.node(),
            days=rows.days("2026-01-01", "2027-01-01"),
            value="100",
            currency="EUR",
        )

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE scorecards_target SET value = 90 WHERE id = %s",
            "DELETE FROM scorecards_target WHERE id = %s",
        ],
    )
    def test_keep_what_was_agreed(self, app_sql, target, statement):
        with refused("targets_keep_their_history", saying="revise it with a new row"):
            app_sql.execute(statement, [target.pk])

    def test_do_not_become_drafts_again(self, app_sql, target):
        with refused("targets_status_moves_on"):
            app_sql.execute("UPDATE scorecards_target SET status = 'draft' WHERE id = %s", [target.pk])

    def test_are_revised_by_a_new_row(self, app_sql, target):
        app_sql.execute(
            "UPDATE scorecards_target SET status = 'revised', superseded_at = now() WHERE id = %s",
            [target.pk],
        )

        with refused("targets_keep_their_history"):
            app_sql.execute("UPDATE scorecards_target SET superseded_at = NULL WHERE id = %s", [target.pk])


class TestCredits:
    INSERT = (
        "INSERT INTO scorecards_credit (source, source_id, line, person_id, credit_type, share)"
        " VALUES (%s, %s, %s, %s, %s, %s)"
    )

    def values(self, line, share, *, credit_type="split"):
        return [line.source, line.source_id, line.line, str(rows.person().pk), credit_type, share]

    @pytest.mark.parametrize("share", ["0.99999999", "0.5"])
    def test_refuse_a_line_that_is_not_whole(self, app_sql, share):
        (line,) = rows.transactions(1)

        with refused("credits_of_a_line_are_whole", saying="not to 100 %"):
            app_sql.execute(self.INSERT, self.values(line, share))

    def test_refuse_a_second_whole(self, app_sql):
        (line,) = rows.transactions(1)
        app_sql.execute(self.INSERT, self.values(line, 1, credit_type="direct"))

        with refused("credits_of_a_line_are_whole", saying="sum to 150 %"):
            app_sql.execute(self.INSERT, self.values(line, "0.5"))

    def test_count_overlay_credits_outside_the_sum(self, app_sql):
        (line,) = rows.transactions(1)
        app_sql.execute(self.INSERT, self.values(line, 1, credit_type="direct"))

        app_sql.execute(self.INSERT, self.values(line, 1, credit_type="overlay"))

        assert Credit.objects.filter(source_id=line.source_id).count() == 2

    def test_are_split_anew_in_one_transaction(self, app_connection):
        (line,) = rows.transactions(1)
        Credit.objects.bulk_create([rows.credit(line, "1", credit_type=CreditType.DIRECT)])
        values = [self.values(line, share) for share in ("0.3", "0.3", "0.4")]
        connection = app_connection()

        with connection, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE scorecards_credit SET superseded_at = now() WHERE source_id = %s", [line.source_id]
            )
            cursor.executemany(self.INSERT, values)

        assert Credit.objects.current().filter(source_id=line.source_id).count() == 3

    def test_refuse_a_line_nobody_knows(self, app_sql):
        person = rows.person()

        with refused("credits_are_of_a_known_line", saying="import the transaction first"):
            app_sql.execute(self.INSERT, ["erp", "nowhere", 1, str(person.pk), "direct", 1])

    def test_are_whole_between_twelve_at_once(self, app_connection):
        """Each credits the whole line to somebody else, before any of them has committed."""
        (line,) = rows.transactions(1)
        values = [self.values(line, 1, credit_type="direct") for _ in range(WRITERS)]
        acts = [lambda cursor, each=each: cursor.execute(self.INSERT, each) for each in values]

        outcomes = together(app_connection, acts, commit_together=True)

        assert outcomes == {MADE: 1, "credits_of_a_line_are_whole": WRITERS - 1}


class TestCollections:
    INSERT = (
        "INSERT INTO scorecards_collection (source, source_id, collection_id, collected_on, amount, currency)"
        " VALUES (%s, %s, %s, '2026-02-01', %s, %s)"
    )
    LINE = (
        "INSERT INTO scorecards_transaction (source, source_id, line, date, node_id, revenue, currency)"
        " VALUES (%s, %s, %s, '2026-01-01', %s, %s, %s)"
    )

    def values(self, line, amount, *, currency="EUR"):
        return [line.source, line.source_id, f"C{next(rows.NUMBERS)}", amount, currency]

    @pytest.mark.parametrize("amount", ["100.000001", "-0.000001"])
    def test_refuse_more_than_the_invoice_and_less_than_nothing(self, app_sql, amount):
        (line,) = rows.transactions(1)

        with refused("collections_stay_within_the_invoice", saying="comes to 100 EUR"):
            app_sql.execute(self.INSERT, self.values(line, amount))

    def test_refuse_a_second_whole(self, app_sql):
        (line,) = rows.transactions(1)
        app_sql.execute(self.INSERT, self.values(line, "100"))

        with refused("collections_stay_within_the_invoice", saying="collected for it to 101"):
            app_sql.execute(self.INSERT, self.values(line, "1"))

    def test_are_reversed_by_a_negative_part(self, app_sql):
        (line,) = rows.transactions(1)
        app_sql.execute(self.INSERT, self.values(line, "100"))

        app_sql.execute(self.INSERT, self.values(line, "-40"))

        assert sum(Collection.objects.values_list("amount", flat=True)) == 60

    def test_of_a_credit_note_are_refunds(self, app_sql):
        (line,) = rows.transactions(1)
        app_sql.execute(self.LINE, [line.source, "CN-1", 1, str(line.node_id), "-50", "EUR"])
        app_sql.execute(self.INSERT, [line.source, "CN-1", "R1", "-50", "EUR"])

        with refused("collections_stay_within_the_invoice"):
            app_sql.execute(self.INSERT, [line.source, "CN-1", "R2", "-1", "EUR"])

    def test_refuse_another_currency(self, app_sql):
        (line,) = rows.transactions(1)

        with refused(
            "collections_keep_the_invoices_currency", saying="is in EUR, what is collected for it in USD"
        ):
            app_sql.execute(self.INSERT, self.values(line, "1", currency="USD"))

    def test_refuse_an_invoice_nobody_knows(self, app_sql):
        with refused("collections_are_of_a_known_invoice", saying="import the transactions first"):
            app_sql.execute(self.INSERT, ["erp", "nowhere", "C", 1, "EUR"])

    def test_hold_the_invoice_to_what_was_collected(self, app_sql):
        (line,) = rows.transactions(1)
        app_sql.execute(self.INSERT, self.values(line, "80"))

        with refused("collections_stay_within_the_invoice"):
            app_sql.execute(self.LINE, [line.source, line.source_id, 2, str(line.node_id), "-20.01", "EUR"])
        with refused("collections_keep_the_invoices_currency"):
            app_sql.execute(self.LINE, [line.source, line.source_id, 2, str(line.node_id), "1", "USD"])
        with refused("collections_are_of_a_known_invoice"):
            app_sql.execute(
                "UPDATE scorecards_transaction SET superseded_at = now() WHERE id = %s", [line.pk]
            )

    def test_let_a_line_be_restated_that_still_covers_them(self, app_connection):
        (line,) = rows.transactions(1)
        rows.collection(line, "80")
        connection = app_connection()

        with connection, connection.cursor() as cursor:
            cursor.execute("UPDATE scorecards_transaction SET superseded_at = now() WHERE id = %s", [line.pk])
            cursor.execute(self.LINE, [line.source, line.source_id, 1, str(line.node_id), "80", "EUR"])

        assert Transaction.objects.current().get(source_id=line.source_id).revenue == 80

    def test_stay_within_between_twelve_at_once(self, app_connection):
        """Each collects the whole invoice, before any of them has committed."""
        (line,) = rows.transactions(1)
        values = [self.values(line, "100") for _ in range(WRITERS)]
        acts = [lambda cursor, each=each: cursor.execute(self.INSERT, each) for each in values]

        outcomes = together(app_connection, acts, commit_together=True)

        assert outcomes == {MADE: 1, "collections_stay_within_the_invoice": WRITERS - 1}

    def test_stay_within_while_credit_lines_come(self, app_connection):
        """Half collect the invoice, half take from it: whoever commits first, what is collected stays covered."""
        (line,) = rows.transactions(1)
        parts = [self.values(line, "100") for _ in range(WRITERS // 2)]
        lines = [
            [line.source, line.source_id, number, str(line.node_id), "-1", "EUR"]
            for number in range(2, 2 + WRITERS // 2)
        ]
        acts = [lambda cursor, each=each: cursor.execute(self.INSERT, each) for each in parts]
        acts += [lambda cursor, each=each: cursor.execute(self.LINE, each) for each in lines]

        together(app_connection, acts, commit_together=True)

        billed = sum(Transaction.objects.current().values_list("revenue", flat=True))
        collected = sum(Collection.objects.current().values_list("amount", flat=True))
        assert collected <= billed


class TestScorecards:
    FINAL = "UPDATE scorecards_scorecard SET status = 'final', finalised_at = now(), finalised_by_id = %s WHERE id = %s"
    LINE = "INSERT INTO scorecards_scorecardline (id, scorecard_id, metric_id, currency, state, because)"
    LINE += " VALUES (gen_random_uuid(), %s, %s, '', '', '')"

    @pytest.fixture
    def card(self, transactional_db):
        card = rows.scorecard()
        card.lines.create(metric=Metric.objects.order_by("code")[0])
        return card

    def final(self, cursor, card):
        cursor.execute(self.FINAL, [str(rows.user().pk), str(card.pk)])

    @pytest.mark.parametrize(
        "change",
        ["status = 'open', finalised_at = NULL, finalised_by_id = NULL", "finalised_at = now() + '1 day'"],
    )
    def test_final_stay(self, app_sql, card, change):
        self.final(app_sql, card)

        with pytest.raises(psycopg2.IntegrityError) as error:
            app_sql.execute(f"UPDATE scorecards_scorecard SET {change} WHERE id = %s", [str(card.pk)])
        assert law_of(error.value) in ("scorecards_final_stay", "scorecards_move_on")
        with refused("scorecard_lines_of_a_final_card_stay"):
            app_sql.execute("DELETE FROM scorecards_scorecardline WHERE scorecard_id = %s", [str(card.pk)])
        with refused("scorecards_final_stay"):
            app_sql.execute("DELETE FROM scorecards_scorecard WHERE id = %s", [str(card.pk)])

    def test_begin_open(self, app_sql, card):
        with refused("scorecards_move_on"):
            app_sql.execute(
                "INSERT INTO scorecards_scorecard (id, period_id, node_id, status, finalised_at, finalised_by_id)"
                " VALUES (gen_random_uuid(), %s, %s, 'final', now(), %s)",
                [str(card.period_id), str(rows.node().pk), str(rows.user().pk)],
            )

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE scorecards_scorecardline SET target = 2 WHERE scorecard_id = %s",
            "UPDATE scorecards_scorecardline SET scorecard_id = gen_random_uuid() WHERE scorecard_id = %s",
        ],
    )
    def test_final_keep_their_lines(self, app_sql, card, statement):
        self.final(app_sql, card)

        with refused("scorecard_lines_of_a_final_card_stay"):
            app_sql.execute(statement, [str(card.pk)])

    def test_take_no_line_while_they_become_final(self, app_connection, card):
        """Eleven add a line while one closes the card: each line is there before, or refused."""
        metrics = list(Metric.objects.order_by("code").values_list("pk", flat=True)[1:WRITERS])
        user = rows.user()
        acts = [lambda cursor: cursor.execute(self.FINAL, [str(user.pk), str(card.pk)])]
        acts += [
            lambda cursor, each=each: cursor.execute(self.LINE, [str(card.pk), str(each)]) for each in metrics
        ]

        outcomes = together(app_connection, acts)

        card.refresh_from_db()
        assert card.status == "final"
        assert card.lines.count() == outcomes[MADE]
        assert outcomes[MADE] + outcomes["scorecard_lines_of_a_final_card_stay"] == len(acts)
