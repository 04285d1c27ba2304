-- The chain's ends, and the oldest day that the log still has.
select h.number, h.hash, h.era, h.xid, h.position, h.cut_number, h.cut_hash,
       (select uuid_floor(min(to_timestamp(right(c.relname, 8) || ' +00', 'YYYYMMDD TZH')))
          from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = to_regclass('public.event_log')) as oldest
  from chain_head h
