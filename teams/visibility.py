"""
Who sees whom: people, what they are promised, accounts and their teams.

The other rooms build their rules on what is asked here once a viewer: which people are the viewer's own, which report
to them, which accounts they hold or serve on.
"""

from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q
from psycopg2.extras import DateRange

from kamcomp.identity.choices import Role
from kamcomp.visibility import EVERYBODY, Sight, Viewer, seen
from teams.choices import Seat
from teams.models import (
    AccountNode,
    AccountNumber,
    AccountObjective,
    AccountRelationship,
    Candidate,
    Capability,
    CapabilityScore,
    Course,
    DevelopmentGoal,
    Employment,
    JobProfile,
    JobRole,
    Leaver,
    MarketBenchmark,
    Membership,
    Mentorship,
    ObjectiveMilestone,
    PayPackage,
    Person,
    PersonDetails,
    ProfileCapability,
    Reward,
    RoleDuty,
    Segment,
    StrategicAccount,
    TeamEdit,
    Training,
    WorkLifeAction,
)

ROOM = "teams"
HOLDING = (Seat.KAM, Seat.DEPUTY)
NODES_BELOW = """
    WITH RECURSIVE below AS (
        SELECT account.node_id AS id FROM teams_strategicaccount account WHERE account.id = ANY(%s)
        UNION
        SELECT node.id FROM teams_accountnode node JOIN below ON node.parent_id = below.id
    )
    SELECT id FROM below
"""

# What is asked once a viewer --------------------------------------------------------------------------------


def own_people(viewer: Viewer) -> list[UUID]:
    """Return the id of the person the viewer is, if they are one who may be paid."""
    return list(Person.objects.filter(user_id=viewer.user_id).values_list("pk", flat=True))


def reports(viewer: Viewer) -> list[UUID]:
    """Return the ids of the people who report to the viewer."""
    return list(Person.objects.filter(manager__user_id=viewer.user_id).values_list("pk", flat=True))


def memberships(viewer: Viewer) -> list[Membership]:
    """Return the viewer's memberships that have begun, ended ones too."""
    own = viewer.once(own_people)
    return [one for one in Membership.objects.filter(person_id__in=own) if one.valid.lower <= viewer.on]


def held_accounts(viewer: Viewer) -> list[UUID]:
    """Return the accounts the viewer holds on the day, as KAM or deputy."""
    return [
        one.account_id for one in viewer.once(memberships) if one.seat in HOLDING and viewer.on in one.span
    ]


def kam_seats(viewer: Viewer) -> list[tuple[UUID, DateRange]]:
    """Return the accounts the viewer is or was the KAM of, each with the days."""
    return [(one.account_id, one.valid) for one in viewer.once(memberships) if one.seat == Seat.KAM]


def served_accounts(viewer: Viewer) -> list[UUID]:
    """Return the accounts on whose team the viewer is on the day."""
    return [one.account_id for one in viewer.once(memberships) if viewer.on in one.span]


def known_accounts(viewer: Viewer) -> list[UUID]:
    """Return the accounts on whose team the viewer is or was."""
    return [one.account_id for one in viewer.once(memberships)]


def held_nodes(viewer: Viewer) -> list[UUID]:
    """Return the nodes of the accounts the viewer holds, whole trees."""
    return _nodes_below(viewer.once(held_accounts))


def served_nodes(viewer: Viewer) -> list[UUID]:
    """Return the nodes of the accounts the viewer serves, whole trees."""
    return _nodes_below(viewer.once(served_accounts))


def known_nodes(viewer: Viewer) -> list[UUID]:
    """Return the nodes of the accounts the viewer serves or served, whole trees."""
    return _nodes_below(viewer.once(known_accounts))


def _nodes_below(accounts: list[UUID]) -> list[UUID]:
    if not accounts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(NODES_BELOW, [accounts])
        return [node for (node,) in cursor.fetchall()]


def held_people(viewer: Viewer) -> list[UUID]:
    """Return the people of the teams of the accounts the viewer holds, those who left too."""
    held = viewer.once(held_accounts)
    return list(Membership.objects.filter(account_id__in=held).values_list("person_id", flat=True).distinct())


def own_roles(viewer: Viewer) -> list[UUID]:
    """Return the roles the viewer holds on the day: on account teams, and in their employment."""
    own = viewer.once(own_people)
    seats = {one.role_id for one in viewer.once(memberships) if viewer.on in one.span}
    employed = Employment.objects.filter(person__in=own, valid__contains=viewer.on)
    return [*seats, *employed.exclude(job_role=None).values_list("job_role", flat=True)]


def managers_known(viewer: Viewer) -> list[UUID]:
    """Return the KAMs and deputies of the accounts the viewer serves or served, for as long as they did."""
    met = Q(pk__in=[])
    for one in viewer.once(memberships):
        until = min(one.valid.upper or viewer.on + timedelta(days=1), viewer.on + timedelta(days=1))
        met |= Q(account_id=one.account_id, valid__overlap=DateRange(one.valid.lower, until))
    return list(
        Membership.objects.filter(met, seat__in=HOLDING).values_list("person_id", flat=True).distinct()
    )


# Sights -----------------------------------------------------------------------------------------------------

OWN = Sight("their own", lambda viewer: Q(person_id__in=viewer.once(own_people)))
REPORTS = Sight("of people who report to them", lambda viewer: Q(person_id__in=viewer.once(reports)))
HELD = Sight("of accounts they hold", lambda viewer: Q(account_id__in=viewer.once(held_accounts)))
OF_MANAGERS = Sight(
    "of the KAMs and deputies of accounts they serve or served",
    lambda viewer: Q(person_id__in=viewer.once(managers_known)),
)
IN_HELD_TEAMS = Sight("of teams they hold", lambda viewer: Q(person_id__in=viewer.once(held_people)))

