# SPDX-License-Identifier: Apache-2.0
"""A small Django site whose users log in with TOTP devices of django-otp.

usage: django-otp.py PORT DATABASE

A code goes through django-otp's own form and its default settings: the window is one step,
the offset follows each code, and each wrong code doubles the delay until the next one.
"""

import importlib.metadata
import json
import math
import secrets
import sys
import time

from django.conf import settings

PORT, DATABASE = int(sys.argv[1]), sys.argv[2]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django_otp",
        "django_otp.plugins.otp_totp",
    ],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_hex(),
    USE_TZ=True,
)

import django

django.setup()

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.servers import basehttp
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, transaction
from django.db.transaction import TransactionManagementError
from django.http import JsonResponse
from django.urls import path
from django.utils import timezone
from django_otp.forms import OTPTokenForm
from django_otp.plugins.otp_totp.models import TOTPDevice


def answer(status, text, **more):
    return JsonResponse({"answer": text, **more}, status=status)


BUSY = (OperationalError, TransactionManagementError)


def unless_busy(view):
    """SQLite has one writer at a time. A transaction that meets another one is rolled back."""

    def wrapped(request, **names):
        try:
            return view(request, **names)
        except BUSY:
            return answer(503, "database is locked")

    return wrapped


def patiently(view):
    """Repeat what does not depend on the moment until the database is free."""

    def wrapped(request, **names):
        while True:
            try:
                return view(request, **names)
            except BUSY:
                time.sleep(0.05)

    return wrapped


def devices(serial, user):
    """Usually one: django-otp has no serial numbers, and no rule against names used twice."""
    return list(TOTPDevice.objects.filter(name=serial, user__username=user))


@patiently
def add(request):
    """Create a device like Django's admin site, which validates the fields."""
    d = json.loads(request.body)
    with transaction.atomic():
        user, _ = get_user_model().objects.get_or_create(username=d["user"])
        new = TOTPDevice(user=user, name=d["serial"], key=d["key"], step=d["step"], digits=d["digits"])
        try:
            new.full_clean()
        except ValidationError as e:
            return answer(422, str(e))
        new.save()
    return answer(201, "created")


@patiently
def remove(request, serial):
    TOTPDevice.objects.filter(name=serial).delete()
    return answer(200, "removed")


@unless_busy
def check(request):
    d = json.loads(request.body)
    last = answer(404, "no such device")
    for device in devices(d["serial"], d["user"]):  # the user chooses one in the form
        last = enter(device, d["code"])
        if last.status_code == 200:
            break
    return last


def enter(device, code):
    form = OTPTokenForm(device.user, data={"otp_device": device.persistent_id, "otp_token": code})
    if form.is_valid():
        return answer(200, "accepted")
    text = " ".join(message for messages in form.errors.values() for message in messages)
    if "temporarily disabled" not in text:
        return answer(403, text)
    device.refresh_from_db()
    _, why = device.verify_is_allowed()
    left = (why["locked_until"] - timezone.now()).total_seconds() if why else 0
    limited = answer(429, text)
    limited["Retry-After"] = max(math.ceil(left), 1)
    return limited


@patiently
def status(request, serial, user):
    for device in devices(serial, user):
        return answer(200, "found", drift=device.drift, failed=device.throttling_failure_count)
    return answer(404, "no such device")


def version(request):
    return answer(200, importlib.metadata.version("django-otp"))


urlpatterns = [
    path("devices", add),
    path("devices/<serial>", remove),
    path("devices/<serial>/<user>", status),
    path("check", check),
    path("version", version),
]

call_command("migrate", verbosity=0)
basehttp.WSGIServer.request_queue_size = 128  # for many requests at once
basehttp.run("127.0.0.1", PORT, get_wsgi_application(), threading=True)
