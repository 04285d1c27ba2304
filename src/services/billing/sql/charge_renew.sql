-- Calls that are still under way. $1 uuid[] charge ids, $2 uuid[] holders, one for each, $3 ms
UPDATE charge c
   SET due = clock_timestamp() + $3::bigint * interval '1 millisecond'
  FROM unnest($1::uuid[], $2::uuid[]) AS held (id, holder)
 WHERE c.id = held.id AND c.lease_holder = held.holder
