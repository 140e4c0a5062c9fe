"""
The settings, all in one file, for development, tests and production alike: what differs is read from the
environment, and a missing or wrong value stops the start with a sentence that says so.

Variables: DATABASE_URL, DATABASE_OWNER_URL (only where migrations run), REDIS_URL, or BROKER_URL in its place
(RabbitMQ), SECRET_KEY,
KAMCOMP_ALLOWED_HOSTS, KAMCOMP_HTTPS (1), KAMCOMP_OPEN_START_PAGE (0), KAMCOMP_LOG_FORMAT (json),
KAMCOMP_STATEMENT_SECONDS (120), KAMCOMP_BEHIND_PGBOUNCER (0), KAMCOMP_EXPORTS (a folder for files out),
KAMCOMP_METRICS_FROM (this machine) and KAMCOMP_METRICS_TOKEN (none): who may read /metrics; KAMCOMP_COMPANY (the
name in the corner of each page), KAMCOMP_DEMO_MODE (0): the demo company's people can be entered as;
KAMCOMP_API_PER_MINUTE (6000): how often a program may ask; KAMCOMP_WEBHOOKS_INTERNAL (none): networks
that are not public and that webhooks may lead into, with commas; KAMCOMP_IDLE_MINUTES (30), KAMCOMP_MAIL,
KAMCOMP_MAIL_FROM, KAMCOMP_ADDRESS (where a mail leads), KAMCOMP_OIDC_* and KAMCOMP_SAML_*: see
docs/how-to/sign-in.md. While `make run` is up, its addresses are found without any of them.
"""

import json
import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import structlog
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from kamcomp import addresses, sign_in
from kamcomp.logs import NothingPrivate, exception_as_text, nothing_private
from kamcomp.pages.making import made_folder

BASE_DIR = Path(__file__).resolve().parent.parent
RUNNING = Path(os.environ.get("KAMCOMP_STATE") or BASE_DIR / ".kamcomp") / "run" / "settings.json"


def _environment() -> dict[str, str]:
    """Return the environment, completed by what a running `make run` says, if nothing else names a database."""
    if os.environ.get("DATABASE_URL") or not RUNNING.is_file():
        return dict(os.environ)
    return {**json.loads(RUNNING.read_text(encoding="utf-8")), **os.environ}


ENVIRONMENT = _environment()


def _required(name: str) -> str:
    if not ENVIRONMENT.get(name):
        raise ImproperlyConfigured(
            f"{name} is not set. `make run` needs no settings; for your own servers see README.md."
        )
    return ENVIRONMENT[name]


def _switch(name: str, *, default: bool) -> bool:
    said = ENVIRONMENT.get(name) or ("1" if default else "0")
    if said not in ("0", "1"):
        raise ImproperlyConfigured(f"{name} is {said!r}; it must be 0 or 1.")
    return said == "1"


def _number(name: str, *, default: int) -> int:
    said = ENVIRONMENT.get(name) or str(default)
    if not (said.isascii() and said.isdigit() and int(said) > 0):
        raise ImproperlyConfigured(f"{name} is {said!r}; it must be a whole number above 0.")
    return int(said)


def _networks(name: str, *, default: str) -> list[str]:
    said = [part.strip() for part in (ENVIRONMENT.get(name) or default).split(",")]
    for part in said:
        try:
            ip_network(part)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: {error}; it must be networks such as 10.0.0.0/8, with commas."
            ) from None
    return said


def _seconds(name: str, *, default: int) -> int:
    said = ENVIRONMENT.get(name) or str(default)
    if not (said.isascii() and said.isdigit()):
        raise ImproperlyConfigured(f"{name} is {said!r}; it must be a whole number of seconds.")
    return int(said)


# What the application is made of --------------------------------------------------------------------------

HTTPS = _switch("KAMCOMP_HTTPS", default=True)
DEBUG = False
SECRET_KEY = _required("SECRET_KEY")
ALLOWED_HOSTS = (ENVIRONMENT.get("KAMCOMP_ALLOWED_HOSTS") or "localhost,127.0.0.1,[::1]").split(",")
METRICS_FROM = _networks("KAMCOMP_METRICS_FROM", default="127.0.0.0/8,::1")
METRICS_TOKEN = ENVIRONMENT.get("KAMCOMP_METRICS_TOKEN") or ""
OPEN_START_PAGE = _switch("KAMCOMP_OPEN_START_PAGE", default=False)
DEMO_MODE = _switch("KAMCOMP_DEMO_MODE", default=False)
# Where the launcher is asked to start the demo over (kamcomp/starting_over.py); it alone sets this.
START_OVER_FILE = Path(ENVIRONMENT["KAMCOMP_START_OVER"]) if ENVIRONMENT.get("KAMCOMP_START_OVER") else None
SIGN_IN = sign_in.providers(ENVIRONMENT)

