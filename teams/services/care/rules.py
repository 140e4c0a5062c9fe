"""What the acts on people's care have in common: who may, until when rows are kept, and what has no place in them."""

from __future__ import annotations

from datetime import date, datetime

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal
from teams.engine.care import health_word, months_after
from teams.selectors.care import keep_months

HR = [Role.HR_LEGAL]


class HealthNamed(Refusal):
    """Nothing is kept about anybody's health."""


class OwnCare(Refusal):
    """Nobody keeps what HR keeps of themselves."""


class WordsMissing(Refusal):
    """What is kept of somebody says something."""


def care_check(*, by: User, at: datetime, act: str) -> None:
    """
    Check that somebody may keep what HR keeps of people.

    :raises RoleMissing: if they are not of HR and legal.
    """
    role_check(user=by, roles=HR, on=at.date(), act=act)


def own_check(*, user_id: object, by: User) -> None:
    """
    Check that a row is not about its maker.

    :raises OwnCare: if it is.
    """
    if user_id == by.pk:
        raise OwnCare("This is about yourself: somebody else of HR keeps it.")


def words_check(*texts: str) -> None:
    """
    Check that no text says something about health.

    :raises HealthNamed: naming the word.
    """
    for text in texts:
        word = health_word(text=text)
        if word:
            raise HealthNamed(
                "“%(word)s” says something about somebody's health: nothing of that is kept here, leave it out.",
                word=word,
            )


def kept_until(*, day: date, at: datetime) -> date:
    """Return until when a row of a day is kept."""
    return months_after(day=day, months=keep_months(on=at.date()))
