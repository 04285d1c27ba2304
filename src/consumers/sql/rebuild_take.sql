-- In the shadow: the next ones of the feed, in their order. A process that dies leaves its take behind. $1 how many
WITH next AS (SELECT place FROM rebuild_feed ORDER BY place LIMIT $1::int FOR UPDATE),
     taken AS (UPDATE rebuild_feed f SET takes = takes + 1 FROM next n WHERE f.place = n.place
               RETURNING f.place, f.takes, f.exchange, f.routing_key, f.properties, f.body)
SELECT place, takes, exchange, routing_key, properties, body FROM taken ORDER BY place
