-- Guarded by their athletes' rows. $1 users
select id, user_id, state, plan_id from upgrade where user_id = any($1::uuid[]) order by id for update
