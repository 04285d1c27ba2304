-- The outbox, the relay's cursor and what the relay could not send. Runs as the owner of the service's database, with
-- quadrille.runtime_role and quadrille.audit_role naming the roles that get the rights.

-- The smallest UUIDv7 of an instant: partition bounds, lower bounds of searches.
create function uuid_floor(at timestamptz) returns uuid
    language sql immutable parallel safe
    return rpad(lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0'), 32, '0')::uuid;

-- What this service has said, in the order of seq. Append-only; a partition per UTC day, and no default partition. xid
-- stands before seq because defaults are computed in this order: whoever has a later transaction id than a snapshot has
-- a later number than every row that the snapshot sees. For the same reason the sequence caches nothing.
create table outbox (
    id             uuid        not null, -- UUIDv7: the partition key
    xid            xid8        not null default pg_current_xact_id(),
    seq            bigint      not null generated always as identity (cache 1),
    kind           smallint    not null check (kind in (0, 1)), -- 0 event, 1 dead letter
    type           text        not null, -- cloudEvents_type; of a dead letter as far as known, else ''
    exchange       text        not null,
    routing_key    text        not null,
    correlation_id uuid,
    causation_id   uuid,
    subject        uuid,
    sequence       bigint,               -- per subject, from 1
    traceparent    text,
    occurred_at    timestamptz not null,
    body           bytea       not null,
    properties     bytea,                -- of a dead letter: its AMQP property list, encoded
    failure_class  text,
    failed_queue   text,
    cause_id       uuid                  -- of a dead letter: the event that failed, if it had an id
) partition by range (id);
create index outbox_xid_seq on outbox (xid, seq);
create index outbox_seq on outbox (seq);
create index outbox_dead on outbox (cause_id) where kind = 1;

-- The last sequence number given per subject.
create table outbox_subject (
    subject  uuid   primary key,
    sequence bigint not null
) with (fillfactor = 80);

-- How far the relay has come: every row that `last` sees has been confirmed or is in `unsent`. While a window is being
-- read, `target` is its end and the rows up to after_seq are done as well. One row, updated by compare-and-set.
create table relay_cursor (
    only_row          boolean     primary key default true check (only_row),
    version           bigint      not null default 0,
    system_identifier bigint      not null,
    last              pg_snapshot not null,
    last_at           timestamptz not null, -- when `last` was taken
    oldest_at         timestamptz not null, -- no transaction that `last` calls running had an id before this
    target            pg_snapshot,          -- null between windows
    target_at         timestamptz,
    floor_seq         bigint      not null default 0, -- the window's fresh rows have larger numbers
    after_seq         bigint      not null default 0,
    high_seq          bigint      not null default 0, -- the largest number ever done
    base_seq          bigint      not null default 0, -- rows up to here have transaction ids of another cluster
    restoring         boolean     not null default false -- rows from after_seq to base_seq are read by number alone
) with (fillfactor = 10);
insert into relay_cursor (system_identifier, last, last_at, oldest_at)
select system_identifier, pg_current_snapshot(), now(), now() from pg_control_system();

-- Rows that the broker returned or refused. They are tried again beside the stream.
create table unsent (
    id     uuid        primary key,
    seq    bigint      not null,
    reason text        not null,
    since  timestamptz not null default now(),
    due    timestamptz not null,
    tries  integer     not null default 0
) with (fillfactor = 70);
create index unsent_due on unsent (due);

-- After a restore from a dump the rows' transaction ids mean nothing here, and the cursor's snapshot neither: go on by
-- number, from the first row that is not known to be done; where an earlier restore is still being read, from there at
-- the latest. The lock waits for open writers, so that every row up to
-- base_seq is there and every later one has a transaction id of this cluster.
create function relay_rebase() returns void
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
    set lock_timeout = '5s'
as $$
declare
    late bigint;
    newest bigint;
begin
    lock table public.outbox in share mode;
    select min(o.seq) - 1 into late
      from relay_cursor c,
           lateral (select pg_snapshot_xip(c.last) union select pg_snapshot_xip(c.target)) running (xid)
      join outbox o on o.xid = running.xid;
    select coalesce(max(seq), 0) into newest from outbox;
    update relay_cursor
       set version = version + 1,
           system_identifier = (select s.system_identifier from pg_control_system() s),
           last = pg_current_snapshot(), last_at = now(), oldest_at = now() - interval '1 day',
           target = null, target_at = null, floor_seq = 0,
           after_seq = least(high_seq, late, case when restoring then after_seq end), base_seq = newest, restoring = true;
end
$$;

-- May a partition of `outbox` not go yet? partition_drop asks the function of this name of the table it works for.
create function outbox_partition_is_needed(lower uuid, upper uuid) returns boolean
    language plpgsql stable
    set search_path = pg_catalog, public, pg_temp
    set enable_seqscan = off
as $$
declare
    c relay_cursor;
begin
    select * into c from relay_cursor;
    return c.restoring
        or exists (select from unsent where id >= lower and id < upper)
        or exists (select from outbox
                    where id >= lower and id < upper
                      and xid >= pg_snapshot_xmax(c.last) and xid < pg_snapshot_xmax(pg_current_snapshot())
                      and seq + 0 > c.base_seq)
        or exists (select from outbox
                    where id >= lower and id < upper
                      and xid = any (array(select pg_snapshot_xip(c.last))) and seq + 0 > c.base_seq);
end
$$;

-- Makes the daily partitions of a table from `behind` days ago to `ahead` days from now; tells how many were missing.
-- LIKE and ATTACH, unlike CREATE … PARTITION OF, wait for no reader or writer of the table. A new table is empty, so
-- ATTACH has nothing to check. Another process at the same work: nothing is done.
create function partition_make(parent text, behind integer, ahead integer) returns integer
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
    set lock_timeout = '100ms'
    set timezone = 'UTC'
as $$
declare
    today date := current_date;
    day date;
    child text;
    made integer := 0;
begin
    if to_regproc('public.' || quote_ident(parent || '_partition_is_needed')) is null then
        raise exception '% is not a table with daily partitions', parent using errcode = 'undefined_table';
    end if;
    if not pg_try_advisory_xact_lock(hashtext('partitions of ' || parent)) then
        return 0;
    end if;
    for day in select generate_series(today - behind, today + ahead, '1 day')::date loop
        child := parent || to_char(day, '"_"YYYYMMDD');
        continue when to_regclass('public.' || quote_ident(child)) is not null;
        execute format('create table public.%I (like public.%I including constraints including storage including indexes)', child, parent);
        execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)',
                       parent, child, uuid_floor(day), uuid_floor(day + 1));
        made := made + 1;
    end loop;
    return made;