INSTALLED_APPS = [
    "kamcomp.apps.KamcompConfig",
    "kamcomp.pages",
    "kamcomp.identity",
    "kamcomp.audit",
    "kamcomp.calendar",
    "kamcomp.currency",
    "kamcomp.policy",
    "kamcomp.approvals",
    "kamcomp.imports",
    "kamcomp.jobs",
    "kamcomp.notices",
    "kamcomp.pulse",
    "kamcomp.backups",
    "kamcomp.api",
    "kamcomp.webhooks",
    "teams",
    "scorecards",
    "plans",
    "payouts",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_structlog",
    "django_htmx",
    "heroicons",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *SIGN_IN.apps,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
    )
]
MIDDLEWARE = [
    "kamcomp.pulse.middleware.PulseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kamcomp.starting_over.StartingOverMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kamcomp.identity.middleware.SessionLimitMiddleware",
    "kamcomp.audit.middleware.AuditMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kamcomp.identity.middleware.ViewAsMiddleware",
    "payouts.entrance.TryThisMiddleware",
    "kamcomp.identity.middleware.ProviderMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "kamcomp.pages.middleware.AddressMiddleware",
]
ROOT_URLCONF = "kamcomp.urls"
WSGI_APPLICATION = "kamcomp.wsgi.application"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kamcomp.pages.shell.shell",
                "kamcomp.identity.banners.banners",
                "payouts.entrance.try_this",
            ],
        },
    }
]

# Signing in -----------------------------------------------------------------------------------------------
# Limits are counted in the cache, which is a table: losing the broker does not open the door.

ACCOUNT_ADAPTER = "kamcomp.identity.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "30/10m/ip,10/10m/key"}
ACCOUNT_FORMS = {"login": "kamcomp.identity.forms.SignIn"}
SOCIALACCOUNT_ADAPTER = "kamcomp.identity.adapters.ProviderAdapter"
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "oidc"
SOCIALACCOUNT_ONLY = SIGN_IN.only
SOCIALACCOUNT_PROVIDERS = SIGN_IN.settings
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# By a link: a form that ends at another's address is what form-action of the policy forbids.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "kamcomp.identity.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "kamcomp"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers take http for this machine's own name only
SESSION_IDLE_SECONDS = 60 * _number("KAMCOMP_IDLE_MINUTES", default=30)
MAIL = sign_in.mail(ENVIRONMENT, state=RUNNING.parent)
EMAIL_BACKEND, EMAIL_FILE_PATH = MAIL.backend, MAIL.folder or None
EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.host, MAIL.port, MAIL.tls, MAIL.ssl
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD, EMAIL_TIMEOUT = MAIL.user, MAIL.password, 10
# Where the links of a mail lead.
SITE_ADDRESS = (
    ENVIRONMENT.get("KAMCOMP_ADDRESS") or f"{'https' if HTTPS else 'http'}://{ALLOWED_HOSTS[0]}"
).rstrip("/")
DEFAULT_FROM_EMAIL = ENVIRONMENT.get("KAMCOMP_MAIL_FROM") or "kamcomp@localhost"

# The database ---------------------------------------------------------------------------------------------
# `default` is the role of web and workers, which owns nothing; `owner` migrates. In tests the owner makes the
# test database and `default` follows it there, so that tests meet the same rights as production.

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATEMENT_SECONDS = _seconds("KAMCOMP_STATEMENT_SECONDS", default=120)
# Behind a pooler in transaction mode a connection keeps nothing from one transaction to the next: the limits are
# then the role's own (`manage.py database_limits`), and only transactions read through a cursor on the server.
BEHIND_PGBOUNCER = _switch("KAMCOMP_BEHIND_PGBOUNCER", default=False)


DATABASE_LIMITS = {
    "lock_timeout": "10s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": "300s",
}
# And without these the server keeps a transaction, with its locks, for a client that a cut link took away.
SERVER_PATIENCE = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


