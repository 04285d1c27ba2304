-- The audit trail of quadrille's commands, for --trail-database-url. Once, as its owner:
--   psql URL -f trail_table.sql
-- Whoever acts needs no more than insert and select: nobody takes back what was written.
create table if not exists quadrille_trail (
    run uuid not null,
    state text not null,
    at timestamptz not null default now(),
    entry jsonb not null,
    primary key (run, state)
);
