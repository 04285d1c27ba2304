-- Calls that are still under way; locked in the order of all others. $1 uuid[] charge ids, $2 uuid[] holders, one for
-- each, $3 ms
WITH held AS (
    SELECT c.id
      FROM unnest($1::uuid[], $2::uuid[]) AS lease (id, holder)
      JOIN charge c ON c.id = lease.id AND c.lease_holder = lease.holder
     ORDER BY c.id FOR UPDATE OF c
)
UPDATE charge c
   SET due = clock_timestamp() + $3::bigint * interval '1 millisecond'
  FROM held
 WHERE c.id = held.id