THEMSELVES = Sight("themselves", lambda viewer: Q(pk__in=viewer.once(own_people)))
REPORTING = Sight("who report to them", lambda viewer: Q(pk__in=viewer.once(reports)))
THEIR_MANAGERS = Sight(
    "KAMs and deputies of accounts they serve or served",
    lambda viewer: Q(pk__in=viewer.once(managers_known)),
)
TEAM_PEOPLE = Sight("in teams they hold", lambda viewer: Q(pk__in=viewer.once(held_people)))

HELD_ACCOUNTS = Sight("they hold", lambda viewer: Q(pk__in=viewer.once(held_accounts)))
KNOWN_ACCOUNTS = Sight("they serve or served", lambda viewer: Q(pk__in=viewer.once(known_accounts)))
HELD_TREES = Sight("of accounts they hold", lambda viewer: Q(pk__in=viewer.once(held_nodes)))
KNOWN_TREES = Sight("of accounts they serve or served", lambda viewer: Q(pk__in=viewer.once(known_nodes)))
HELD_NUMBERS = Sight("of accounts they hold", lambda viewer: Q(node_id__in=viewer.once(held_nodes)))
MANAGERS_SEATS = Sight(
    "the KAM's and deputies' of accounts they serve or served",
    lambda viewer: Q(
        account_id__in=viewer.once(known_accounts),
        person_id__in=viewer.once(managers_known),
        seat__in=HOLDING,
    ),
)
OWNED = Sight("they own", lambda viewer: Q(owner_id__in=viewer.once(own_people)))
HELD_STEPS = Sight(
    "of accounts they hold", lambda viewer: Q(objective__account_id__in=viewer.once(held_accounts))
)
OWNED_STEPS = Sight(
    "of objectives they own", lambda viewer: Q(objective__owner_id__in=viewer.once(own_people))
)

OWN_PROFILES = Sight("of roles they hold", lambda viewer: Q(role_id__in=viewer.once(own_roles)))
OWN_NEEDS = Sight("of roles they hold", lambda viewer: Q(profile__role_id__in=viewer.once(own_roles)))

STRUCTURE = (
    Role.COMP_ADMIN,
    Role.FINANCE,
    Role.EXECUTIVE,
    Role.HR_LEGAL,
    Role.AUDITOR,
    Role.API_CLIENT,
)
"""Those who see how the company is built: accounts, teams, who is on them."""
PAY = (Role.COMP_ADMIN, Role.FINANCE, Role.HR_LEGAL, Role.AUDITOR)
"""
Those who see what each person is promised and paid.

An API client is none of them: the role alone says that a program asks, not whose pay it is for.
"""

seen(JobRole, Segment, room=ROOM, everything=EVERYBODY)
seen(
    Person,
    room=ROOM,
    everything=STRUCTURE,
    kam=(THEMSELVES, TEAM_PEOPLE, REPORTING, THEIR_MANAGERS),
    payee=(THEMSELVES, THEIR_MANAGERS),
)
seen(
    PersonDetails,
    room=ROOM,
    everything=STRUCTURE,
    kam=(OWN, IN_HELD_TEAMS, REPORTS, OF_MANAGERS),
    payee=(OWN, OF_MANAGERS),
)
seen(Employment, PayPackage, room=ROOM, everything=PAY, executive=REPORTS, kam=(OWN, REPORTS), payee=OWN)
seen(
    StrategicAccount,
    room=ROOM,
    everything=STRUCTURE,
    kam=(HELD_ACCOUNTS, KNOWN_ACCOUNTS),
    payee=KNOWN_ACCOUNTS,
)
seen(AccountNode, room=ROOM, everything=STRUCTURE, kam=(HELD_TREES, KNOWN_TREES), payee=KNOWN_TREES)
seen(AccountNumber, room=ROOM, everything=STRUCTURE, kam=HELD_NUMBERS)
seen(
    Membership,
    room=ROOM,
    everything=STRUCTURE,
    kam=(HELD, OWN, REPORTS, MANAGERS_SEATS),
    payee=(OWN, MANAGERS_SEATS),
)
seen(AccountObjective, room=ROOM, everything=STRUCTURE, kam=(HELD, OWNED), payee=OWNED)
seen(ObjectiveMilestone, room=ROOM, everything=STRUCTURE, kam=(HELD_STEPS, OWNED_STEPS), payee=OWNED_STEPS)
seen(TeamEdit, room=ROOM, everything=STRUCTURE, kam=HELD)

# What HR keeps of people: theirs and legal's alone, but for what a role asks and what one is due to be trained in.
seen(Capability, Course, RoleDuty, room=ROOM, everything=EVERYBODY)
PROFILES = (Role.COMP_ADMIN, Role.HR_LEGAL, Role.AUDITOR)
seen(JobProfile, room=ROOM, everything=PROFILES, kam=OWN_PROFILES, payee=OWN_PROFILES)
seen(ProfileCapability, room=ROOM, everything=PROFILES, kam=OWN_NEEDS, payee=OWN_NEEDS)
seen(Training, room=ROOM, everything=(Role.HR_LEGAL,), kam=OWN, payee=OWN)
seen(
    AccountRelationship,
    Candidate,
    CapabilityScore,
    DevelopmentGoal,
    Leaver,
    MarketBenchmark,
    Mentorship,
    Reward,
    WorkLifeAction,
    room=ROOM,
    everything=(Role.HR_LEGAL,),
)
