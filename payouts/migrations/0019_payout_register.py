"""The payout register as a view, so that a page filters, sorts and sums it in the database."""

from django.db import migrations, models

VIEW = """
CREATE VIEW payouts_registerrow AS
WITH current_run AS (
    SELECT id, period_id, status FROM payouts_run WHERE is_current
), part AS (
    SELECT p.run_id, p.person_id, p.currency, p.amount AS incentive, 0::numeric AS share,
           0::numeric AS corrections, 0::numeric AS converted, 0::numeric AS paid
      FROM payouts_payout p
UNION ALL
    SELECT pool.run_id, share.person_id, pool.currency, 0, share.amount, 0, 0, 0
      FROM payouts_allocation share
      JOIN payouts_pool pool ON pool.id = share.pool_id
     WHERE pool.status = 'approved' AND share.amount <> 0
UNION ALL
    SELECT run.id, a.person_id, a.currency, 0, 0, a.amount, 0, 0
      FROM payouts_adjustment a
      JOIN current_run run ON run.period_id = a.period_id
     WHERE a.status IN ('approved', 'posted') AND a.person_id IS NOT NULL
UNION ALL
    SELECT posting.run_id, entry.person_id, entry.currency, 0, 0,
           CASE WHEN moved.yes THEN 0 ELSE -entry.amount END,
           CASE WHEN moved.yes THEN -entry.amount ELSE 0 END, 0
      FROM payouts_ledgerentry entry
      JOIN payouts_posting posting ON posting.id = entry.posting_id
      CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT 1 FROM payouts_ledgerentry other
                        WHERE other.posting_id = entry.posting_id AND other.account = 'conversion') AS yes
      ) moved
     WHERE entry.account = 'payable' AND entry.person_id IS NOT NULL AND entry.payout_id IS NULL
       AND entry.allocation_id IS NULL AND entry.adjustment_id IS NULL
UNION ALL
    SELECT run_id, person_id, currency, 0, 0, 0, 0, amount
      FROM payouts_payrollreturn WHERE superseded_at IS NULL
), whole AS (
    SELECT part.run_id, part.person_id, part.currency, run.status, sum(incentive) AS incentive,
           sum(share) AS share, sum(corrections) AS corrections, sum(converted) AS converted,
           sum(incentive + share + corrections + converted) AS payable, sum(paid) AS paid
      FROM part JOIN current_run run ON run.id = part.run_id
     GROUP BY part.run_id, part.person_id, part.currency, run.status
), told AS (
    SELECT noted.run_id, noted.person_id, bool_or(noted.kind = 'exported') AS exported,
           (array_agg(noted.kind ORDER BY noted.id DESC)
             FILTER (WHERE noted.kind IN ('held', 'released')))[1] = 'held' AS held
      FROM (
        SELECT p.run_id, p.person_id, event.kind, event.id
          FROM payouts_payoutevent event JOIN payouts_payout p ON p.id = event.payout_id
      UNION ALL
        SELECT pool.run_id, share.person_id, event.kind, event.id
          FROM payouts_payoutevent event
          JOIN payouts_allocation share ON share.id = event.allocation_id
          JOIN payouts_pool pool ON pool.id = share.pool_id
      UNION ALL
        SELECT a.run_id, a.person_id, event.kind, event.id
          FROM payouts_payoutevent event JOIN payouts_adjustment a ON a.id = event.adjustment_id
      ) noted
     GROUP BY noted.run_id, noted.person_id
)
SELECT whole.run_id || ' ' || whole.person_id || ' ' || whole.currency AS id,
       whole.run_id, whole.person_id, whole.currency, whole.incentive, whole.share, whole.corrections,
       whole.converted, whole.payable, whole.paid,
       CASE WHEN told.held THEN 'held'
            WHEN whole.paid <> 0 THEN 'paid'
            WHEN whole.status <> 'locked' THEN 'before'
            WHEN whole.payable = 0 THEN 'nothing'
            WHEN told.exported THEN 'exported'
            ELSE 'payable' END AS state
  FROM whole LEFT JOIN told ON told.run_id = whole.run_id AND told.person_id = whole.person_id
"""

AMOUNTS = ("incentive", "share", "corrections", "converted", "payable", "paid")
STATES = [
    ("before", "Not final yet"),
    ("nothing", "Nothing to pay"),
    ("payable", "To be paid"),
    ("held", "Held"),
    ("exported", "With payroll"),
    ("paid", "Paid"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("payouts", "0018_what_has_not_changed"),
        ("teams", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW payouts_registerrow"),
        migrations.CreateModel(
            name="RegisterRow",
            fields=[
                ("id", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                *((name, models.DecimalField(decimal_places=6, max_digits=21)) for name in AMOUNTS),
                ("state", models.CharField(choices=STATES, max_length=8)),
            ],
            options={"managed": False},
        ),
    ]
