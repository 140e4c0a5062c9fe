"""Who sees how well it went: metrics, targets and results, and the facts they are computed from."""

from django.db.models import Exists, OuterRef, Q

from kamcomp.identity.choices import Role
from kamcomp.visibility import EVERYBODY, Sight, seen, visible
from scorecards.models import (
    AccountPnl,
    Collection,
    Contract,
    Credit,
    InventoryLevel,
    Metric,
    ObjectiveRating,
    Opportunity,
    Product,
    Result,
    SatisfactionWave,
    Scorecard,
    ScorecardLine,
    SurveyResponse,
    Target,
    Transaction,
    WalletEstimate,
)
from teams.visibility import (
    IN_HELD_TEAMS,
    OWN,
    STRUCTURE,
    held_accounts,
    held_nodes,
    own_people,
    served_nodes,
)

ROOM = "scorecards"
BUSINESS = tuple(role for role in STRUCTURE if role != Role.HR_LEGAL)
"""Those who see what customers buy: HR and legal has no part in that."""

HELD_TREES = Sight("of accounts they hold", lambda viewer: Q(node_id__in=viewer.once(held_nodes)))
SERVED_TREES = Sight("of accounts they serve", lambda viewer: Q(node_id__in=viewer.once(served_nodes)))
CREDITED = Sight(
    "they are credited for",
    lambda viewer: Q(
        Exists(
            Credit.objects.filter(
                person_id__in=viewer.once(own_people),
                source=OuterRef("source"),
                source_id=OuterRef("source_id"),
                line=OuterRef("line"),
            )
        )
    ),
)
HELD_INVOICES = Sight(
    "for invoices of accounts they hold",
    lambda viewer: Q(
        Exists(
            Transaction.objects.filter(
                node_id__in=viewer.once(held_nodes),
                source=OuterRef("source"),
                source_id=OuterRef("source_id"),
            )
        )
    ),
)
CREDITED_INVOICES = Sight(
    "for invoices they are credited for",
    lambda viewer: Q(
        Exists(
            Credit.objects.filter(
                person_id__in=viewer.once(own_people),
                source=OuterRef("source"),
                source_id=OuterRef("source_id"),
            )
        )
    ),
)
OF_CARDS = Sight(
    "of scorecards they see",
    lambda viewer: Q(scorecard__in=visible(Scorecard.objects.order_by(), to=viewer)),
)
RATED = Sight("of objectives they own", lambda viewer: Q(objective__owner_id__in=viewer.once(own_people)))
HELD_RATED = Sight(
    "of accounts they hold", lambda viewer: Q(objective__account_id__in=viewer.once(held_accounts))
)

seen(Metric, Product, room=ROOM, everything=EVERYBODY)
seen(
    Target,
    Result,
    room=ROOM,
    everything=STRUCTURE,
    kam=(HELD_TREES, IN_HELD_TEAMS, OWN),
    payee=(OWN, SERVED_TREES),
)
seen(
    Scorecard,
    room=ROOM,
    everything=STRUCTURE,
    kam=(HELD_TREES, IN_HELD_TEAMS, OWN),
    payee=(OWN, SERVED_TREES),
)
seen(
    ScorecardLine,
    room=ROOM,
    everything=STRUCTURE,
    kam=OF_CARDS,
    payee=OF_CARDS,
)
seen(Transaction, room=ROOM, everything=BUSINESS, kam=(HELD_TREES, CREDITED), payee=CREDITED)
seen(
    Collection,
    room=ROOM,
    everything=BUSINESS,
    kam=(HELD_INVOICES, CREDITED_INVOICES),
    payee=CREDITED_INVOICES,
)
seen(Credit, room=ROOM, everything=BUSINESS, kam=(IN_HELD_TEAMS, OWN), payee=OWN)
seen(
    AccountPnl,
    Contract,
    InventoryLevel,
    Opportunity,
    SatisfactionWave,
    WalletEstimate,
    room=ROOM,
    everything=BUSINESS,
    kam=HELD_TREES,
)
seen(SurveyResponse, room=ROOM, everything=STRUCTURE, kam=HELD_TREES)
seen(ObjectiveRating, room=ROOM, everything=STRUCTURE, kam=(HELD_RATED, RATED), payee=RATED)
