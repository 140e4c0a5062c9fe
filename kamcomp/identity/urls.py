"""
The addresses of signing in, second factors, passwords, looking as somebody else and entering the demo.

The library's views by our own list: what it has beyond these (making accounts, changing addresses) has no address here.
`account_signup` has one, because its pages name it; it answers that nobody signs up by themselves.
"""

from allauth.account import views as account
from allauth.mfa import urls as mfa
from allauth.socialaccount import views as social
from allauth.urls import build_provider_urlpatterns
from django.urls import include, path, re_path

from kamcomp.identity import views

ACCOUNT = [
    path("closed", account.signup, name="account_signup"),
    path("inactive", account.account_inactive, name="account_inactive"),
    path("confirm", account.reauthenticate, name="account_reauthenticate"),
    path("password", account.password_change, name="account_change_password"),
    path("password/first", account.password_set, name="account_set_password"),
    path("password/forgotten", account.password_reset, name="account_reset_password"),
    path("password/sent", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/changed",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("second-factor/", include(mfa)),
    path("providers/", social.connections, name="socialaccount_connections"),
    path("providers/closed", social.signup, name="socialaccount_signup"),
    path("providers/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("providers/failed", social.login_error, name="socialaccount_login_error"),
    *build_provider_urlpatterns(),
]

urlpatterns = [
    path("sign-in", account.login, name="account_login"),
    path("sign-in", account.login, name="sign-in"),
    path("sign-out", account.logout, name="account_logout"),
    path("sign-out", account.logout, name="sign-out"),
    path("account/", include(ACCOUNT)),
    path("view-as", views.ViewAs.as_view(), name="view-as"),
    path("view-as/end", views.view_as_end, name="view-as-end"),
    path("view-as/<uuid:user_id>", views.ViewAsBegin.as_view(), name="view-as-begin"),
    path("demo/enter", views.demo_enter, name="demo-enter"),
]
