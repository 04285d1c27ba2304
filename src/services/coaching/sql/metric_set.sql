-- An older measuring never overwrites a newer one. $1 user, $2 sequence, $3 metrics, $4 values
insert into metric as m (user_id, metric, value, sequence)
select $1::uuid, measured.metric, measured.value, $2::bigint
  from unnest($3::text[], $4::bigint[]) as measured (metric, value)
on conflict (user_id, metric) do update set value = excluded.value, sequence = excluded.sequence
 where m.sequence < excluded.sequence
