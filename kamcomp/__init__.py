"""What every app stands on: people, calendar, currency, policy, approvals, imports, jobs and audit."""
