"""Reads for pages, reports, the REST interface, tasks and services: one noun a file."""
