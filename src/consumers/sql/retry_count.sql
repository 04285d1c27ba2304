-- How many are parked, counted up to a bound so that a flood costs nothing; when the next is due (ms from now). $1 queue
SELECT count(*), (extract(epoch FROM min(due) - clock_timestamp()) * 1000)::bigint
  FROM (SELECT due FROM retry WHERE queue = $1::text ORDER BY due LIMIT 10000) parked
