"""A pool is never overspent, and handed in whole; its allocator is never paid from it, its approver neither."""

from django.db import migrations

from kamcomp.laws import function, operations, statement_triggers, status_moves, trigger


class Migration(migrations.Migration):
    dependencies = [("payouts", "0005_runs_move_on")]

    operations = operations(
        status_moves(
            "payouts_pool",
            law="pools_move_on",
            born=["planned", "funded", "allocating"],
            moves=[
                ("planned", "funded"),
                ("funded", "allocating"),
                ("allocating", "submitted"),
                ("submitted", "approved"),
                ("submitted", "returned"),
                ("allocating", "returned"),
                ("returned", "allocating"),
                ("returned", "submitted"),
            ],
        ),
        function(
            "law_pool_fixed",
            """
BEGIN
    IF OLD.status IN ('allocating', 'submitted', 'approved') AND NEW.funded IS DISTINCT FROM OLD.funded THEN
        PERFORM law_refuse('pools_funding_is_fixed', format(
            'pool %s was funded with %s before its allocation began; return it before it is funded anew',
            OLD.id, trim_scale(OLD.funded)));
    ELSIF OLD.status = 'approved' THEN
        PERFORM law_refuse('pools_approved_stay', format('pool %s is approved and stays as it is', OLD.id));
    END IF;
    RETURN NEW;
END""",
        ),
        trigger("pools_funding_is_fixed", on="payouts_pool", when="BEFORE UPDATE", runs="law_pool_fixed"),
        function(
            "law_pool_lock",
            """
DECLARE
    pool record;
BEGIN
    PERFORM law_reads_committed('pools_are_not_overspent');
    -- The pool's row before anything is summed: of two allocations saved at once, the second sees the first.
    FOR pool IN EXECUTE format(
        'SELECT id, status FROM payouts_pool WHERE id IN (%s) ORDER BY id FOR NO KEY UPDATE',
        CASE TG_OP WHEN 'INSERT' THEN 'SELECT pool_id FROM new_rows' WHEN 'DELETE' THEN 'SELECT pool_id FROM old_rows'
                   ELSE 'SELECT pool_id FROM new_rows UNION SELECT pool_id FROM old_rows' END)
    LOOP
        IF pool.status IN ('submitted', 'approved') THEN
            PERFORM law_refuse('pools_handed_in_stay', format(
                'pool %s is %s: its allocation changes only after it is returned', pool.id, pool.status));
        END IF;
    END LOOP;
    RETURN NULL;
END""",
        ),
        statement_triggers("pools_handed_in_stay", on="payouts_allocation", runs="law_pool_lock"),
        function(
            "law_pool_whole",
            """
DECLARE
    pool record;
    spent numeric;
BEGIN
    PERFORM law_reads_committed('pools_are_not_overspent');
    SELECT id, status, funded, reserve INTO pool FROM payouts_pool
     WHERE id = (CASE TG_TABLE_NAME WHEN 'payouts_pool' THEN to_jsonb(NEW) ->> 'id'
                                    ELSE to_jsonb(NEW) ->> 'pool_id' END)::uuid
       FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount), 0) INTO spent FROM payouts_allocation WHERE pool_id = pool.id;
    IF spent > 0 AND pool.funded IS NULL THEN
        PERFORM law_refuse('pools_are_not_overspent', format('pool %s is not funded yet', pool.id));
    ELSIF spent + pool.reserve > pool.funded THEN
        PERFORM law_refuse('pools_are_not_overspent', format(
            'pool %s holds %s; %s allocated and %s reserved is %s too much', pool.id, trim_scale(pool.funded),
            trim_scale(spent), trim_scale(pool.reserve), trim_scale(spent + pool.reserve - pool.funded)));
    ELSIF pool.status IN ('submitted', 'approved') AND spent + pool.reserve <> pool.funded THEN
        PERFORM law_refuse('pools_are_handed_in_whole', format(
            'pool %s holds %s; %s allocated and %s reserved leaves %s', pool.id, trim_scale(pool.funded),
            trim_scale(spent), trim_scale(pool.reserve), trim_scale(pool.funded - spent - pool.reserve)));
    END IF;
    RETURN NULL;
END""",
        ),
        trigger(
            "pools_are_not_overspent",
            on="payouts_allocation",
            when="AFTER INSERT OR UPDATE",
            condition="NEW.amount IS NOT NULL",
            runs="law_pool_whole",
            deferred=True,
        ),
        trigger(
            "pools_are_handed_in_whole",
            on="payouts_pool",
            when="AFTER INSERT OR UPDATE",
            condition="NEW.funded IS NOT NULL",
            runs="law_pool_whole",
            deferred=True,
        ),
        function(
            "law_pool_receivers",
            """
DECLARE
    pool_id uuid := (CASE TG_TABLE_NAME WHEN 'payouts_pool' THEN to_jsonb(NEW) ->> 'id'
                                        ELSE to_jsonb(NEW) ->> 'pool_id' END)::uuid;
    pool record;
    receiver text;
BEGIN
    SELECT owned.id, owned.allocator_id, owned.approved_by_id, owned.submitted_by_id, allocator.user_id INTO pool
      FROM payouts_pool AS owned LEFT JOIN teams_person AS allocator ON allocator.id = owned.allocator_id
     WHERE owned.id = pool_id;
    SELECT person.employee_id INTO receiver
      FROM payouts_allocation AS paid JOIN teams_person AS person ON person.id = paid.person_id
     WHERE paid.pool_id = pool.id AND (paid.eligible OR coalesce(paid.amount, 0) <> 0)
       AND (person.id = pool.allocator_id OR person.user_id IN (pool.user_id, pool.submitted_by_id))
     LIMIT 1;
    IF receiver IS NOT NULL THEN
        PERFORM law_refuse('pools_allocator_is_not_paid', format(
            '%s allocates the pool and is never paid from it', receiver));
    END IF;
    IF EXISTS (
        SELECT FROM payouts_allocation AS paid JOIN teams_membership AS member ON member.id = paid.membership_id
          JOIN payouts_pool AS owned ON owned.id = paid.pool_id
         WHERE paid.pool_id = pool.id AND (member.person_id <> paid.person_id OR member.account_id <> owned.account_id)
    ) THEN
        PERFORM law_refuse('allocations_are_for_members', 'a pool is shared among members of its account''s team');
    END IF;
    IF pool.approved_by_id = pool.user_id THEN
        PERFORM law_refuse('pools_allocator_is_not_approver', 'who allocates a pool does not approve it');
    END IF;
    SELECT person.employee_id INTO receiver
      FROM payouts_allocation AS paid JOIN teams_person AS person ON person.id = paid.person_id
     WHERE paid.pool_id = pool.id AND (paid.eligible OR coalesce(paid.amount, 0) <> 0)
       AND person.user_id = pool.approved_by_id
     LIMIT 1;
    IF receiver IS NOT NULL THEN
        PERFORM law_refuse('pools_approver_is_not_paid', format(
            '%s is paid from the pool and does not approve it', receiver));
    END IF;
    RETURN NULL;
END""",
        ),
        trigger(
            "pools_allocator_is_not_paid",
            on="payouts_allocation",
            when="AFTER INSERT OR UPDATE OF pool_id, person_id, eligible, amount",
            runs="law_pool_receivers",
            deferred=True,
        ),
        trigger(
            "pools_approver_is_not_paid",
            on="payouts_pool",
            when="AFTER UPDATE OF allocator_id, submitted_by_id, approved_by_id",
            runs="law_pool_receivers",
            deferred=True,
        ),
    )