def _database(
    variable: str, *, limits: dict[str, str], test: dict[str, Any], pooled: bool = False
) -> dict[str, Any]:
    entry = addresses.database(variable=variable, url=_required(variable))
    said = " ".join(f"-c {name}={value}" for name, value in {**limits, **SERVER_PATIENCE}.items())
    entry["OPTIONS"] = {
        # Without these a query on a cut link hangs for as long as the system's own patience lasts.
        "connect_timeout": "10",
        "keepalives_idle": "5",
        "keepalives_interval": "2",
        "keepalives_count": "3",
        "tcp_user_timeout": "10000",
        **({} if pooled else {"options": said}),
        **entry["OPTIONS"],
    }
    return {
        **entry,
        "ENGINE": "kamcomp.pooled" if pooled else "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": test,
    }


DATABASES = {"default": _database("DATABASE_URL", limits=DATABASE_LIMITS, test={}, pooled=BEHIND_PGBOUNCER)}
if ENVIRONMENT.get("DATABASE_OWNER_URL"):
    DATABASES["default"]["TEST"] = {"MIRROR": "owner"}
    DATABASES["owner"] = _database(
        "DATABASE_OWNER_URL",
        limits={**DATABASE_LIMITS, "statement_timeout": "0"},
        test={"DEPENDENCIES": []},
    )
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_entries"}}

# Work in the background -----------------------------------------------------------------------------------

# The doorbell is Redis or Valkey unless BROKER_URL names RabbitMQ. Nothing else of ours uses it: the cache is a table.
CELERY_BROKER_URL = (
    addresses.any_broker(variable="BROKER_URL", url=ENVIRONMENT["BROKER_URL"])
    if ENVIRONMENT.get("BROKER_URL")
    else addresses.broker(variable="REDIS_URL", url=_required("REDIS_URL"))
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": 900,
    # The default sweep for messages of a dead worker takes about 100 s.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "health_check_interval": 30,
}
CELERY_TASK_DEFAULT_QUEUE = "celery"
if addresses.is_rabbitmq(CELERY_BROKER_URL):
    # A quorum queue is kept by most of a cluster's nodes: a message outlives the node that took it.
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_TASK_DEFAULT_QUEUE = "kamcomp"
    CELERY_BROKER_NATIVE_DELAYED_DELIVERY_QUEUE_TYPE = "classic"  # no task of ours is delayed
    # The sender waits until the broker has the message, and hears within seconds that a link is cut.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True, "connect_timeout": 5, "write_timeout": 10}
    CELERY_BROKER_CONNECTION_TIMEOUT = 5
    CELERY_BROKER_HEARTBEAT = 10
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_EAGER_RESULT = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A task that is still there when the broker hands its message to another is ended, and its slot is free again.
CELERY_TASK_TIME_LIMIT = 840
# A process that has grown beyond this is replaced after its task, in KiB; a run needs about half of it.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1024 * _number("KAMCOMP_WORKER_MEGABYTES", default=512)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "audit-seal": {"task": "kamcomp.audit.tasks.audit_seal", "schedule": crontab(hour=2, minute=30)},
    "periods-advance": {"task": "kamcomp.calendar.tasks.periods_advance", "schedule": crontab(minute=5)},
    "windows-close": {"task": "payouts.windows_close", "schedule": crontab(minute=10)},
    "people-erase": {"task": "teams.people_erase", "schedule": crontab(hour=1, minute=45)},
    "ledger-check": {"task": "payouts.ledger_check", "schedule": crontab(hour=3, minute=15)},
    "exceptions-expire": {"task": "payouts.exceptions_expire", "schedule": crontab(hour=1, minute=10)},
    "acceptances-sweep": {"task": "plans.acceptances_sweep", "schedule": crontab(hour=6, minute=0)},
    "notices-mail": {"task": "notices.mail", "schedule": 60.0, "options": {"expires": 60}},
    "webhooks-deliver": {"task": "webhooks.deliver", "schedule": 5.0, "options": {"expires": 5}},
    "answers-clear": {"task": "api.answers_clear", "schedule": crontab(minute=20)},
    "canary": {"task": "pulse.canary", "schedule": 15.0, "options": {"expires": 15}},
    "uploads-clear": {"task": "imports.uploads_clear", "schedule": crontab(hour=3, minute=45)},
    "uploads-sweep": {"task": "imports.uploads_sweep", "schedule": 30.0, "options": {"expires": 30}},
    "runs-sweep": {"task": "payouts.runs_sweep", "schedule": 30.0, "options": {"expires": 30}},
}
# How a run is cut and shared out. None of these changes a figure or a digest.
KAMCOMP_CHUNK_PEOPLE = _number("KAMCOMP_CHUNK_PEOPLE", default=2_500)
KAMCOMP_CHUNK_LEASE_SECONDS = _number("KAMCOMP_CHUNK_LEASE_SECONDS", default=60)
KAMCOMP_LOOK_SECONDS = _number("KAMCOMP_LOOK_SECONDS", default=60)
KAMCOMP_POLL_SECONDS = _number("KAMCOMP_POLL_SECONDS", default=10)
KAMCOMP_CHUNKS_AT_ONCE = _number("KAMCOMP_CHUNKS_AT_ONCE", default=2)
KAMCOMP_RUN_BELLS = _number("KAMCOMP_RUN_BELLS", default=8)

