-- Users, what they train for and how they measure. Runs as the owner of the service's database.

-- A deleted user leaves the id and the time: whoever asks later is told that there is nobody, and the id stays taken.
create table users (
    id            uuid        primary key,
    name          text,
    email         text,
    registered_at timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,
    check (num_nonnulls(name, email) = case when deleted_at is null then 2 else 0 end)
);

-- What a user trains for now.
create table goal (
    user_id         uuid        primary key references users,
    goal            text        not null,
    level           text        not null,
    days_per_week   bigint      not null,
    equipment       text[]      not null,
    target_weight_g bigint,
    set_at          timestamptz not null
);

-- The last measured value of each metric, by the API's name for it; a measuring that leaves one out keeps the value from
-- before, and one that was measured earlier changes nothing.
create table metric (
    user_id     uuid        not null references users,
    metric      text        not null,
    value       bigint      not null,
    measured_at timestamptz not null,
    primary key (user_id, metric)
);

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
begin
    execute format('grant select, insert, update on users to %I', runtime);
    execute format('grant select, insert, update, delete on goal, metric to %I', runtime);
    execute format('grant select (id, registered_at, updated_at, deleted_at) on users to %I', audit);
end
$$;
