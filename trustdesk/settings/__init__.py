"""Django settings, made from a few environment variables and `desk.toml` (docs/operate/settings.md lists them all)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from trustdesk.settings import accounts, database
from trustdesk.settings.desk import load as load_desk
from trustdesk.settings.secrets import secret

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("TRUSTDESK_HOME") or "var").resolve()
EVIDENCE_DIR = HOME / "evidence"
KEYS_DIR = HOME / "keys"
MAILBOX_DIR = HOME / "mailbox"

WEB_PORT = int(os.environ.get("TRUSTDESK_WEB_PORT", "8000"))
#: 0: one on SQLite, else as many as there are cores, at most two.
WEB_PROCESSES = int(os.environ.get("TRUSTDESK_WEB_PROCESSES", "0"))
LMTP_PORT = int(os.environ.get("TRUSTDESK_LMTP_PORT", "8024"))
SMTP_PORT = int(os.environ.get("TRUSTDESK_SMTP_PORT", "8025"))
MESSAGE_SIZE_LIMIT = int(os.environ.get("TRUSTDESK_MESSAGE_SIZE_LIMIT", str(32 * 1024 * 1024)))

DESK = load_desk(HOME / "desk.toml")
GRACE = timedelta(seconds=int(os.environ.get("TRUSTDESK_GRACE_SECONDS", DESK.grace_seconds)))

SECRET_KEY = secret(KEYS_DIR / "web.key")
DEBUG = os.environ.get("TRUSTDESK_DEBUG") == "1"
ALLOWED_HOSTS = [
    h for h in os.environ.get("TRUSTDESK_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",") if h
]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("TRUSTDESK_TRUSTED_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "trustdesk",
    *accounts.APPS,
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads at random against BREACH; form tokens are masked besides
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "trustdesk.web.middleware.SecurityHeaders",
    "trustdesk.web.middleware.LocalTime",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "trustdesk.web.urls"
WSGI_APPLICATION = "trustdesk.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "trustdesk.web.context.desk",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "trustdesk.web.tags"],
            "loaders": [("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])],
        },
    }
]

DATABASES = {"default": database.from_url(os.environ.get("TRUSTDESK_DATABASE_URL", ""), home=HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "trustdesk_cache"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "staff:sign-in"
LOGIN_REDIRECT_URL = "staff:queue"
LOGOUT_REDIRECT_URL = "staff:sign-in"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = HOME / "static"
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "trustdesk.web.errors.csrf_failed"
BEHIND_TLS = os.environ.get("TRUSTDESK_BEHIND_TLS") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
globals().update(accounts.of(DESK, behind_tls=BEHIND_TLS))
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("TRUSTDESK_LOG_LEVEL", "WARNING")},
    "loggers": {"trustdesk": {"level": os.environ.get("TRUSTDESK_LOG_LEVEL", "INFO")}},
}
