-- A projection that is being rebuilt. Runs as the owner of the service's database, with quadrille.runtime_role and
-- quadrille.audit_role naming the roles that get the rights.

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
