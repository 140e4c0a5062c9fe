"""A refusal is said in the reader's language on a page, and in English everywhere else."""

import pickle
from datetime import date
from decimal import Decimal

from django.utils.translation import override

from kamcomp.pages.refusals import put_together, refusal_names, sources, spoken, unfilled
from kamcomp.pages.wording import worded
from kamcomp.refusal import AnyOf, Refusal, Word
from payouts.services.adjustments import AdjustmentAmountUnsound
from payouts.services.reviews import ReasonMissing
from payouts.services.windows import DateOutOfOrder


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
