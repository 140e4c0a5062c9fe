"""A refusal is said in the reader's language on a page, and in English everywhere else."""

import json
import pickle
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db.utils import IntegrityError
from django.utils.translation import override

from kamcomp.approvals.choices import Severity
from kamcomp.approvals.models import Finding
from kamcomp.lawful import sentence_of
from kamcomp.pages.refusals import put_together, refusal_names, sources, spoken, unfilled
from kamcomp.pages.wording import worded
from kamcomp.refusal import AnyOf, Listing, Numeral, Refusal, Sentence, Word
from kamcomp.sentences import renamed, sentence_again, sentence_document
from payouts.services.adjustments import AdjustmentAmountUnsound
from payouts.services.reviews import ReasonMissing
from payouts.services.windows import DateOutOfOrder
from plans.checks.registry import RULES
from teams.services.memberships import DEDICATION_LAW

D = Decimal


class TestRefusal:
    def test_is_english_with_its_values_whoever_reads(self):
        with override("de"):
            refusal = DateOutOfOrder(
                "%(to)s is over: let the window close today or later.", to=date(2026, 3, 5)
            )

            assert str(refusal) == "2026-03-05 is over: let the window close today or later."
            assert refusal.code == "date_out_of_order"

    def test_keeps_a_sign_of_per_cent_in_a_sentence_without_values(self):
        assert str(Refusal("A share lies between 0 and 1 (0 % and 100 %).")).endswith("(0 % and 100 %).")

    def test_comes_whole_through_a_process(self):
        again = pickle.loads(pickle.dumps(Refusal("%(who)s is %(state)s.", who="Mia", state=Word("nobody"))))

        assert str(again) == "Mia is nobody."
        assert again.sentence == "%(who)s is %(state)s."
        assert isinstance(again.values["state"], Word)


class TestWorded:
    def test_says_a_sentence_without_values(self):
        with override("de"):
            said = worded(ReasonMissing("Write something first."))

        assert said == "Schreiben Sie zuerst etwas."

    def test_writes_days_and_figures_as_the_language_does(self):
        amount = AdjustmentAmountUnsound(
            "%(amount)s %(currency)s is not an amount to adjust by: give whole minor units.",
            amount=Decimal("1234.567"),
            currency="EUR",
        )
        day = DateOutOfOrder("%(to)s is over: let the window close today or later.", to=date(2026, 3, 5))

        with override("de"):
            assert worded(amount).startswith("1.234,567 EUR ist kein Betrag für eine Anpassung")
            assert worded(day).startswith("5. März 2026 ist vorüber")

    def test_writes_days_to_a_reader_of_english_as_the_pages_do(self):
        inner = DateOutOfOrder("%(to)s is over: let the window close today or later.", to=date(2026, 3, 5))
        refusal = Refusal(
            "The pool of %(pool)s could not be computed again: %(refusal)s", pool="2026-03-05", refusal=inner
        )

        said = worded(refusal)

        assert said.endswith("of 2026-03-05 could not be computed again: 5 Mar 2026 is over: let the window"
                             " close today or later.")  # fmt: skip
        assert str(inner).startswith("2026-03-05 is over")

    def test_translates_our_words_and_leaves_names(self):
        refusal = Refusal(
            "%(by)s was not the key account manager of %(account)s on %(last_day)s: %(kam)s was.",
            by="nobody",
            account="Run",
            last_day=date(2026, 3, 31),
            kam=Word("nobody"),
        )

        with override("de"):
            said = worded(refusal)

        assert (
            said == "nobody hat Run am 31. März 2026 nicht als Key-Account-Manager betreut: niemand war es."
        )

    def test_joins_what_any_one_of_will_do(self):
        refusal = Refusal(
            "%(act)s is for %(names)s; %(user)s does not hold that role on %(on)s.",
            act=Word("Starting a run"), names=AnyOf(["A", "B"]), user="mia", on=date(2026, 3, 31),
        )  # fmt: skip

        with override("de"):
            assert worded(refusal).startswith(
                "Einen Lauf starten ist diesen Rollen vorbehalten: A oder B; mia"
            )
        assert str(refusal).startswith("Starting a run is for A or B; mia")

    def test_says_in_english_what_no_catalogue_has(self):
        with override("de"):
            assert worded(Refusal("%(x)s has no German.", x="This")) == "This has no German."

    def test_says_a_refusal_within_another(self):
        inner = ReasonMissing("Write something first.")
        refusal = Refusal(
            "The pool of %(pool)s could not be computed again: %(refusal)s", pool="Run", refusal=inner
        )

        with override("de"):
            assert worded(refusal).endswith("ließ sich nicht neu berechnen: Schreiben Sie zuerst etwas.")
        assert str(refusal).endswith("computed again: Write something first.")

    def test_joins_sentences_and_the_words_between_them(self):
        parts = [Sentence("the team of %(account)s", account="Run"), Word("receipt")]

        with override("de"):
            assert worded(Listing(parts)) == "das Team von Run, Quittung"
            assert worded(Listing(parts, " and ")) == "das Team von Run und Quittung"
        assert Listing(parts, " and ") == "the team of Run and receipt"

    def test_writes_a_figure_with_the_digits_it_was_shown_with(self):
        with override("de"):
            assert worded(Numeral.amount(D("1234.5"))) == "1.234,50"
            assert worded(Numeral.percent(D("0.125"), digits=1)) == "12,5 %"
            assert worded(Numeral.plain(D("1E+1"))) == "10"


