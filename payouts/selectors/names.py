"""How pages write who somebody is: by their name where it is still kept, else by what the books know them by."""

from __future__ import annotations

from kamcomp.identity.models import User
from teams.models import Person


def person_name(person: Person | None) -> str:
    """Return a person's name, or the employee id once their details are erased; "" for nobody."""
    if person is None:
        return ""
    details = getattr(person, "details", None)
    return str(details) if details is not None else person.employee_id


def user_name(user: User | None) -> str:
    """Return a user's full name, or the user name; "" for nobody."""
    return "" if user is None else user.get_full_name() or user.get_username()
