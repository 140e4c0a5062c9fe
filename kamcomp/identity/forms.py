"""Forms of signing in."""

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _


class SignIn(LoginForm):
    """Name or mail address, and password; pasting and password managers work."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name or e-mail")
        self.fields["login"].widget = forms.TextInput(
            attrs={"autocomplete": "username webauthn", "autofocus": True, "maxlength": 254}
        )
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.label_suffix = ""


class Looking(forms.Form):
    """Whose view somebody looks for."""

    q = forms.CharField(label=_("Name or user name"), required=False, max_length=100)
