-- Holds the athletes until the transaction ends, so that whatever else is read about them stays true. $1 users
select user_id, is_gone, goal_sequence, goal, level, days_per_week, equipment, target_weight_g
  from athlete where user_id = any($1::uuid[]) order by user_id for update