end
$$;

-- The days whose partitions have ended at least `keep` whole days ago.
create function partition_expired(parent text, keep integer) returns setof date
    language sql stable
    set search_path = pg_catalog, public, pg_temp
    set timezone = 'UTC'
as $$
    select day
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid,
           to_date(right(c.relname, 8), 'YYYYMMDD') as day
     where i.inhparent = to_regclass('public.' || quote_ident(parent))
       and day < current_date - keep
     order by day
$$;

-- Drops one day's partition: 'dropped', or why not: 'needed', 'busy' (a lock was not had in time: later). The caller
-- commits at once, because writers wait from the lock to the commit.
create function partition_drop(parent text, day date, keep integer) returns text
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
    set lock_timeout = '100ms'
    set timezone = 'UTC'
as $$
declare
    needed boolean;
begin
    if to_regproc('public.' || quote_ident(parent || '_partition_is_needed')) is null
       or keep < 1 or day not in (select partition_expired(parent, keep)) then
        raise exception 'the partition of % for % has not expired', parent, day using errcode = 'invalid_parameter_value';
    end if;
    execute format('lock table only public.%I in access exclusive mode', parent);
    execute format('select public.%I($1, $2)', parent || '_partition_is_needed')
        into needed using uuid_floor(day), uuid_floor(day + 1);
    if needed then
        return 'needed';
    end if;
    execute format('drop table public.%I', parent || to_char(day, '"_"YYYYMMDD'));
    return 'dropped';
exception
    when lock_not_available then
        return 'busy';
end
$$;

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
    fn text;
begin
    execute format('grant select, insert on outbox to %I', runtime);
    execute format('grant select, insert, update on outbox_subject to %I', runtime);
    execute format('grant select, update on relay_cursor to %I', runtime);
    execute format('grant select, insert, update, delete on unsent to %I', runtime);
    execute format('grant select on outbox, outbox_subject, relay_cursor, unsent to %I', audit);
    foreach fn in array array['relay_rebase()', 'partition_make(text, integer, integer)',
                              'partition_expired(text, integer)', 'partition_drop(text, date, integer)',
                              'outbox_partition_is_needed(uuid, uuid)'] loop
        execute format('revoke all on function %s from public', fn);
        continue when fn like 'outbox%';
        execute format('grant execute on function %s to %I', fn, runtime);
    end loop;
end
$$;

select partition_make('outbox', 1, 3);

-- Answers given under an Idempotency-Key, written in the transaction of their effect. Of keys there are hashes only, and
-- an answer is sealed with a key made from the client's: who reads this table learns nothing from it.
create table idempotency (
    key_hash     bytea       primary key,
    body_hash    bytea       not null, -- of the request: another body under the same key is refused
    expires_at   timestamptz not null,
    status       integer     not null,
    content_type text,
    location     text        not null,
    subject      uuid,  -- whom the answer is about
    answer       bytea  -- nonce and secretbox; null once its subject is to be forgotten
);
create index idempotency_expires_at on idempotency (expires_at);
create index idempotency_subject on idempotency (subject);

do $$
begin
    execute format('grant select, insert, update, delete on idempotency to %I',
                   current_setting('quadrille.runtime_role'));
end
$$;
