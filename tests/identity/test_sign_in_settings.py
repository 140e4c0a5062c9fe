"""What the environment says of signing in and of mail."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from kamcomp import sign_in

OIDC = {
    "KAMCOMP_OIDC_SERVER": "https://id.halden.example",
    "KAMCOMP_OIDC_CLIENT": "kamcomp",
    "KAMCOMP_OIDC_SECRET": "secret",
}


class TestProviders:
    def test_are_none_unless_asked_for(self):
        assert sign_in.providers({}) == sign_in.Providers()

    def test_of_openid_connect_are_read(self):
        found = sign_in.providers({**OIDC, "KAMCOMP_SIGN_IN_ONLY_BY_PROVIDER": "1"})

        assert found.only
        (app,) = found.settings["openid_connect"]["APPS"]
        assert app["settings"]["server_url"] == "https://id.halden.example"

    @pytest.mark.parametrize(
        ("environ", "words"),
        [
            (
                {"KAMCOMP_OIDC_SERVER": "https://id.halden.example"},
                "KAMCOMP_OIDC_CLIENT, KAMCOMP_OIDC_SECRET is not",
            ),
            ({**OIDC, "KAMCOMP_OIDC_SERVER": "http://id.halden.example"}, "must begin with https://"),
            ({"KAMCOMP_SAML_ENTITY": "urn:x"}, "KAMCOMP_SAML_METADATA is not"),
            ({"KAMCOMP_SIGN_IN_ONLY_BY_PROVIDER": "1"}, "nobody could sign in"),
            ({"KAMCOMP_SIGN_IN_ONLY_BY_PROVIDER": "yes"}, "must be 0 or 1"),
        ],
    )
    def test_refuse_what_cannot_work_with_a_sentence(self, environ, words):
        with pytest.raises(ImproperlyConfigured, match=words):
            sign_in.providers(environ)

    def test_of_saml_say_which_package_is_missing(self, monkeypatch):
        monkeypatch.setattr(sign_in, "find_spec", lambda _name: None)

        with pytest.raises(ImproperlyConfigured, match=r"pip install 'django-allauth\[saml\]'"):
            sign_in.providers({"KAMCOMP_SAML_ENTITY": "urn:x", "KAMCOMP_SAML_METADATA": "https://x.example"})


class TestMail:
    def test_lies_in_a_folder_unless_a_server_is_named(self):
        assert sign_in.mail({}, state=Path("/state")).folder == "/state/mail"

    def test_goes_by_the_server_named(self):
        found = sign_in.mail({"KAMCOMP_MAIL": "smtp+tls://a%40b:p%2F@mail.example"}, state=Path("/state"))

        assert (found.host, found.port, found.user, found.password, found.tls) == (
            "mail.example", 587, "a@b", "p/", True
        )  # fmt: skip

    @pytest.mark.parametrize(
        "said", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:port"]
    )
    def test_refuses_what_is_no_server(self, said):
        with pytest.raises(ImproperlyConfigured, match="KAMCOMP_MAIL must be"):
            sign_in.mail({"KAMCOMP_MAIL": said}, state=Path("/state"))
