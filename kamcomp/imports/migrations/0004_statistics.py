"""Let the app role have a table's statistics taken after it filled it; only the owner of a table may otherwise."""

from django.db import migrations

TAKE = """
CREATE FUNCTION statistics_take(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('ANALYZE public.%I', name);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("imports", "0003_undo")]

    operations = [migrations.RunSQL(TAKE, "DROP FUNCTION statistics_take(text)")]
