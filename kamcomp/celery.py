"""
The Celery application: workers' and beat's way in (`celery -A kamcomp.celery`).

A message here only rings a doorbell: what is to be done stands in PostgreSQL, so a lost, doubled or late
message costs time and never money. The settings that make it so stand in kamcomp/settings.py.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")

app = Celery("kamcomp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
