"""
The demo company: Halden Components and its 14 key accounts.

Everything is deterministic. `company` says who there is, `figures` what every account
achieved, `files` writes both as the files a comp admin would upload, and `story` does
what happened, act by act, through the ordinary services. `representatives` are those
who sell in the regions, paid by a plan and on a calendar of their own.
"""
