-- Lower bound of the oldest inbox partition, from the partitions' names (inbox_YYYYMMDD), as UTC
SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD'))::timestamp AT TIME ZONE 'UTC'
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = 'inbox'::regclass
