"""Reads of people, accounts and account teams."""
