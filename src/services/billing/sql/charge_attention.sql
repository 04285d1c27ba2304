-- Open intents, and those of them that somebody should look at. $1 ms that an intent may stay in one state
SELECT count(*), count(*) FILTER (WHERE needs_attention
                                     OR state_since < clock_timestamp() - $1::bigint * interval '1 millisecond')
  FROM charge
 WHERE due IS NOT NULL
