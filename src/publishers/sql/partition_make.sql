-- Makes what is missing from $2 days ago to $3 days from now, and, after a time in which nobody did it, from the day after
-- the newest there is, as far as the retention of $4 days goes back: what a queue has kept must find its day. $1 table
SELECT partition_make($1::text, greatest($2::int4, least($4::int8, (now() AT TIME ZONE 'UTC')::date - newest.day - 1)::int4), $3::int4)
  FROM (SELECT max(to_date(right(c.relname, 8), 'YYYYMMDD')) AS day
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = to_regclass($1::text)) newest
