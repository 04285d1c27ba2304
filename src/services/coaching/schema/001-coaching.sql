-- Who is coached, and the plans. Runs as the owner of the service's database.

-- One row per user that any event has named; whoever works for a user holds it. A deleted user leaves the tombstone.
create table athlete (
    user_id          uuid    primary key,
    is_gone          boolean not null default false,
    goal_sequence    bigint  not null default 0, -- of the event that set the goal; 0: none has
    goal             text,
    level            text,
    days_per_week    bigint,
    equipment        text,                       -- words with a comma between them
    target_weight_g  bigint,
    plan_id          uuid,                       -- the plan that counts
    ordinary_plan_id uuid,                       -- the newest ordinary one, which counts when premium goes
    refused_tier     text,                       -- set while the last attempt at a plan was refused
    refused_reason   text,
    refused_detail   text,
    refused_at       timestamptz,
    check (not is_gone or num_nonnulls(goal, level, days_per_week, equipment, target_weight_g, plan_id,
                                       ordinary_plan_id, refused_tier) = 0)
);

-- The last measured value of each metric. Measurings overtake each other, hold different metrics and may be entered long
-- after: each metric has its own order, by when it was measured, then by when that was said.
create table metric (
    user_id        uuid        not null references athlete,
    metric         text        not null,
    value          bigint      not null,
    measured_at    timestamptz not null,
    value_sequence bigint      not null, -- of the event that brought the value
    sequence       bigint      not null, -- of the newest event that named the metric
    primary key (user_id, metric)
);

-- Plans that count or may count again; what is replaced or withdrawn is deleted.
create table plan (
    id           uuid        primary key,
    user_id      uuid        not null references athlete,
    tier         text        not null check (tier in ('ordinary', 'premium')),
    upgrade_id   uuid        unique,
    document     json        not null, -- json, not jsonb: as the planner wrote it
    generated_at timestamptz not null,
    check ((tier = 'premium') = (upgrade_id is not null))
);
create index plan_user on plan (user_id);

-- What coaching has answered in each premium upgrade; the states are those of the saga's coaching table.
create table upgrade (
    id         uuid        primary key,
    user_id    uuid        not null references athlete,
    state      text        not null check (state in ('premium', 'failed', 'gone', 'failed_gone', 'withdrawn')),
    plan_id    uuid,       -- that was made for it, if one was, even after it is deleted
    changed_at timestamptz not null
);
create index upgrade_user on upgrade (user_id);

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
begin
    execute format('grant select, insert, update on athlete, upgrade to %I', runtime);
    execute format('grant select, insert, update, delete on metric, plan to %I', runtime);
    execute format('grant select on upgrade to %I', audit);
    execute format('grant select (user_id, is_gone, goal_sequence, plan_id, ordinary_plan_id) on athlete to %I', audit);
    execute format('grant select (user_id, metric, sequence) on metric to %I', audit);
    execute format('grant select (id, user_id, tier, upgrade_id, generated_at) on plan to %I', audit);
end
$$;
