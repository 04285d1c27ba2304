-- The user as the API shows it, measuredAt being that of the newest metric; no row when there is none. $1 id
select json_strip_nulls(json_build_object(
           'id', u.id, 'name', u.name, 'email', u.email,
           'registeredAt', to_char(u.registered_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'updatedAt', to_char(u.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'goal', case when g.user_id is not null then json_build_object(
               'goal', g.goal, 'level', g.level, 'daysPerWeek', g.days_per_week, 'equipment', g.equipment,
               'targetWeightG', g.target_weight_g,
               'setAt', to_char(g.set_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end,
           'metrics', m.known))::text
  from users u
  left join goal g on g.user_id = u.id
  left join lateral (
      select jsonb_object_agg(metric, value) || jsonb_build_object(
                 'measuredAt', to_char(max(measured_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as known
        from metric
       where user_id = u.id) m on true
 where u.id = $1::uuid and u.deleted_at is null
