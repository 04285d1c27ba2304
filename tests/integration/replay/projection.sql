-- The projection's own tables, by its owner. Nothing is unique but what it must be: a second effect is seen, not refused.
create table tally (tale_id uuid primary key, told bigint not null, sum bigint not null);
create table arrival (
    n        bigint  not null generated always as identity,
    event_id uuid    not null,
    tale_id  uuid    not null,
    number   bigint  not null,
    edition  bigint
);
create table secret (event_id uuid not null, said text not null);
grant select, insert, update on tally to listener;
grant select, insert on arrival, secret to listener;
