-- Before looking for their dead letters: whoever is writing one of them is done then. In the order of
-- the ids, as everybody does it. $1 uuid[], sorted
SELECT pg_advisory_xact_lock(hashtext('dead letters'), hashtext(id::text)) FROM unnest($1::uuid[]) id
