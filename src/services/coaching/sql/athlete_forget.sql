-- Nothing is kept of the user but the tombstone. $1 user
with no_plans as (
    delete from plan where user_id = $1::uuid
), no_metrics as (
    delete from metric where user_id = $1::uuid
)
update athlete
   set is_gone = true, goal = null, level = null, days_per_week = null, equipment = null, target_weight_g = null,
       plan_id = null, ordinary_plan_id = null,
       refused_tier = null, refused_reason = null, refused_detail = null, refused_at = null
 where user_id = $1::uuid and not is_gone
