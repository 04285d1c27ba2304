-- The listener's own tables, by its owner. Nothing is unique: a second effect must be seen, not refused.
create table effect (
    event_id uuid   not null,
    tale_id  uuid   not null,
    number   bigint not null check (number <> 13),
    at       timestamptz not null default clock_timestamp()
);
create index on effect (event_id);

create table door (is_open boolean not null);
insert into door values (false);

-- Broken at COMMIT only, when no statement can be named any more.
create table kept (id uuid primary key);
create table promise (kept_by uuid not null references kept deferrable initially deferred);

create table lock (id int primary key, turns int not null default 0);
insert into lock values (1), (2);

-- Fails with `code` as often as `times` says; a sequence does not roll back.
create table stumbling (code text not null, times int not null);
insert into stumbling values ('40P01', 0);
create sequence stumbles;
create function stumble() returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
as $$
declare
    todo record;
begin
    select * into strict todo from stumbling;
    if nextval('stumbles') <= todo.times then
        raise exception 'stumbled' using errcode = todo.code;
    end if;
    return true;
end
$$;

-- Every parking of every event, because `retry` itself keeps the last one only.
create table parking (id uuid not null, attempts int not null, delay interval not null);
create function note_parking() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
as $$
begin
    insert into parking values (new.id, new.attempts, new.due - statement_timestamp());
    return null;
end
$$;
create trigger note_parking after insert or update of attempts on retry
    for each row execute function note_parking();

-- Makes parking stumble, where it is enabled.
create function trip() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, public, pg_temp
as $$
begin
    perform stumble();
    return new;
end
$$;
create trigger trip before insert on retry for each row execute function trip();
alter table retry disable trigger trip;

grant select, insert on effect, promise to listener;
grant select on door to listener;
grant select, update on lock to listener;
grant select on effect to quadrille_audit;
