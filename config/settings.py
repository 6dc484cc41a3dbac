"""Settings of the catalogue. Settings that differ between machines are environment variables: ``environment``."""

from config import environment

BASE_DIR = environment.BASE
VAR_DIR = environment.VAR

DEBUG = environment.flag("DEBUG", False)
SECRET_KEY = environment.secret_key(debug=DEBUG)
ALLOWED_HOSTS = environment.allowed_hosts(debug=DEBUG)
DATABASES = {"default": environment.database()}
HTTPS = environment.flag("HTTPS", not DEBUG)
BEHIND_PROXY = environment.flag("BEHIND_PROXY", False)
PUBLIC_URL = environment.public_url()
SECURITY_CONTACT = environment.security_contact()
# A value last checked longer ago may be outdated, in months.
OUTDATED_AFTER_MONTHS = environment.integer("OUTDATED_AFTER_MONTHS", 24, 1, 600)
# Feedback is answered within these working days after its receipt.
FEEDBACK_WORKING_DAYS = environment.integer("FEEDBACK_WORKING_DAYS", 15, 1, 250)
ANSWERS_BYTES = environment.integer("ANSWERS_MIB", 64, 0, 65536) * 1024 * 1024

INSTALLED_APPS = [
    # Before the admin, so that its templates override the admin's.
    "services",
    "catalogue",
    "catalogue.desk.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "catalogue.web.middleware.request_id.RequestIdMiddleware",
    # Before any middleware that reads the host: SecurityMiddleware does when it redirects to HTTPS.
    "catalogue.web.middleware.hosts.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "catalogue.api.base.http.ReadingMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "catalogue.web.middleware.csp.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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

# Throttling counts are shared by all processes and machines; ``manage.py prepare`` makes the table.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "throttling": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "throttling",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True

# Threads per worker. With PostgreSQL each has a connection: at most WORKERS times THREADS.
THREADS = 4

STATIC_URL = "/static/"
# Served from the packages' own folders: no collectstatic before the start, no stale copy after an update.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Health checks of load balancers use plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_FAILURE_VIEW = "catalogue.desk.base.error_pages.csrf_failure"
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if HTTPS and host != "*"]
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    # The API needs no account; editing is done in the admin.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["catalogue.api.base.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "catalogue.api.base.negotiation.AcceptNegotiation",
    "DEFAULT_PAGINATION_CLASS": "catalogue.api.base.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "catalogue.api.base.openapi.schema.Schema",
    "EXCEPTION_HANDLER": "catalogue.web.problems.handle",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    # Throttles count the address that our proxy saw, or without a proxy the one that connects.
    "NUM_PROXIES": int(BEHIND_PROXY),
    # No ?format=: an unknown parameter is an error, and this one would duplicate the Accept header.
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    # The licence of the code; every response and file names that of the data.
    "LICENSE": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
    "OAS_VERSION": "3.1.1",
    "TITLE": "内蒙古自治区基本公共服务清单 API",
    "DESCRIPTION": (
        "81 项基本公共服务，每个值都注明出处，每个已发布版本都可引用和核验，"
        "可以询问任何一天的状态，未知的就说未知。由公开文件汇编，未经任何政府部门认可。"
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    # By default Swagger UI calls a validator on another host.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "catalogue.api.base.openapi.schema.with_exact_requests",
        "catalogue.api.base.openapi.examples.with_examples",
        "catalogue.api.base.openapi.descriptions.describe",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Verification": "services.sources.Verification",
        "Jurisdiction": "services.sources.Jurisdiction",
        "Basis": "catalogue.models.FieldVerification.Basis",
        "CitedField": "catalogue.models.Citation.FIELDS",
        "SourcedField": "catalogue.models.SourcedField",
        "SourceKind": "services.sources.Source.Kind",
        "ExtentRead": "services.sources.Source.ExtentRead",
        "ReadIn": "services.sources.Source.ReadIn",
        "DepartmentLevel": "services.models.Department.Level",
        "Operator": "services.models.Indicator.Operator",
        "Nature": "services.models.Indicator.Nature",
        "AmountKind": "catalogue.api.serializers.AMOUNT_KINDS",
        "AmountPeriod": "catalogue.api.serializers.AMOUNT_PERIODS",
        "AmountPer": "catalogue.api.serializers.AMOUNT_PERS",
        "ShareLevel": "catalogue.api.serializers.SHARE_LEVELS",
        "Currency": "catalogue.api.serializers.CURRENCIES",
        "LeadBasis": "catalogue.editions.document.LeadBasis",
        "ChangeKind": "catalogue.api.serializers.CHANGE_KINDS",
        "ProblemCode": "catalogue.api.base.openapi.schema.CODES",
        "FeedbackKind": "catalogue.models.Feedback.Kind",
        "FeedbackState": "catalogue.models.Feedback.State",
        "ServiceStatus": "catalogue.api.serializers.STATUSES",
        "MatchedField": "catalogue.api.serializers.MATCHED_FIELDS",
        "MatchedHow": "catalogue.api.serializers.MATCHED_HOW",
        "RuleOperator": "catalogue.api.serializers.RULE_OPERATORS",
        "Outcome": "catalogue.api.entitlements.serializers.OUTCOME_LABELS",
        "FactType": "catalogue.api.entitlements.facts.FACT_TYPES",
        "FactGroup": "catalogue.api.entitlements.facts.FACT_GROUPS",
        "HistoryKind": "catalogue.api.serializers.HISTORY_KINDS",
        "AssessmentConclusion": "catalogue.models.Assessment.Conclusion",
        "AssessmentPeriod": "catalogue.models.AssessmentLine.Period",
    },
    # In the order in which a reader needs them.
    "TAGS": [
        {"name": "services", "description": "服务项目"},
        {"name": "entitlements", "description": "资格判断：一个人能享受什么，要问哪些事实"},
        {"name": "editions", "description": "版本，及其变更、案例和规则"},
        {"name": "vocabularies", "description": "词表与规划的其他表格"},
        {"name": "feedback", "description": "意见反馈"},
    ],
    "SERVERS": [{"url": "/", "description": "提供这份文档的主机"}],
    "CONTACT": {"name": "本清单编者 · The editors of this list"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Without Django's own handlers, which log everything twice under DEBUG.
    "loggers": {"django": {"level": "INFO"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
