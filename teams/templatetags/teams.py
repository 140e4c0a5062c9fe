"""Template filters about people."""

from __future__ import annotations

from django import template

from teams.models import Person
from teams.selectors import teams

register = template.Library()


@register.filter
def person_name(person: Person | None) -> str:
    """Write what people call somebody: the name, or the employee id where no name is kept."""
    return teams.person_name(person)
