-- The key of each person, in a database of its own: no backup holds both a value and its key. Runs as that database's
-- owner; the audit reads nothing here.
create table person_key (
    person    uuid        primary key,
    key       bytea       check (length(key) = 32),
    made_at   timestamptz not null default clock_timestamp(),
    erased_at timestamptz,
    check ((key is null) = (erased_at is not null))
) with (fillfactor = 70, autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0); -- what was a key is overwritten soon

do $$
begin
    execute format('grant select, insert on person_key to %I', current_setting('quadrille.runtime_role'));
    execute format('grant update (key, erased_at) on person_key to %I', current_setting('quadrille.runtime_role'));
end
$$;
