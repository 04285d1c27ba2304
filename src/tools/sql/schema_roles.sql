-- The roles of one service: owner without login, runtime with least privilege, and the audit that reads what each
-- migration lets it. Names and passwords come in as session settings.
do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    owner text := current_setting('quadrille.runtime_role') || '_owner';
    audit text := current_setting('quadrille.audit_role');
begin
    if not exists (select from pg_roles where rolname = owner) then
        execute format('create role %I nologin', owner);
    end if;
    if not pg_has_role(owner, 'member') then
        execute format('grant %I to current_user', owner);
    end if;
    if not exists (select from pg_roles where rolname = runtime) then
        execute format('create role %I login', runtime);
    end if;
    if not exists (select from pg_roles where rolname = audit) then
        execute format('create role %I login', audit);
    end if;
    execute format('alter role %I password %L', runtime, current_setting('quadrille.password'));
    execute format('alter role %I set search_path = public', runtime);
    execute format('alter role %I password %L', audit, current_setting('quadrille.audit_password'));
    execute format('alter role %I set default_transaction_read_only = on', audit);
end
$$
