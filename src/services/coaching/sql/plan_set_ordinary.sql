-- The new ordinary plan takes the place of the old one, and counts unless a premium plan does: that one was paid for and
-- stays until it is withdrawn. $1 plan, $2 user, $3 document, $4 now
with replaced as (
    delete from plan using athlete
     where athlete.user_id = $2::uuid and plan.id = athlete.ordinary_plan_id
), made as (
    insert into plan (id, user_id, tier, document, generated_at)
    values ($1::uuid, $2::uuid, 'ordinary', $3::json, $4::timestamptz)
)
update athlete
   set plan_id = case when plan_id is distinct from ordinary_plan_id then plan_id else $1::uuid end,
       ordinary_plan_id = $1::uuid,
       refused_tier = null, refused_reason = null, refused_detail = null, refused_at = null
 where user_id = $2::uuid
