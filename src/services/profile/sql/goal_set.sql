-- Touches no row when it is the goal that is there. $1 user, $2 goal, $3 level, $4 days a week, $5 equipment,
-- $6 target weight, $7 now
insert into goal as g (user_id, goal, level, days_per_week, equipment, target_weight_g, set_at)
values ($1::uuid, $2::text, $3::text, $4::bigint, $5::text[], $6::bigint, $7::timestamptz)
on conflict (user_id) do update
   set goal = excluded.goal, level = excluded.level, days_per_week = excluded.days_per_week,
       equipment = excluded.equipment, target_weight_g = excluded.target_weight_g, set_at = excluded.set_at
 where (g.goal, g.level, g.days_per_week, g.equipment, g.target_weight_g)
       is distinct from
       (excluded.goal, excluded.level, excluded.days_per_week, excluded.equipment, excluded.target_weight_g)
