-- $1 plan, $2 user, $3 document, $4 now, $5 upgrade
with made as (
    insert into plan (id, user_id, tier, upgrade_id, document, generated_at)
    values ($1::uuid, $2::uuid, 'premium', $5::uuid, $3::json, $4::timestamptz)
)
update athlete
   set plan_id = $1::uuid, refused_tier = null, refused_reason = null, refused_detail = null, refused_at = null
 where user_id = $2::uuid
