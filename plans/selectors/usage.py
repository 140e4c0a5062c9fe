"""Which plans read which metrics, said by their documents."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from kamcomp.visibility import Viewer, visible
from plans.choices import VersionStatus
from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_from_document
from plans.engine.needs import node_readings, plan_nodes
from plans.engine.plan import Plan as PlanTerms
from plans.engine.pool_terms import FundingRule
from plans.models import PlanVersion


@dataclass(frozen=True, kw_only=True)
class MetricUse:
    """A plan version that reads a metric, and the names of the nodes that do."""

    version: PlanVersion
    nodes: tuple[str, ...]


def metric_uses(*, viewer: Viewer) -> dict[str, list[MetricUse]]:
    """Return, by metric, the newest version of each plan that reads it, as far as a viewer may see them."""
    versions = visible(PlanVersion.objects.exclude(status=VersionStatus.WITHDRAWN), to=viewer)
    newest: dict[object, PlanVersion] = {}
    for version in versions.select_related("plan").order_by("plan__name", "number"):
        newest[version.plan_id] = version
    found: dict[str, list[MetricUse]] = defaultdict(list)
    for version in newest.values():
        for metric, nodes in _read_by(json.dumps(version.document, sort_keys=True)):
            found[metric].append(MetricUse(version=version, nodes=nodes))
    return found


@lru_cache(maxsize=1024)
def _read_by(document: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return each metric that a document reads with the names of the nodes that do; read once in a process."""
    try:
        terms = plan_from_document(json.loads(document))
    except DocumentInvalid:
        return ()  # a draft may be unfinished; it reads nothing yet
    return tuple((metric, tuple(dict.fromkeys(nodes))) for metric, nodes in _metrics_of(terms).items())


def _metrics_of(terms: PlanTerms) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for code, node in plan_nodes(terms):
        name = getattr(node, "name", "") or code
        for reading in node_readings(node):
            found[reading.metric].append(name)
    funding = terms.pool.funding if terms.pool else None
    if funding is not None and funding.rule is FundingRule.SHARE_OF_CONTRIBUTION:
        found[funding.metric].append("")
    return found
