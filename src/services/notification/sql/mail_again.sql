-- Not this time. $1 id, $2 lease, $3 due, $4 error, $5 refused
update mail
   set due = $3::timestamptz, last_error = $4::text, lease = null,
       refused_since = case when $5::bool then coalesce(refused_since, clock_timestamp()) end
 where id = $1::uuid and lease = $2::uuid and state = 'open'