class TestFindings:
    def test_of_a_check_say_value_limit_and_reminder(self):
        said = RULES["E36"].said(value=Numeral.amount(D(1200)), about="Mia", limit=Numeral.amount(D(1500)))

        with override("de"):
            assert worded(said) == (
                "Brasilien: Mia bekäme 1.200,00, weniger als die Untergrenze von 1.500,00. Keine Rechtsberatung."
            )
        assert str(said).endswith("below the floor of 1,500.00. Not legal advice.")

    def test_are_kept_with_their_pieces_and_said_long_after(self):
        said = Sentence(
            "%(pool)s: %(amount)s since %(day)s, %(how)s, %(left)s", pool="Run", amount=D("1.50"),
            day=date(2026, 3, 5), how=Listing([Word("receipt"), AnyOf(["A", "B"])]), left=Numeral.plain(D("0.7")),
        )  # fmt: skip

        again = sentence_again(json.loads(json.dumps(sentence_document(said))))

        assert again == said
        assert isinstance(again, Sentence)
        assert again.values == said.values
        assert [type(value) for value in again.values.values()] == [
            type(value) for value in said.values.values()
        ]

    @pytest.mark.django_db
    def test_of_a_row_read_again_speak_german(self):
        message = Sentence("%(pool)s (%(status)s)", pool="Run", status=Word("locked"))
        kept = Finding.objects.create(
            subject_table="payouts_pool",
            subject_id="1",
            rule="x",
            message=message,
            severity=Severity.TO_LOOK_AT,
        )
        of_before = Finding.objects.create(
            subject_table="payouts_pool",
            subject_id="1",
            rule="x",
            message="As written then.",
            severity="blocks",
        )

        kept, of_before = Finding.objects.get(pk=kept.pk), Finding.objects.get(pk=of_before.pk)

        with override("de"):
            assert (kept.message, worded(kept.words)) == ("Run (locked)", "Run (gesperrt)")
            assert worded(of_before.words) == "As written then."

    def test_name_people_as_readers_know_them(self):
        said = Sentence("%(key)s gets nothing: give the reason.", key="E17")

        assert renamed(said, names={"E17": "Mia"}) == "Mia gets nothing: give the reason."


class TestLaws:
    def test_give_their_values_back(self):
        broken = IntegrityError("x")
        broken.__cause__ = Exception()
        broken.__cause__.diag = SimpleNamespace(
            constraint_name=DEDICATION_LAW,
            message_primary="from 2026-03-05 on, E17 would give 120 % of their time to account teams; "
            "100 % is all there is",
        )

        said = sentence_of(broken)

        assert said.startswith("From 2026-03-05 on, E17 would give 120 %")
        with override("de"):
            assert (
                worded(said)
                == "Ab 5. März 2026 gäbe E17 120 % der Zeit an Kundenteams; mehr als 100 % gibt es nicht."
            )


class TestSentences:
    def test_are_literals_with_their_values_beside_them(self):
        said = 'no translation finds an f-string: raise NotOpen("%(pool)s is not open.", pool=pool) instead'

        assert put_together() == [], said

    def test_have_a_value_for_each_place(self):
        assert unfilled() == []

    def test_are_found_with_the_names_of_acts_and_words(self):
        found = {words for path in sources() for words in spoken(path)}

        assert {"PoolNotSubmitted", "LimitsCannotHoldPool"} <= refusal_names()
        assert "Deciding on a pool" in found
        assert "returned" in found
        assert "The pool of %(pool)s can be allocated until %(closes_on)s." in found
