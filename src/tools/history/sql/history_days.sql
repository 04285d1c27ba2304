-- Days between the oldest and the newest that have no partition: nobody drops one from the middle.
select to_char(day, 'YYYY-MM-DD')
  from (select min(d) as first, max(d) as last, array_agg(d) as there
          from (select to_date(right(c.relname, 8), 'YYYYMMDD') as d
                  from pg_inherits i join pg_class c on c.oid = i.inhrelid
                 where i.inhparent = to_regclass('public.event_log')) days) span,
       generate_series(first::timestamp, last::timestamp, '1 day') as day
 where not day::date = any (there)
