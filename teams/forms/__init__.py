"""
What people send about account teams, people and accounts, read as they typed it.

An amount or a share that cannot be read is said beside its field, and stays as it was typed.
"""

from teams.forms.accounts import AccountPartForm, AccountStateForm
from teams.forms.employments import EmploymentBegin, EmploymentChange, EmploymentEnd
from teams.forms.fields import AmountField, DayField
from teams.forms.members import MemberAdd, MemberChange, MemberEnd, MemberHandOver, terms_of
from teams.forms.people import PackageForm, PersonalForm, PersonPlaceForm

__all__ = [
    "AccountPartForm",
    "AccountStateForm",
    "AmountField",
    "DayField",
    "EmploymentBegin",
    "EmploymentChange",
    "EmploymentEnd",
    "MemberAdd",
    "MemberChange",
    "MemberEnd",
    "MemberHandOver",
    "PackageForm",
    "PersonPlaceForm",
    "PersonalForm",
    "terms_of",
]
