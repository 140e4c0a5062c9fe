"""
The design checks and local-law reminders: each a small pure function of a picture of a plan.

A module holds the rules of one theme; `registry` knows them all and looks at a picture with them. What each says,
with its limits and sources, is printed from the functions into docs/reference/checks.md.
"""
