"""The commands from review to lock: each does one act, says what came of it, and turns a refusal into one sentence."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kamcomp.calendar.choices import PeriodStatus
from payouts.choices import PoolStatus
from payouts.models import Adjustment, Pool
from tests.payouts.company import calculated_run, company

pytestmark = pytest.mark.django_db
Q3 = "--period=2026-Q3"


@pytest.fixture
def made():
    made = company()
    calculated_run(made)
    return made


def payouts(*words):
    said = StringIO()
    call_command("payouts", *words, stdout=said)
    return said.getvalue()


class TestCommandsThatGoWrong:
    def test_say_so_in_a_sentence(self, made, tmp_path):
        payouts("review", Q3, "--by=anders")
        (tmp_path / "junk.csv").write_bytes(b"\xff\x00")
        (tmp_path / "short.csv").write_text("employee_id,amount,reason\nPM,5\n")
        (tmp_path / "twice.csv").write_text("employee_id,amount,reason\nPM,5,\nPM,6,\n")
        allocate = ("pool", "allocate", Q3, "--account=MER", "--by=ingrid")
        adjust = ("adjust", "propose", Q3, "--person=PM", "--kind=goodwill", "--currency=EUR", "--by=maren")

        for words, sentence in (
            ((*allocate, f"--file={tmp_path / 'none.csv'}"), "No such file"),
            ((*allocate, f"--file={tmp_path}"), "Is a directory"),
            ((*allocate, f"--file={tmp_path / 'junk.csv'}"), "not a CSV file in UTF-8"),
            ((*allocate, f"--file={tmp_path / 'short.csv'}"), "a row of 2 fields: 'PM,5'"),
            ((*allocate, f"--file={tmp_path / 'twice.csv'}"), "has PM twice"),
            ((*allocate, "--set=PM=5", "--set=PM=6"), "--set gives PM twice"),
            ((*allocate, "--set=PM=" + "9" * 30), "more than 15 digits"),
            ((*adjust, "--reason=x", "--amount=" + "9" * 30), "more than 15 digits"),
        ):
            with pytest.raises(CommandError, match=sentence):
                payouts(*words)

    def test_show_a_reason_as_it_was_written(self, made):
        adjust = ("adjust", "propose", Q3, "--person=PM", "--kind=goodwill", "--currency=EUR", "--by=maren")

        payouts(*adjust, "--amount=5", "--reason=[see mail] and [/]")

        assert "[see mail] and [/]" in payouts("adjust", "list", Q3)


class TestTheWayToTheLock:
    def test_goes_by_commands_alone(self, made):
        assert "is confirmed" in payouts("confirm", Q3, "--account=MER", "--by=ingrid")
        assert "1 pool(s) funded" in payouts("review", Q3, "--by=anders")
        assert "30160.00" in payouts("pool", "list", Q3)
        assert "left on 14 Aug 2026" in payouts("pool", "show", Q3, "--account=MER")
        payouts("pool", "guideline", Q3, "--by=ingrid")
        payouts("pool", "submit", Q3, "--by=ingrid")
        assert "approved" in payouts("pool", "approve", Q3, "--by=anders")
        payouts("approve", Q3, "--by=jonas")

        said = payouts("lock", Q3, "--by=jonas")

        assert "36617.50" in said
        made.quarters["2026-Q3"].refresh_from_db()
        assert made.quarters["2026-Q3"].status == PeriodStatus.LOCKED

    def test_allocates_from_options_and_from_a_file(self, made, tmp_path):
        payouts("review", Q3, "--by=anders")
        payouts(
            "pool", "allocate", Q3, "--account=MER", "--set=PM=14130.30", "--set=CSR=7065.15", "--by=ingrid"
        )
        path = tmp_path / "shares.csv"
        path.write_text("employee_id,amount,reason\nSA,4607.71,\nBIL,1413.03,\nLOG,2943.81,On time\n")

        payouts("pool", "submit", Q3, "--account=MER", f"--file={path}", "--by=ingrid")
        payouts("pool", "return", Q3, "--account=MER", "--reason=Look at LOG", "--by=anders")

        pool = Pool.objects.get()
        assert pool.status == PoolStatus.RETURNED
        assert pool.allocations.get(person=made.people["LOG"]).reason == "On time"

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["review", Q3, "--by=maren"], "maren started 2026-Q3 no. 1"),
            (["review", "--period=2030-Q1", "--by=maren"], "There is no period '2030-Q1'"),
            (["pool", "show", Q3, "--account=MER"], "Meridian has no pool in 2026-Q3"),
            (["pool", "show", Q3, "--account=X"], "There is no account 'X' in the programme; there are: MER"),
            (["lock", Q3, "--by=jonas"], "only an approved run is locked"),
            (["object", Q3, "--account=MER", "--reason= ", "--by=ingrid"], "Say what is wrong"),
        ],
    )
    def test_refuses_in_one_sentence(self, made, words, sentence):
        with pytest.raises(CommandError, match=sentence):
            payouts(*words)

    @pytest.mark.parametrize("given", ["PM", "PM=1e3", "PM=1_0", "PM=١", "PM=NaN", "NOBODY=1"])
    def test_refuses_amounts_it_cannot_read(self, made, given):
        payouts("review", Q3, "--by=anders")

        with pytest.raises(CommandError, match="is not"):
            payouts("pool", "allocate", Q3, "--account=MER", f"--set={given}", "--by=ingrid")


class TestAdjust:
    def test_proposes_approves_and_reverses(self, made):
        words = [
            "--person=PM",
            "--kind=goodwill",
            "--amount=10.00",
            "--currency=EUR",
            "--reason=Thanks",
            "--by=maren",
        ]
        payouts("adjust", "propose", Q3, *words)
        assert "Approved" in payouts("adjust", "approve", Q3, "--by=jonas")
        first = Adjustment.objects.get()

        payouts("adjust", "reverse", f"--id={first.pk}", "--reason=Twice", "--by=maren")

        said = payouts("adjust", "list", Q3)
        assert "10.00" in said
        assert "-10.00" in said
        second = Adjustment.objects.get(amount__lt=0)
        assert "Rejected" in payouts(
            "adjust", "reject", f"--id={second.pk}", "--reason=It was right", "--by=jonas"
        )

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["reject", "--id=7", "--reason=No", "--by=jonas"], "--id '7' is not the id of an adjustment"),
            (
                [
                    "propose",
                    Q3,
                    "--person=X",
                    "--kind=goodwill",
                    "--amount=1",
                    "--currency=EUR",
                    "--reason=a",
                    "--by=maren",
                ],
                "Nobody has the employee id 'X'",
            ),
        ],
    )
    def test_refuses_in_one_sentence(self, made, words, sentence):
        with pytest.raises(CommandError, match=sentence):
            payouts("adjust", *words)


class TestLateFacts:
    def test_says_what_it_proposes(self, made):
        assert "0 correction(s) proposed in 2026-Q1, 0 note(s)" in payouts(
            "late-facts", "--period=2026-Q1", "--by=maren"
        )
