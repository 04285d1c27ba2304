-- $1 users
select user_id, metric, value, sequence from metric where user_id = any($1::uuid[])
