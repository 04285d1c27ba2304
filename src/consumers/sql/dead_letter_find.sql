-- Which of them have their dead letter, in the order of the ids. $1 queue, $2 uuid[]
SELECT DISTINCT cause_id FROM outbox WHERE kind = 1 AND cause_id = ANY ($2::uuid[]) AND failed_queue = $1::text ORDER BY cause_id
