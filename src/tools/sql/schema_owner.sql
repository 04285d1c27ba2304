-- In a service's database, as its owner: closed to everybody but its two roles, and the record of migrations.
do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
begin
    execute format('set role %I', runtime || '_owner');
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to %I, %I', current_database(), runtime, audit);
    create table if not exists schema_migration (
        module     text        not null,
        name       text        not null,
        hash       text        not null,
        applied_at timestamptz not null default now(),
        primary key (module, name)
    );
    execute format('grant select on schema_migration to %I, %I', runtime, audit);
end
$$
