-- The user as the API shows it; no row when there is none. $1 id
select json_strip_nulls(json_build_object(
           'id', u.id, 'name', u.name, 'email', u.email,
           'registeredAt', to_char(u.registered_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'updatedAt', to_char(u.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'goal', case when g.user_id is not null then json_build_object(
               'goal', g.goal, 'level', g.level, 'daysPerWeek', g.days_per_week, 'equipment', g.equipment,
               'targetWeightG', g.target_weight_g,
               'setAt', to_char(g.set_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end,
           'metrics', case when m.user_id is not null then json_build_object(
               'weightG', m.weight_g, 'heightMm', m.height_mm, 'restingHeartRateBpm', m.resting_heart_rate_bpm,
               'ageYears', m.age_years, 'maxPushups', m.max_pushups, 'sleepMinutes', m.sleep_minutes,
               'measuredAt', to_char(m.measured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end))::text
  from users u
  left join goal g on g.user_id = u.id
  left join metrics m on m.user_id = u.id
 where u.id = $1::uuid and u.deleted_at is null
