-- Inbox, retry and suspects of one service. Runs as the owner of the service's database, with quadrille.runtime_role and
-- quadrille.audit_role naming the roles that get the rights; after the publishers' migrations.
-- An inbox row means one thing: this event's effects are committed.
create table inbox (
    id         uuid        not null primary key,
    claimed_at timestamptz not null default clock_timestamp()
) partition by range (id);

-- A failed event until it is due again. `leases` counts take-ups without an outcome: a process died at it.
create table retry (
    id              uuid        not null,
    queue           text        not null,
    type            text        not null,
    attempts        int         not null,
    leases          int         not null default 0,
    due             timestamptz not null,
    first_failed_at timestamptz not null,
    last_failed_at  timestamptz not null,
    reason          text        not null,
    exchange        text        not null,
    routing_key     text        not null,
    properties      bytea       not null,
    body            bytea       not null,
    primary key (id, queue)
);
create index retry_due on retry (queue, due);

-- A message that is run alone, because processes keep dying near it. `holder` is the process that runs it; null
-- when it lived on and gave it back.
create table suspect (
    id     uuid        not null primary key,
    holder uuid,
    tries  int         not null default 1,
    since  timestamptz not null default clock_timestamp()
);

-- May a partition of `inbox` not go yet? Asked by partition_drop: while a parked event falls into it, its claim must be possible.
create function inbox_partition_is_needed(lower uuid, upper uuid) returns boolean
    language sql stable
    set search_path = pg_catalog, public, pg_temp
    return exists (select from public.retry where id >= lower and id < upper);

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
begin
    execute format('grant select, insert on inbox to %I', runtime);
    execute format('grant select, insert, update, delete on retry, suspect to %I', runtime);
    execute format('grant select on inbox, retry, suspect to %I', audit);
    revoke all on function inbox_partition_is_needed(uuid, uuid) from public;
end
$$;

select partition_make('inbox', 7, 3);

-- A projection that is being rebuilt.

-- The mark: while it is there, the workers take nothing from their queue; one of them fills the database that it names, out
-- of the feed that lies there. `quadrille replay rebuild` sets it and takes it away.
create table rebuild (
    only_row   boolean     primary key default true check (only_row),
    shadow     text        not null, -- the database that becomes this one
    started_at timestamptz not null default clock_timestamp()
);

-- In the shadow: events of the history that are still to be run, in this order, and how far the history has been read.
create table rebuild_feed (
    place       bigint  not null generated always as identity (cache 1) primary key,
    takes       integer not null default 0, -- how often it was taken up: a process that dies leaves its take behind
    exchange    text    not null,
    routing_key text    not null,
    properties  bytea   not null,
    body        bytea   not null
);
create table rebuild_progress (
    only_row boolean primary key default true check (only_row),
    position text    not null, -- in the order of the history's log
    since    uuid    not null  -- smaller ids are not looked for
);

-- Events of the history that were not put into the feed, and why.
create table rebuild_skipped (
    id  uuid primary key,
    why text not null
);

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
begin
    execute format('grant select on rebuild, rebuild_progress to %I', runtime);
    execute format('grant select, update, delete on rebuild_feed to %I', runtime);
    execute format('grant select on rebuild, rebuild_progress to %I', audit);
end
$$;
