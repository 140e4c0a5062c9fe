"""Django's PostgreSQL backend for connections that a pooler hands out by the transaction (PgBouncer)."""
