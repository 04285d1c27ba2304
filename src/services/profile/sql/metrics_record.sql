-- $1 user, $2 weight, $3 height, $4 resting heart rate, $5 age, $6 push-ups, $7 sleep, $8 when measured
insert into metrics as m (user_id, weight_g, height_mm, resting_heart_rate_bpm, age_years, max_pushups, sleep_minutes,
                          measured_at)
values ($1::uuid, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::timestamptz)
on conflict (user_id) do update
   set weight_g = coalesce(excluded.weight_g, m.weight_g),
       height_mm = coalesce(excluded.height_mm, m.height_mm),
       resting_heart_rate_bpm = coalesce(excluded.resting_heart_rate_bpm, m.resting_heart_rate_bpm),
       age_years = coalesce(excluded.age_years, m.age_years),
       max_pushups = coalesce(excluded.max_pushups, m.max_pushups),
       sleep_minutes = coalesce(excluded.sleep_minutes, m.sleep_minutes),
       measured_at = excluded.measured_at
