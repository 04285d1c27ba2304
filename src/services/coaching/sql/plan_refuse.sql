-- Why the last attempt brought no plan; whatever counted before still counts. $1 user, $2 tier, $3 reason, $4 detail, $5 now
update athlete
   set refused_tier = $2::text, refused_reason = $3::text, refused_detail = $4::text, refused_at = $5::timestamptz
 where user_id = $1::uuid
