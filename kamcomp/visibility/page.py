"""The reference page of who sees what, printed from the rules themselves; a test compares the two."""

from collections.abc import Iterator

from django.db.models import Model

from kamcomp.identity.choices import Role
from kamcomp.visibility import RULES, Rules

HEAD = """\
# Who sees what

This page is printed by `manage.py visibility` from the rules themselves; a test compares the two, and another asks
every address as every role. Every page, report and endpoint starts from these rows, so that what somebody may not see
answers 404, exactly as what does not exist. Somebody with several roles sees what any of them sees. A role counts on
the days it is granted for. What a role may *do* is said by the acts, which refuse by name.

"To hold" an account is to be its KAM or deputy on the day; "to serve" it, to be on its team.
"""
ROOMS = {
    "teams": "People, accounts and teams",
    "scorecards": "Targets, results and facts",
    "plans": "Plans",
    "payouts": "Money",
    "kamcomp": "What every room shares",
}


def visibility_page() -> str:
    """Return the page, in Markdown."""
    return HEAD + "".join(_section(room=room, title=title) for room, title in ROOMS.items())


def _section(*, room: str, title: str) -> str:
    groups: dict[str, tuple[list[str], Rules]] = {}  # by what the rules are, conditions included
    for model, rules in RULES.items():
        if rules.room == room:
            groups.setdefault(str(rules), ([], rules))[0].append(_name(model))
    rows = "".join(
        f"| {', '.join(sorted(names))} | {_wholly(rules)} | {_partly(rules)} |\n"
        for names, rules in sorted(groups.values(), key=lambda group: sorted(group[0]))
    )
    return f"\n## {title}\n\n| rows of | seen whole by | seen in part by |\n|---|---|---|\n{rows}"


def _name(model: type[Model]) -> str:
    return str(model.__name__)


def _wholly(rules: Rules) -> str:
    roles = [role for role, sights in rules.sights.items() if any(sight.where is None for sight in sights)]
    return "everybody" if roles == list(Role) else ", ".join(str(role.label) for role in roles)


def _partly(rules: Rules) -> str:
    by_words: dict[str, list[str]] = {}
    for role, words in _parts(rules):
        by_words.setdefault(words, []).append(role)
    return ". ".join(f"{', '.join(roles)}: {words}" for words, roles in by_words.items())


def _parts(rules: Rules) -> Iterator[tuple[str, str]]:
    for role, sights in rules.sights.items():
        if all(sight.where is not None for sight in sights):
            yield str(role.label), "; ".join(sight.words for sight in sights)
