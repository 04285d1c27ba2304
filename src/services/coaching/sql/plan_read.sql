-- The plan that counts as the API shows it (null when there is none), beside it an ordinary one that was made after it and
-- waits, and why the last attempt was refused. $1 user
select case when p.id is not null then json_strip_nulls(json_build_object(
           'planId', p.id, 'userId', p.user_id, 'tier', p.tier, 'upgradeId', p.upgrade_id,
           'generatedAt', to_char(p.generated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'waiting', case when (w.generated_at, w.id) > (p.generated_at, p.id) then json_build_object(
               'planId', w.id, 'tier', w.tier, 'goal', w.document->>'goal',
               'generatedAt', to_char(w.generated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'detail', 'The plan for your newest goal waits: the premium plan counts until premium is taken back.') end,
           'refused', case when a.refused_tier is not null then json_build_object(
               'tier', a.refused_tier, 'reason', a.refused_reason, 'detail', a.refused_detail,
               'at', to_char(a.refused_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end,
           'plan', p.document)) end::text,
       a.refused_detail
  from athlete a
  left join plan p on p.id = a.plan_id
  left join plan w on w.id = a.ordinary_plan_id and w.id <> a.plan_id
 where a.user_id = $1::uuid and not a.is_gone
