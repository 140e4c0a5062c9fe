"""
Laws the database holds: the pieces a migration builds them from.

A law is a named constraint or a trigger; each stands as a sentence in docs/reference/invariants.md with the test
that tries to break it. A trigger's function belongs to the owner role, runs with that role's rights and with a
fixed search path, and refuses through `law_refuse`, so that a broken law arrives as an `IntegrityError` that
carries the law's name, exactly as a broken constraint does (`kamcomp.lawful` turns it into a refusal).
"""

from collections.abc import Sequence
from typing import Any

from django.db import migrations
from django.db.migrations.operations.base import Operation

from kamcomp.grants import narrowed

TRANSITIONS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
}
MASK, IGNORE = "mask", "ignore"


def function(
    name: str, body: str, *, arguments: str = "", returns: str = "trigger", volatility: str = "VOLATILE"
) -> Operation:
    """Return the step that makes a plpgsql function which runs as the owner, with a fixed search path."""
    types = ", ".join(part.strip().split()[1] for part in arguments.split(",") if part.strip())
    return migrations.RunSQL(
        sql=(
            f"CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE plpgsql {volatility} "
            f"SECURITY DEFINER SET search_path = public, pg_temp AS $law$\n{body}\n$law$"
        ),
        reverse_sql=f"DROP FUNCTION {name}({types})",
    )


def trigger(
    name: str,
    *,
    on: str,
    when: str,
    runs: str,
    arguments: Sequence[str] = (),
    condition: str = "",
    transitions: str = "",
    each: str = "ROW",
    deferred: bool = False,
) -> Operation:
    """
    Return the step that makes a trigger; `when` is what stands before ON, as `BEFORE UPDATE`.

    A `deferred` one is checked when the transaction ends, however many statements it takes to be whole.
    """
    said = ", ".join("'" + argument.replace("'", "''") + "'" for argument in arguments)
    parts = [
        f"CREATE {'CONSTRAINT ' if deferred else ''}TRIGGER {name} {when} ON {on}",
        "DEFERRABLE INITIALLY DEFERRED" if deferred else "",
        transitions,
        f"FOR EACH {each}",
        f"WHEN ({condition})" if condition else "",
        f"EXECUTE FUNCTION {runs}({said})",
    ]
    return migrations.RunSQL(
        sql=" ".join(part for part in parts if part), reverse_sql=f"DROP TRIGGER {name} ON {on}"
    )


def statement_triggers(
    name: str,
    *,
    on: str,
    runs: str,
    arguments: Sequence[str] = (),
    events: Sequence[str] = tuple(TRANSITIONS),
) -> list[Operation]:
    """Return the steps that run a function once a statement, with the rows it touched as old_rows and new_rows."""
    return [
        trigger(
            f"{name}_{event.lower()}",
            on=on,
            when=f"AFTER {event}",
            runs=runs,
            arguments=arguments,
            transitions=TRANSITIONS[event],
            each="STATEMENT",
        )
        for event in events
    ]


def append_only(table: str, *, law: str, may_update: bool = False) -> list[Operation]:
    """Return the steps after which rows of a table are added and never taken away (nor changed)."""
    events = "DELETE OR TRUNCATE" if may_update else "UPDATE OR DELETE OR TRUNCATE"
    return [
        trigger(
            law, on=table, when=f"BEFORE {events}", runs="law_append_only", arguments=[law], each="STATEMENT"
        )
    ]


def not_edited(table: str, *, law: str, stay: str) -> list[Operation]:
    """Return the steps after which a table of facts is only added to; a row may learn once until when it held."""
    return [
        *append_only(table, law=stay, may_update=True),
        *statement_triggers(law, on=table, runs="law_fact_not_edited", arguments=[law], events=["UPDATE"]),
        narrowed(table, to=["SELECT", "INSERT", "UPDATE (superseded_at)"]),
    ]


def status_moves(
    table: str, *, law: str, born: Sequence[str], moves: Sequence[tuple[str, str]], column: str = "status"
) -> Operation:
    """Return the step after which a status starts as one of `born` and changes only along `moves`."""
    pairs = ",".join(f"{before}>{after}" for before, after in moves)
    return trigger(
        law,
        on=table,
        when=f"BEFORE INSERT OR UPDATE OF {column}",
        runs="law_status_moves",
        arguments=[law, column, ",".join(born), pairs],
    )


def period_open(
    table: str,
    *,
    law: str,
    path: str = "period_id",
    through: str = "",
    new_only: bool = False,
    events: Sequence[str] = tuple(TRANSITIONS),
) -> list[Operation]:
    """
    Return the steps after which rows of a locked period refuse to be added, changed or deleted.

    `path` is the column that leads to the period: its id, or with `through` the id of a row that has it.
    With `new_only` a row may leave a locked period for an open one.
    """
    arguments = [law, path, through, "new" if new_only else "both"]
    return statement_triggers(law, on=table, runs="law_period_open", arguments=arguments, events=events)


def audited(
    table: str, *, key: str = "id", masked: Sequence[str] = (), ignored: Sequence[str] = ()
) -> list[Operation]:
    """
    Return the steps after which every change of a row leaves an audit row.

    Of `masked` columns it says that they changed, never to what; `ignored` columns are not looked at.
    """
    arguments = [key, ",".join(masked), ",".join(ignored)]
    return statement_triggers(f"{table}_audit", on=table, runs="audit_changes", arguments=arguments)


def audited_in_bulk(table: str) -> list[Operation]:
    """Return the steps after which every statement on a table of bulk rows leaves one audit row with its extent."""
    return statement_triggers(f"{table}_audit", on=table, runs="audit_extent")


def days_hold(table: str, *columns: str) -> list[Operation]:
    """
    Return the steps after which a span of days has a first day and is not empty.

    Without it an empty span would slip past every rule about overlapping: it overlaps nothing.
    """
    return [
        migrations.RunSQL(
            sql=(
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_hold_a_day "
                f"CHECK (NOT isempty({column}) AND NOT lower_inf({column}))"
            ),
            reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_hold_a_day",
        )
        for column in columns
    ]


def numbers_only(table: str, *columns: str) -> Operation:
    """
    Return the step after which no amount of a table is NaN.

    NaN is greater than every number to PostgreSQL: it would pass any rule that an amount is not negative.
    """
    checks = " AND ".join(f"{column} <> 'NaN'" for column in columns)
    return migrations.RunSQL(
        sql=f"ALTER TABLE {table} ADD CONSTRAINT {table}_amounts_are_numbers CHECK ({checks})",
        reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {table}_amounts_are_numbers",
    )


def operations(*parts: Any) -> list[Operation]:
    """Return single steps and lists of steps as one flat list."""
    return [step for part in parts for step in (part if isinstance(part, list) else [part])]
