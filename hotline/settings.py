"""All settings of the platform.

Every knob is an environment variable with a safe default; docs/settings.md lists them and a test keeps the list whole.
With no variable set the platform runs embedded: one process, SQLite, in-memory live layer, built-in models.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

env = environ.Env()

# --- Places and mode -------------------------------------------------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)

DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED = not DATABASE_URL and not REDIS_URL
DEMO = env.bool("DEMO", default=EMBEDDED)  # prints demo logins on the login page; never on by default in production
DEBUG = env.bool("DEBUG", default=False)


def _kept_secret(name: str, length: int = 48) -> str:
    """A secret made once and kept in VAR_DIR with mode 0600, so that nothing secret is in the tree."""
    path = VAR_DIR / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(base64.urlsafe_b64encode(secrets.token_bytes(length)).decode())
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="") or _kept_secret("secret_key")
# "id:base64 of 32 bytes", newest first; older ones stay for reading until rotation has rewritten every value.
SEALING_KEYS = env.list("SEALING_KEYS", default=[]) or [f"k1:{_kept_secret('sealing_key', 32)}"]
BLIND_INDEX_KEY = env.str("BLIND_INDEX_KEY", default="") or _kept_secret("blind_index_key", 32)

# --- Web -------------------------------------------------------------------------------------------------------------
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
if PUBLIC_BASE_URL:
    ALLOWED_HOSTS.append(environ.urlparse(PUBLIC_BASE_URL).hostname)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_BASE_URL] if PUBLIC_BASE_URL else [])
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=PUBLIC_BASE_URL.startswith("https"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
WEB_THREADS = env.int("WEB_THREADS", default=12)

ROOT_URLCONF = "hotline.urls"
ASGI_APPLICATION = "hotline.asgi.application"
WSGI_APPLICATION = "hotline.wsgi.application"
AUTH_USER_MODEL = "organisation.Staff"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "/"

INSTALLED_APPS = [
    "ticketing.ui",  # first: its templates come before those of the packages
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "channels",
    "csp",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "rest_framework",
    "tree_queries",
    "ticketing.outbox",
    "ticketing.organisation",
    "ticketing.citizens",
    "ticketing.exchange",
    "speech_models",
    "ticketing.clocks",
    "ticketing.orders",
    "ticketing.dispatch",
    "ticketing.notices",
    "ticketing.desk",
    "ticketing.structure",
    "ticketing.inspection",
    "ticketing.steering",
    "ticketing.services",
    "search",
    "chatbot",
    "hotline.conversations",
    "hotline.voice",
    "hotline.chat",
    "hotline.seats",
    "hotline.portal",
    "hotline.insight",
    "hotline.quality",
    "hotline.runtime",
]

MIDDLEWARE = [
    "hotline.runtime.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ticketing.ui.context_processors.ui",
            ],
        },
    }
]

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],  # the admin theme brings inline scripts of its own; staff only
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF, "blob:", "data:"],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- Database --------------------------------------------------------------------------------------------------------
if DATABASE_URL:
    DATABASES = {"default": env.db_url("DATABASE_URL")}
    DATABASES["default"].setdefault("OPTIONS", {})
    if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
        DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 2, "max_size": env.int("DATABASE_POOL", default=24), "timeout": 10}
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    DATABASES = {
        "default": {
            "ENGINE": "hotline.runtime.database.sqlite",
            "NAME": VAR_DIR / "hotline.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-32000;",
            },
            # A file, because in-memory databases cannot be shared between the threads that the tests start.
            "TEST": {"NAME": str(VAR_DIR / "test.sqlite3")},
        }
    }

# --- Jobs, schedule, live layer --------------------------------------------------------------------------------------
JOBS_BACKEND = "celery" if REDIS_URL else "threads"
JOB_THREADS = env.int("JOB_THREADS", default=3)
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL or "memory://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SYNC_EVERY = 1
CELERY_TIMEZONE = env.str("TIME_ZONE", default="Asia/Shanghai")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "hotline.runtime.beat:OutboxScheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True
if REDIS_URL:
    # Redis clients of 8.x end idle sockets after 5 s unless told otherwise.
    _layer = {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 30}], "capacity": 1000},
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    _layer = {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CHANNEL_LAYERS = {"default": _layer}

# --- Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
USE_I18N = USE_TZ = True
TIME_ZONE = CELERY_TIMEZONE

# --- Files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
ASSETS_DIR = VAR_DIR / "assets"
STATICFILES_DIRS = [("vendor", ASSETS_DIR)] if ASSETS_DIR.exists() else []
WHITENOISE_USE_FINDERS = EMBEDDED
MEDIA_ROOT = VAR_DIR / "media"
RECORDINGS_DIR = VAR_DIR / "recordings"
MODELS_DIR = VAR_DIR / "models"
INDEX_DIR = VAR_DIR / "index"
PROMPTS_DIR = VAR_DIR / "prompts"
CITY_DIR = Path(env.str("CITY_DIR", default=str(BASE_DIR / "demo")))
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=10 * 1024 * 1024)  # one attachment
UPLOAD_MAX_FILES = env.int("UPLOAD_MAX_FILES", default=6)
EXPORT_MAX_ROWS = env.int("EXPORT_MAX_ROWS", default=100_000)  # one list as Excel
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=200 * 1024 * 1024)  # one uploaded table
TEXT_MAX_CHARS = env.int("TEXT_MAX_CHARS", default=5000)  # one utterance or one report
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Rights ----------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "ticketing.organisation.adapters.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# A hall of seats shares one address and signs in at the change of shift, so an address gets far more room than a name.
_LOGINS = env.int("LOGINS_PER_MINUTE", default=300)
ACCOUNT_RATE_LIMITS = {"login": f"{_LOGINS}/m/ip", "login_failed": f"{max(_LOGINS // 5, 10)}/m/ip,8/5m/key"}
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=8)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"  # the row is the session; the cache spares its reading
SESSION_COOKIE_AGE = env.int("SESSION_SECONDS", default=12 * 3600)

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "ticketing.orders.api.exception_handler",
}
SPECTACULAR_SETTINGS = {"TITLE": "12345 hotline platform", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

# --- The real parts behind their doors -------------------------------------------------------------------------------
ELASTICSEARCH_URL = env.str("ELASTICSEARCH_URL", default="")
ELASTICSEARCH_INDEX = env.str("ELASTICSEARCH_INDEX", default="hotline-articles")
ELASTICSEARCH_TIMEOUT = env.float("ELASTICSEARCH_TIMEOUT", default=1.5)  # seconds
RASA_URL = env.str("RASA_URL", default="").rstrip("/")
RASA_TOKEN = env.str("RASA_TOKEN", default="")
RASA_TIMEOUT = env.float("RASA_TIMEOUT", default=1.0)  # seconds
VOSK_MODEL = env.str("VOSK_MODEL", default=str(BASE_DIR / "speech_models" / "builtin"))
VOSK_MODELS_URL = env.str("VOSK_MODELS_URL", default="https://alphacephei.com/vosk/models")  # where models are fetched
SPEECH_THREADS = env.int("SPEECH_THREADS", default=0)  # 0: physical cores minus one, at least one
SPEECH_MAX_CALLS = env.int("SPEECH_MAX_CALLS", default=0)  # 0: by measured real-time factor alone
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM = env.str("TWILIO_FROM", default="")
NOTICE_ADAPTERS = env.list("NOTICE_ADAPTERS", default=["console", "file"])
RECORDING_RETENTION_DAYS = env.int("RECORDING_RETENTION_DAYS", default=730)

# --- Conversations, chat, seats, portal ------------------------------------------------------------------------------
CHAT_STALE_MINUTES = env.int("CHAT_STALE_MINUTES", default=30)  # a chat without a word for so long was left
CHAT_MESSAGES_PER_MINUTE = env.int("CHAT_MESSAGES_PER_MINUTE", default=30)  # one conversation
CHAT_STARTS_PER_HOUR = env.int("CHAT_STARTS_PER_HOUR", default=60)  # one address of the network
SEAT_OFFLINE_SECONDS = env.int("SEAT_OFFLINE_SECONDS", default=120)  # unseen for so long: signed out, talks go back to the queue
SEAT_RING_SECONDS = env.int("SEAT_RING_SECONDS", default=25)  # an offered talk that is not answered goes to the next seat
REPORTS_PER_HOUR = env.int("REPORTS_PER_HOUR", default=30)  # one address of the network
TRACK_TRIES_PER_10_MINUTES = env.int("TRACK_TRIES_PER_10_MINUTES", default=20)  # one address of the network

# --- Orders ----------------------------------------------------------------------------------------------------------
NEED_INFO_DAYS = env.int("NEED_INFO_DAYS", default=7)  # facts that never came close the order
REOPEN_DAYS = env.int("REOPEN_DAYS", default=30)  # how long after closing a citizen may have it opened again
DISPATCH_REPEAT_DAYS = env.int("DISPATCH_REPEAT_DAYS", default=30)  # so far back the same matter is looked for
DISPATCH_GROUP_PEOPLE = env.int("DISPATCH_GROUP_PEOPLE", default=5)  # so many people on one matter are a group
DISPATCH_GROUP_HOURS = env.int("DISPATCH_GROUP_HOURS", default=24)  # within so many hours
CALLBACK_DAYS = env.int("CALLBACK_DAYS", default=3)  # on so many days nobody was reached: the call-back is given up
CALLBACK_THEN = env.str("CALLBACK_THEN", default="close")  # then: close without a rating, or sms: ask by message and wait
SURVEY_DAYS = env.int("SURVEY_DAYS", default=7)  # so long a survey waits for its answer
ARCHIVE_AFTER_DAYS = env.int("ARCHIVE_AFTER_DAYS", default=180)  # what has been over for so long is frozen

# --- Being seen ------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if EMBEDDED else "json")
LOGGING_CONFIG = "hotline.runtime.logs.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}

UNFOLD = {"SITE_TITLE": _("Hotline content"), "SITE_HEADER": _("Hotline content"), "SHOW_LANGUAGES": True, "SITE_URL": "/desk/"}
