-- Everything personal goes, the id stays. $1 id, $2 now
with no_goal as (
    delete from goal where user_id = $1::uuid
), no_metrics as (
    delete from metric where user_id = $1::uuid
)
update users set name = null, email = null, updated_at = $2::timestamptz, deleted_at = $2::timestamptz
 where id = $1::uuid and deleted_at is null
