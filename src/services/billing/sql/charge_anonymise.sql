-- Charges of users who are gone, once nothing is wanted any more and has not been for a while; locked in the order of
-- all others. $1 ms
WITH ended AS (
    SELECT c.id
      FROM charge c JOIN forgotten_user f ON f.user_id = c.user_id
     WHERE c.due IS NULL AND c.state_since < clock_timestamp() - $1::bigint * interval '1 millisecond'
     ORDER BY c.id FOR UPDATE OF c
)
UPDATE charge c
   SET user_id = NULL
  FROM ended
 WHERE c.id = ended.id
