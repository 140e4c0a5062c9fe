"""
Team results of a run: what its kept inputs say of a plan's node, never a new query on the facts.

The stint of the account's KAM stands for the team, or else the first one on the plan for
the account; the nodes a pool may read are team nodes, whose result is the same for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import numpy as np

from payouts.choices import ChunkStatus
from payouts.engine.pool_case import FundingResultMissing
from payouts.engine.team_result import node_ratios
from payouts.models import Run, RunChunk
from payouts.selectors.rederived import Kept, chunk_kept
from plans.engine.inputs import Inputs, rows_of
from plans.engine.plan import Plan
from plans.models import PlanVersion
from teams.choices import Seat
from teams.models import Membership, StrategicAccount


class TeamResults:
    """
    The team results of one run; a chunk's kept inputs are opened once, however many accounts it holds.

    `kept`, by plan version, is read instead of what the run kept: to compute it again on later facts. `kams` are
    the employee ids of accounts' KAMs in the run's period, where they were read before.
    """

    def __init__(
        self,
        *,
        run: Run,
        kept: Mapping[UUID, Sequence[Kept]] | None = None,
        kams: Mapping[UUID, frozenset[str]] | None = None,
    ) -> None:
        self.run = run
        self._given = kept
        self._kams = kams
        self._opened: dict[int, Kept] = {}

    def of(
        self, *, version: PlanVersion, account: StrategicAccount, nodes: Iterable[str]
    ) -> dict[str, Decimal]:
        """
        Return the result of each node for an account's team, as the run computed it.

        :raises FundingResultMissing: if nobody on the plan stands for the account in the run.
        :raises TeamResultUnknown: if the run could not compute the node for the team.
        """
        nodes = tuple(nodes)
        if not nodes:
            return {}
        plan, stint = self._team_stint(version=version, account=account)
        return node_ratios(plan=plan, inputs=stint, nodes=nodes)

    def _team_stint(self, *, version: PlanVersion, account: StrategicAccount) -> tuple[Plan, Inputs]:
        known = self._kams if self._kams is not None else kams_of(run=self.run, accounts=[account.pk])
        kams = known.get(account.pk, frozenset())
        found: tuple[bool, str, int, Kept] | None = None
        for chunk in self._chunks(version):
            for row, stint in enumerate(chunk.inputs.stints):
                if not _is_of(stint, account=account, version=version):
                    continue
                payee = chunk.inputs.payees[int(chunk.inputs.payee[row])]
                if found is None or (payee not in kams, payee) < found[:2]:
                    found = (payee not in kams, payee, row, chunk)
        if found is None:
            raise FundingResultMissing(
                "The pool of %(account)s reads a team result of %(version)s, and nobody on that plan "
                "is paid for %(account)s in %(run)s: assign its KAM to the plan.",
                account=account,
                version=version,
                run=self.run,
            )
        _other, _payee, row, chunk = found
        return chunk.plan, rows_of(chunk.inputs, np.array([row], dtype=np.int64))

    def _chunks(self, version: PlanVersion) -> Iterable[Kept]:
        if self._given is not None:
            yield from self._given.get(version.pk, ())
            return
        chunks = RunChunk.objects.filter(run=self.run, plan_version=version, status=ChunkStatus.DONE)
        for chunk in chunks.select_related("run__period").defer("inputs").order_by("number"):
            if chunk.pk not in self._opened:
                self._opened[chunk.pk] = chunk_kept(chunk=chunk)
            yield self._opened[chunk.pk]


def kams_of(*, run: Run, accounts: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """Return the employee ids of the KAMs of accounts in a run's period."""
    rows = Membership.objects.filter(
        account__in=list(accounts), seat=Seat.KAM, valid__overlap=run.period.days
    ).values_list("account_id", "person__employee_id")
    found: dict[UUID, set[str]] = {}
    for account_id, employee_id in rows:
        found.setdefault(account_id, set()).add(employee_id)
    return {account_id: frozenset(ids) for account_id, ids in found.items()}


def _is_of(stint: str, *, account: StrategicAccount, version: PlanVersion) -> bool:
    code = stint.rpartition("/")[0]
    return code == account.node.code or (not code and version.plan.account_id == account.pk)
