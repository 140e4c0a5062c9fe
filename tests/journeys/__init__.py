"""Journeys: whole stretches of work, named by what somebody wants done."""
