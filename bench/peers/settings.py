"""Django settings of the peers that run on Django: the catalogue's own, with the URLs of the peer in ``PEER``."""

import os

from config.settings import *  # noqa: F403

ROOT_URLCONF = f"bench.peers.{os.environ['PEER']}"

if os.environ["PEER"] == "plain":
    INSTALLED_APPS = [*INSTALLED_APPS, "django_filters"]  # noqa: F405
    # The middleware of startproject, and REST framework without the catalogue's classes.
    MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
    REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    }
