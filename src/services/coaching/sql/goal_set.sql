-- $1 user, $2 sequence, $3 goal, $4 level, $5 days a week, $6 equipment, $7 target weight
update athlete
   set goal_sequence = $2::bigint, goal = $3::text, level = $4::text, days_per_week = $5::bigint,
       equipment = $6::text, target_weight_g = $7::bigint
 where user_id = $1::uuid and goal_sequence < $2::bigint and not is_gone
