"""One flat list for both roles: `DUCTAPE_ROLE` and the key files of `DUCTAPE_KEYS_DIR` make the difference."""

from __future__ import annotations

from pathlib import Path

from control_plane import environ

ROLE = environ.text("DUCTAPE_ROLE", "control")
KEYS_DIR = Path(environ.text("DUCTAPE_KEYS_DIR", f".ductape/keys/{ROLE}"))
# Where clients find /v1. Unset: a proxy serves both roles under one address.
RUNNER_URL = environ.optional("DUCTAPE_RUNNER_URL")
REDIS_URL = environ.text("REDIS_URL", "redis://127.0.0.1:6379/0")
# ip:port pairs inside private networks that models may be called at, such as 127.0.0.1:8080
EGRESS_ALLOW = environ.optional("DUCTAPE_EGRESS_ALLOW") or ""
# After so many failures in a row (0: never) a runner leaves a provider alone for so many seconds; docs/providers.md
BREAKER_FAILURES = environ.number("DUCTAPE_BREAKER_FAILURES", 5)
BREAKER_SECONDS = environ.number("DUCTAPE_BREAKER_SECONDS", 30)
# Providers whose first call would wait seconds for an import; a runner that is to serve them loads it at its start.
PRELOAD_PROVIDERS = environ.words("DUCTAPE_PRELOAD_PROVIDERS", "")

SECRET_KEY = environ.secret_file(KEYS_DIR / "django_secret")
DEBUG = environ.flag("DUCTAPE_DEBUG")
ALLOWED_HOSTS = environ.words("DUCTAPE_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = environ.words("DUCTAPE_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "control_plane.console.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular_sidecar",
    "control_plane.api",
    "control_plane.tenancy",
    "control_plane.audit",
    "control_plane.workspaces",
    "control_plane.vault",
    "control_plane.idempotency",
    "control_plane.products",
    "control_plane.catalog",
    "control_plane.rotation",
    "control_plane.agents",
    "control_plane.runs",
    "control_plane.console",
]

MIDDLEWARE = [
    "control_plane.api.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "control_plane.console.middleware.AdminScopeMiddleware",
]

ROOT_URLCONF = "control_plane.urls"
WSGI_APPLICATION = "control_plane.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": environ.database("DATABASE_URL")}
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 0, "max_size": 16, "timeout": 5}
# Who owns the tables, for bootstrap and migrations. Serving processes are not given it.
if environ.optional("DATABASE_OWNER_URL"):
    DATABASES["owner"] = environ.database("DATABASE_OWNER_URL")
# A pooled connection is checked before use, so that a restarted server costs no request.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["control_plane.api.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "control_plane.api.authentication.HasScope",
        "control_plane.api.authentication.StaysWithinReach",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["control_plane.api.parsing.JSONObjectParser"],
    "DEFAULT_SCHEMA_CLASS": "control_plane.api.openapi.OperationSchema",
    # OPTIONS would describe a view in words that are nobody's contract; the OpenAPI document does.
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "control_plane.api.errors.handle_exception",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Ductape",
    "VERSION": "v1",
    "DESCRIPTION": (Path(__file__).parent / "api" / "openapi.md").read_text(),
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "SERVERS": [{"url": "/", "description": "Control"}],
    "POSTPROCESSING_HOOKS": ["control_plane.gateway.openapi.add_runner", "control_plane.api.openapi.describe"],
}

DEFAULT_EXCEPTION_REPORTER = "control_plane.api.reporting.BareReporter"

DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = environ.text("DUCTAPE_STATIC_ROOT", ".ductape/static")

# Sets the handlers up and scrubs every record of the process, for whatever handler it is.
LOGGING_CONFIG = "ductape.scrubbing.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
