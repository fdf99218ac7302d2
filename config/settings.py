"""Django's settings, all from the environment through `config.env`, which says what each variable means."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from config import env, readers

BASE_DIR = readers.BASE_DIR
values = env.load()

# The house

SECRET_KEY = values[env.SECRET_KEY]
DEBUG = values[env.DEBUG]
DEMO = values[env.DEMO]
BASE_URL = values[env.BASE_URL]
DATA_DIR = values[env.DATA_DIR]
HANDOFFS_DIR = values[env.HANDOFFS_DIR]
ALLOWED_HOSTS = list(values[env.ALLOWED_HOSTS])
HTTPS = BASE_URL.startswith("https:")

INSTALLED_APPS = [
    "core",
    "mail",
    "portfolio",
    "crew",
    "reports",
    "config.admin.RecordsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.HouseHeaders",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.FormsInUtf8",
    "config.middleware.OriginOfOwnForms",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.FormAddresses",
    "config.middleware.OddValuesInAdmin",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "csp.context_processors.nonce",
                "crew.web.context.frame",
            ],
        },
    }
]

# Time and language: instants are stored in UTC, days and months are the portfolio's own.

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
QUARTERDECK_ZONE = values[env.QUARTERDECK_ZONE]

# Database. SQLite lets one writer in at a time, so every transaction asks for the pen at its start and waits its turn.

DATABASES = {"default": {**values[env.DATABASE_URL], "ATOMIC_REQUESTS": False}}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    readers.make_folders(Path(DATABASES["default"]["NAME"]).parent)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384; "
            "PRAGMA mmap_size=134217728; PRAGMA temp_store=MEMORY; "
            # A checkpoint waits for the disk: every 32 MB, not every 4, because small posts write many pages.
            "PRAGMA wal_autocheckpoint=8000;"
        ),
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

# Cache: shared by all processes, because it counts attempts at signing in.

REDIS_URL = values[env.REDIS_URL]
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(DATA_DIR / "cache"),
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# People sign in with a code sent to their address. There are no passwords and nobody signs up by themselves.

AUTH_USER_MODEL = "crew.Person"
# The second loads sessions that a magic link opened; it lets nobody in by itself.
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "crew.sessions.LinkBackend",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, str]] = []
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/account/login/"
ACCOUNT_ADAPTER = "crew.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_FORMS = {"confirm_login_code": "crew.web.forms.SealedCodeForm"}
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"length": 8, "numeric": False, "dashed": True}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"

# Stripe

STRIPE_API_KEYS = values[env.STRIPE_API_KEYS]
STRIPE_WEBHOOK_SECRETS = values[env.STRIPE_WEBHOOK_SECRETS]
STRIPE_API_BASE = values[env.STRIPE_API_BASE]

# Mail

MAIL_TRANSPORT = values[env.MAIL_TRANSPORT]
EMAIL_BACKEND = {"ses": "mail.ses.SesBackend", "mailbox": "mail.transport.MailboxBackend"}[MAIL_TRANSPORT]
MAILBOX_DIR = DATA_DIR / "mailbox"
SES_FROM_ADDRESS = values[env.SES_FROM_ADDRESS]
SES_CONFIGURATION_SET = values[env.SES_CONFIGURATION_SET]
SNS_TOPIC_ARNS = frozenset(values[env.SNS_TOPIC_ARNS])
MAIL_FALLBACK_URL = values[env.MAIL_FALLBACK_URL]
ADMIN_BCC_ADDRESS = values[env.ADMIN_BCC_ADDRESS]
REPORT_RECIPIENTS = list(values[env.REPORT_RECIPIENTS])
POSTAL_ADDRESS = values[env.POSTAL_ADDRESS]
DEFAULT_FROM_EMAIL = SERVER_EMAIL = SES_FROM_ADDRESS
EMAIL_TIMEOUT = 30
AWS_SES_REGION_NAME = values[env.AWS_REGION]
AWS_SES_REGION_ENDPOINT = f"email.{AWS_SES_REGION_NAME}.amazonaws.com"
AWS_SES_REGION_ENDPOINT_URL = values[env.AWS_SES_ENDPOINT_URL] or f"https://{AWS_SES_REGION_ENDPOINT}"
USE_SES_V2 = True
# django-ses paces each process at half the quota by itself; `mail.domain.pacing` does it for all of them together.
AWS_SES_AUTO_THROTTLE = None

# Background work. The database says what is due; the broker only wakes somebody up.

CELERY_BROKER_URL = values[env.CELERY_BROKER_URL]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
if CELERY_BROKER_URL.startswith("filesystem:"):
    _wakeups = DATA_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_wakeups / "queue"),
        "data_folder_out": str(_wakeups / "queue"),
        "control_folder": str(_wakeups / "control"),
        "store_processed": False,
        # Polled more often, this broker has handed over half-written messages.
        "polling_interval": 0.2,
    }
    readers.make_folders(_wakeups / "queue", _wakeups / "control")

# Static files: hashed names, cached for ever, compressed once.

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "media"
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# Security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
# An address may hold a link's secret. Forms still post: see `config.middleware.OriginOfOwnForms`.
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [f"{urlsplit(BASE_URL).scheme}://{urlsplit(BASE_URL).netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS and not DEBUG else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS and not DEBUG
if values[env.BEHIND_PROXY]:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

# Logs: one JSON object a line on standard error.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": values[env.LOG_LEVEL]},
    "loggers": {
        "django": {"level": values[env.LOG_LEVEL], "handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "botocore": {"level": "WARNING"},
    },
}
