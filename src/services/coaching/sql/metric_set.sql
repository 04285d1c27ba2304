-- What was measured earlier never overwrites what was measured later. $1 user, $2 sequence, $3 metrics, $4 values,
-- $5 when measured
insert into metric as m (user_id, metric, value, measured_at, value_sequence, sequence)
select $1::uuid, measured.metric, measured.value, $5::timestamptz, $2::bigint, $2::bigint
  from unnest($3::text[], $4::bigint[]) as measured (metric, value)
on conflict (user_id, metric) do update
   set (value, measured_at, value_sequence) = (
           select later.value, later.measured_at, later.value_sequence
             from (values (m.value, m.measured_at, m.value_sequence),
                          (excluded.value, excluded.measured_at, excluded.value_sequence))
                  as later (value, measured_at, value_sequence)
            order by later.measured_at desc, later.value_sequence desc limit 1),
       sequence = greatest(m.sequence, excluded.sequence)
