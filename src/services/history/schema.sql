-- Every event of every service, as it came. Runs as the owner of the service's database.

-- A dump that is restored into another cluster brings transaction ids that mean nothing there: from then on a new era
-- counts, and what belongs to an earlier one is complete.
create table log_era (
    era               integer     primary key,
    system_identifier bigint      not null,
    since             timestamptz not null default clock_timestamp()
);
insert into log_era (era, system_identifier) select 1, system_identifier from pg_control_system();

-- Append-only; a partition per UTC day of the event's id. Its order is (era, xid, position): what has an earlier era, or
-- an xid before every running transaction, is complete, and nothing will ever come in before it. As in `outbox` the xid
-- stands before the position, whose sequence caches nothing.
create table event_log (
    id             uuid        not null primary key, -- UUIDv7: the partition key
    era            integer     not null,
    xid            xid8        not null default pg_current_xact_id(),
    position       bigint      not null generated always as identity (cache 1),
    type           text        collate "C" not null, -- cloudEvents_type
    service        text        not null,             -- whose event it is
    exchange       text        not null,
    routing_key    text        not null,
    correlation_id uuid        not null,
    causation_id   uuid,
    subject        uuid,
    sequence       bigint,
    occurred_at    timestamptz not null,
    recorded_at    timestamptz not null default clock_timestamp(),
    person         uuid,                -- whose personal data it holds, and whose key seals it
    properties     bytea       not null, -- the AMQP property list as it came
    body           bytea       not null, -- as it came, without its personal values
    cuts           bytea,                -- where they stood: see core/personal.h
    sealed         bytea,                -- they, under the person's key; null when the person was forgotten before
    check (cuts is not null or sealed is null)
) partition by range (id);
create index event_log_order on event_log (era, xid, position);
create index event_log_type on event_log (type, id);
create index event_log_correlation on event_log (correlation_id);
create index event_log_causation on event_log (causation_id) where causation_id is not null;
create index event_log_subject on event_log (subject) where subject is not null;

-- A chain of hashes over the log, in its order: see core/chain.h. `entries` lists the rows of the block; they go when the
-- days of all of them are gone. The blocks in front of which nothing is left go too: chain_head remembers the last of them.
create table chain_block (
    number     bigint      primary key,
    era        integer     not null, -- of its last row, as the next two
    xid        xid8        not null,
    position   bigint      not null,
    count      integer     not null,
    newest     uuid        not null, -- the largest id in it
    entries    bytea,
    previous   bytea       not null,
    hash       bytea       not null,
    sealed_at  timestamptz not null default clock_timestamp()
);
create table chain_head (
    only_row   boolean primary key default true check (only_row),
    number     bigint  not null default 0, -- of the newest block; 0 = none yet
    hash       bytea   not null default decode(repeat('00', 32), 'hex'),
    era        integer not null default 0, -- its last row
    xid        xid8    not null default '0',
    position   bigint  not null default 0,
    cut_number bigint  not null default 0, -- of the newest block that is gone
    cut_hash   bytea   not null default decode(repeat('00', 32), 'hex')
) with (fillfactor = 10);
insert into chain_head default values;

-- An intent: this person's key is to be destroyed. Kept for ever, because a restored backup of the keys must forget again.
create table erasure (
    person   uuid        primary key,
    event_id uuid        not null, -- the UserDeleted that says so
    asked_at timestamptz not null default clock_timestamp(),
    done_at  timestamptz
);
create index erasure_open on erasure (asked_at) where done_at is null;

-- The era of this cluster; begins it when the database has come from another one. Says "not yet" where the upkeep has
-- not made today's partition.
create function event_log_era() returns integer
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
    set timezone = 'UTC'
as $$
declare
    here bigint;
    newest log_era;
begin
    if to_regclass('public.event_log' || to_char(current_date, '"_"YYYYMMDD')) is null then
        raise exception 'event_log has no partition of today yet' using errcode = 'cannot_connect_now';
    end if;
    select system_identifier into here from pg_control_system();
    select * into newest from log_era order by era desc limit 1;
    if newest.system_identifier is distinct from here then
        lock table log_era in exclusive mode;
        insert into log_era (era, system_identifier)
        select era + 1, here from (select * from log_era order by era desc limit 1) e where system_identifier <> here;
        select * into newest from log_era order by era desc limit 1;
    end if;
    return newest.era;
end
$$;

-- May a partition not go yet? What is not sealed, and a day that the inbox still takes events of, stays.
create function event_log_partition_is_needed(lower uuid, upper uuid) returns boolean
    language sql stable
    set search_path = pg_catalog, public, pg_temp
    return exists (select from event_log l, chain_head h
                    where l.id >= lower and l.id < upper
                      and (l.era, l.xid, l.position) > (h.era, h.xid, h.position))
        or exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid
                    where i.inhparent = to_regclass('public.inbox')
                      and uuid_floor(to_timestamp(right(c.relname, 8) || ' +00', 'YYYYMMDD TZH')) = lower);

-- After partitions have gone: forgets the entries of blocks that speak of nothing else, then the blocks at the chain's
-- beginning that have none left. Tells how many blocks went.
create function chain_trim() returns bigint
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
    set timezone = 'UTC'
as $$
declare
    floor uuid;
    last chain_block;
    gone bigint;
begin
    perform from chain_head for update;
    select uuid_floor(min(to_timestamp(right(c.relname, 8) || ' +00', 'YYYYMMDD TZH'))) into floor
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = to_regclass('public.event_log');
    update chain_block set entries = null where entries is not null and newest < floor;
    select * into last from chain_block
     where number < coalesce((select min(number) from chain_block where entries is not null),
                             (select max(number) + 1 from chain_block))
     order by number desc limit 1;
    if last.number is null then
        return 0;
    end if;
    update chain_head set cut_number = last.number, cut_hash = last.hash;
    delete from chain_block where number <= last.number;
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- A dead letter that the broker has confirmed leaves no plain copy behind: its body could be personal, and nobody could
-- forget it here. Tells how many were blanked.
create function dead_letters_blank() returns bigint
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    blanked bigint;
begin
    update outbox o set body = ''
      from relay_cursor c
     where o.kind = 1 and o.body <> '' and not c.restoring
       and o.xid < pg_snapshot_xmax(c.last) and pg_visible_in_snapshot(o.xid, c.last)
       and not exists (select from unsent u where u.id = o.id);
    get diagnostics blanked = row_count;
    return blanked;
end
$$;

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
    fn text;
begin
    execute format('grant select, insert on event_log, chain_block to %I', runtime);
    execute format('grant select, update on chain_head to %I', runtime);
    execute format('grant select, insert on erasure to %I', runtime);
    execute format('grant update (done_at) on erasure to %I', runtime);
    execute format('grant select on log_era to %I', runtime);
    execute format('grant select on event_log, log_era, chain_block, chain_head, erasure to %I', audit);
    foreach fn in array array['event_log_era()', 'event_log_partition_is_needed(uuid, uuid)', 'chain_trim()',
                              'dead_letters_blank()'] loop
        execute format('revoke all on function %s from public', fn);
        continue when fn like '%needed%';
        execute format('grant execute on function %s to %I', fn, runtime);
    end loop;
end
$$;

select partition_make('event_log', 7, 3);
