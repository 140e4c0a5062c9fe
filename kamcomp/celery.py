"""
The Celery application: workers' and beat's way in (`celery -A kamcomp.celery`).

A message here only rings a doorbell: what is to be done stands in PostgreSQL, so a lost, doubled or late
message costs time and never money. The settings that make it so stand in kamcomp/settings.py.
"""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import before_task_publish, task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")

app = Celery("kamcomp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

REQUEST = "kamcomp_request"


@before_task_publish.connect
def _pass_request_on(headers: dict[str, Any] | None = None, **_signal: Any) -> None:
    """Let a message carry the id of the request that sent it, for the log lines of the work it leads to."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if headers is not None and request_id:
        headers[REQUEST] = request_id


@task_prerun.connect
def _say_which_task(task_id: str, task: Any, **_signal: Any) -> None:
    """Let each log line of a task name the task, and the request that led to it."""
    said = {"task": task.name, "task_id": task_id}
    request_id = (getattr(task.request, "headers", None) or {}).get(REQUEST) or task.request.get(REQUEST)
    if request_id:
        said["request_id"] = request_id
    structlog.contextvars.bind_contextvars(**said)


@task_postrun.connect
def _say_no_more(**_signal: Any) -> None:
    structlog.contextvars.unbind_contextvars("task", "task_id", "request_id")
