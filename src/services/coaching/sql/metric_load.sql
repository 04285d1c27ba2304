-- $1 users
select user_id, metric, value, measured_at, value_sequence from metric where user_id = any($1::uuid[])
