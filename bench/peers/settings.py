"""Django's settings for the peers that run on it: the catalogue's own, with the addresses of the one ``PEER`` names."""

import os

from config.settings import *  # noqa: F403

ROOT_URLCONF = f"bench.peers.{os.environ['PEER']}"

if os.environ["PEER"] == "plain":
    INSTALLED_APPS = [*INSTALLED_APPS, "django_filters"]  # noqa: F405
    # What startproject writes, and REST framework without what the catalogue adds to it.
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
