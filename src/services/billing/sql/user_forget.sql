-- A user who is gone. $1 user, $2 since when
INSERT INTO forgotten_user (user_id, deleted_at) VALUES ($1::uuid, $2::timestamptz) ON CONFLICT DO NOTHING
