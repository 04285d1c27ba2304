-- Removes what is settled. $1 queue, $2 uuid[]
DELETE FROM retry WHERE queue = $1::text AND id = ANY ($2::uuid[])