# The REST interface ---------------------------------------------------------------------------------------

API_PER_MINUTE = _number("KAMCOMP_API_PER_MINUTE", default=6_000)
# Networks that webhooks may lead into although they are not public: none, unless they are named.
WEBHOOKS_INTERNAL = (
    _networks("KAMCOMP_WEBHOOKS_INTERNAL", default="") if ENVIRONMENT.get("KAMCOMP_WEBHOOKS_INTERNAL") else []
)
REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    # The first says how to come in when nobody did.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "kamcomp.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
        "kamcomp.identity.passwords.LimitedBasicAuthentication",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["kamcomp.api.parsers.DocumentParser"],
    "DEFAULT_SCHEMA_CLASS": "kamcomp.api.schema.Schema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "kamcomp.api.problems.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "kamcomp.api.problems.ProblemFormatter",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "kamcomp",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "DESCRIPTION": "Facts in, pay out. How to use it: docs/how-to/use-the-api.md.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {},
    "PREPROCESSING_HOOKS": ["kamcomp.api.schema.words_named"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "kamcomp.api.links.links_laid",
        "kamcomp.api.examples.examples_laid",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Words, time and files ------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
COMPANY_NAME = ENVIRONMENT.get("KAMCOMP_COMPANY") or ""
TIME_ZONE = "UTC"
USE_TZ = True
EXPORT_ROOT = Path(
    ENVIRONMENT.get("KAMCOMP_EXPORTS")
    or Path(ENVIRONMENT.get("KAMCOMP_STATE") or BASE_DIR / ".kamcomp") / "exports"
)
STATIC_URL = "static/"
# The type face and the compiled translations are made at set-up, not kept in the repository.
MADE_ROOT = made_folder()
STATICFILES_DIRS = [MADE_ROOT / "static"]
LOCALE_PATHS = [MADE_ROOT / "locale"]
WHITENOISE_USE_FINDERS = True
# Pages name their files with a digest, so a browser may keep each for long.
WHITENOISE_MAX_AGE = 7 * 24 * 60 * 60

# Safety ---------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "script-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if _switch("KAMCOMP_BEHIND_PROXY", default=False) else None
)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "kamcomp.pages.views.csrf_failed"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
SILENCED_SYSTEM_CHECKS: list[str] = []

# Log lines ------------------------------------------------------------------------------------------------

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]
_RENDERERS: dict[str, list[Any]] = {
    "json": [nothing_private, structlog.processors.JSONRenderer()],
    "console": [nothing_private, exception_as_text, structlog.dev.ConsoleRenderer(colors=False)],
}
_LOG_FORMAT = ENVIRONMENT.get("KAMCOMP_LOG_FORMAT") or "json"
if _LOG_FORMAT not in _RENDERERS:
    raise ImproperlyConfigured(f"KAMCOMP_LOG_FORMAT is {_LOG_FORMAT!r}; it must be json or console.")
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_RENDERERS[_LOG_FORMAT],
            ],
            "foreign_pre_chain": _SHARED,
        }
    },
    "filters": {"private": {"()": NothingPrivate}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "structured", "filters": ["private"]}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        name: {"handlers": ["console"], "level": "INFO", "propagate": False}
        for name in ("kamcomp", "teams", "scorecards", "plans", "payouts", "django_structlog", "celery")
    },
}
