-- From when on the inbox and the outbox have everything: since their oldest partition; null while none has been dropped,
-- that is while the oldest one begins before the first migration.
select case when oldest_inbox > installed_at then oldest_inbox end as inbox,
       case when oldest_outbox > installed_at then oldest_outbox end as outbox
  from (select (select min(applied_at) from schema_migration) as installed_at,
               min(to_date(right(c.relname, 8), 'YYYYMMDD'))
                   filter (where i.inhparent = 'inbox'::regclass)::timestamp at time zone 'UTC' as oldest_inbox,
               min(to_date(right(c.relname, 8), 'YYYYMMDD'))
                   filter (where i.inhparent = 'outbox'::regclass)::timestamp at time zone 'UTC' as oldest_outbox
          from pg_inherits i
          join pg_class c on c.oid = i.inhrelid
         where i.inhparent in ('inbox'::regclass, 'outbox'::regclass)) partitions
