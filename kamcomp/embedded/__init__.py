"""
Real services on a machine that has only Python: the environment, PostgreSQL, Valkey, the web server,
the worker and beat, started by one command and stopped by one signal.

Nothing is imported here, because the bootstrap runs before anything is installed.
"""
