"""The account tree has no cycle, and an account of the programme is a root of it."""

from django.db import migrations

from kamcomp.laws import function, trigger


class Migration(migrations.Migration):
    dependencies = [("teams", "0003_audit")]

    operations = [
        function(
            "law_account_tree",
            """
DECLARE
    -- Two branches hung under each other at the same moment would each look right by themselves.
    one_at_a_time CONSTANT bigint := hashtextextended('account_nodes_have_no_cycle', 0);
BEGIN
    PERFORM law_reads_committed('account_nodes_have_no_cycle');
    PERFORM pg_advisory_xact_lock(one_at_a_time);
    IF EXISTS (
        WITH RECURSIVE above AS (
            SELECT NEW.parent_id AS id
            UNION
            SELECT node.parent_id FROM teams_accountnode AS node JOIN above ON node.id = above.id
             WHERE node.parent_id IS NOT NULL
        )
        SELECT FROM above WHERE id = NEW.id
    ) THEN
        PERFORM law_refuse('account_nodes_have_no_cycle', format(
            'account %s cannot stand under one of its own branches', NEW.code));
    END IF;
    IF EXISTS (SELECT FROM teams_strategicaccount WHERE node_id = NEW.id) THEN
        PERFORM law_refuse('strategic_accounts_are_roots', format(
            'account %s is in the programme and stays a root; take its parent into the programme instead', NEW.code));
    END IF;
    RETURN NULL;
END""",
        ),
        trigger(
            "account_nodes_have_no_cycle",
            on="teams_accountnode",
            when="AFTER INSERT OR UPDATE OF parent_id",
            condition="NEW.parent_id IS NOT NULL",
            runs="law_account_tree",
        ),
        function(
            "law_programme_root",
            """
DECLARE
    node record;
BEGIN
    SELECT code, parent_id INTO node FROM teams_accountnode WHERE id = NEW.node_id FOR SHARE;
    IF node.parent_id IS NOT NULL THEN
        PERFORM law_refuse('strategic_accounts_are_roots', format(
            'account %s is a part of another; take its root into the programme', node.code));
    END IF;
    RETURN NULL;
END""",
        ),
        trigger(
            "strategic_accounts_are_roots",
            on="teams_strategicaccount",
            when="AFTER INSERT OR UPDATE OF node_id",
            runs="law_programme_root",
        ),
    ]
