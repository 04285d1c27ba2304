-- From when on every day has its partition, up to today (inbox_YYYYMMDD), as UTC; null while there is none for today
SELECT CASE WHEN max(day) >= (now() AT TIME ZONE 'UTC')::date THEN max(day) FILTER (WHERE is_first)::timestamp AT TIME ZONE 'UTC' END
  FROM (SELECT day, lag(day) OVER (ORDER BY day) IS DISTINCT FROM day - 1 AS is_first
          FROM (SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
                  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'inbox'::regclass) days) runs
