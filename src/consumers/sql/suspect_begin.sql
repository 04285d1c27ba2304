-- Committed before a suspect is run. Another holder means that the one before died. $1 id, $2 holder
INSERT INTO suspect (id, holder) VALUES ($1::uuid, $2::uuid)
ON CONFLICT (id) DO UPDATE
   SET tries = suspect.tries + CASE WHEN suspect.holder = excluded.holder THEN 0 ELSE 1 END, holder = excluded.holder
RETURNING tries
