-- The premium plan goes, and the newest ordinary one counts again, if there is one; a premium plan of a later upgrade
-- stays what counts. $1 user, $2 premium plan
with withdrawn as (
    delete from plan where id = $2::uuid
)
update athlete set plan_id = ordinary_plan_id where user_id = $1::uuid and plan_id = $2::uuid
