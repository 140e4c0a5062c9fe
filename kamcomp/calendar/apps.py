"""Fiscal calendars and their periods."""

from django.apps import AppConfig


class CalendarConfig(AppConfig):
    name = "kamcomp.calendar"
    label = "calendar"
