"""Acts on objectives: their rating in a period, by someone other than who owns them."""

from datetime import date, datetime
from decimal import Decimal

from kamcomp.audit.context import act
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal, Word
from scorecards.models import ObjectiveRating
from teams.choices import ObjectiveStatus, Seat
from teams.models import AccountObjective, Membership

HOLDING = (Seat.KAM, Seat.DEPUTY)
SCALE = tuple(map(Decimal, ("0", "0.5", "1", "1.25", "1.5")))


class RatingNotOnScale(Refusal):
    """A rating is one of the five steps of the scale."""


class RatingOfOwn(Refusal):
    """Nobody rates an objective of their own."""


class RaterNotEntitled(Refusal):
    """An objective is rated by the account's KAM or deputy, by the owner's manager, or by a compensation admin."""


class ObjectiveNotAgreed(Refusal):
    """Only an objective that was agreed can be rated."""


@act
def objective_rate(
    *,
    objective: AccountObjective,
    period: Period,
    rating: Decimal,
    evidence: str,
    by: User,
    at: datetime,
) -> ObjectiveRating:
    """
    Record the rating of an objective in a period; an earlier one is kept as superseded.

    An equal rating with the same evidence changes nothing. In a locked period the rating
    is a late fact: it becomes an adjustment, the paid result stays.

    :raises RatingNotOnScale: if the rating is not 0, 50, 100, 125 or 150 %.
    :raises RatingOfOwn: if `by` owns the objective.
    :raises RaterNotEntitled: if `by` neither holds the account, nor manages the owner, nor is a compensation admin.
    :raises ObjectiveNotAgreed: if the objective is a draft or was dropped.
    """
    _refuse_unless_ratable(objective=objective, rating=rating, by=by, on=at.date())
    AccountObjective.objects.select_for_update(no_key=True).get(pk=objective.pk)
    believed = ObjectiveRating.objects.current().filter(objective=objective, period=period)
    earlier = believed.first()
    if earlier is not None and (earlier.rating, earlier.evidence) == (rating, evidence):
        return earlier
    believed.update(superseded_at=at)
    return ObjectiveRating.objects.create(
        objective=objective, period=period, rating=rating, evidence=evidence, recorded_at=at
    )


def rates_objective(*, objective: AccountObjective, user: User, on: date) -> bool:
    """Tell whether somebody may rate an objective: who holds its account, its owner's manager, a compensation admin."""
    if objective.owner.user_id == user.pk:
        return False
    manager = objective.owner.manager
    if manager is not None and manager.user_id == user.pk:
        return True
    seats = Membership.objects.filter(account_id=objective.account_id, seat__in=HOLDING, person__user=user)
    return Role.COMP_ADMIN in user.roles_on(on) or seats.filter(valid__contains=on).exists()


def _refuse_unless_ratable(*, objective: AccountObjective, rating: Decimal, by: User, on: date) -> None:
    if rating not in SCALE:
        steps = ", ".join(f"{step * 100:.0f}" for step in SCALE)
        raise RatingNotOnScale(
            "%(objective)s: a rating is one of %(steps)s %%, not %(value)s %%.",
            objective=objective.code,
            steps=steps,
            value=f"{rating * 100:f}",
        )
    if objective.owner.user_id is not None and objective.owner.user_id == by.pk:
        raise RatingOfOwn(
            "%(objective)s is an objective of your own; someone else rates it.", objective=objective.code
        )
    if not rates_objective(objective=objective, user=by, on=on):
        raise RaterNotEntitled(
            "%(objective)s is rated by the key account manager of %(account)s, by the manager of "
            "its owner or by a compensation admin, not by %(by)s.",
            objective=objective.code,
            account=objective.account,
            by=by,
        )
    if objective.status in (ObjectiveStatus.DRAFT, ObjectiveStatus.DROPPED):
        state = Word(objective.get_status_display().lower())
        raise ObjectiveNotAgreed(
            "%(objective)s is %(state)s; agree on it before it is rated.",
            objective=objective.code,
            state=state,
        )
