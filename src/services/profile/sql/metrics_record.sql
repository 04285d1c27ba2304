-- Of two that were measured at the same time the one that is told later counts. $1 user, $2 metrics, $3 values,
-- $4 when measured
insert into metric as m (user_id, metric, value, measured_at)
select $1::uuid, measured.metric, measured.value, $4::timestamptz
  from unnest($2::text[], $3::bigint[]) as measured (metric, value)
on conflict (user_id, metric) do update set value = excluded.value, measured_at = excluded.measured_at
 where m.measured_at <= excluded.measured_at
