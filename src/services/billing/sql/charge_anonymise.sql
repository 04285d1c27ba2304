-- Charges of users who are gone, once nothing is wanted any more and has not been for a while. $1 ms
UPDATE charge c
   SET user_id = NULL
  FROM forgotten_user f
 WHERE c.user_id = f.user_id AND c.due IS NULL
   AND c.state_since < clock_timestamp() - $1::bigint * interval '1 millisecond'
