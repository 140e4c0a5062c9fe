"""The worked examples, as case documents a comp admin can read: run each with `manage.py calculate`."""
