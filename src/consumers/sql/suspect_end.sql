-- It is settled. $1 id
DELETE FROM suspect WHERE id = $1::uuid
