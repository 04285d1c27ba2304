-- $1 upgrade, $2 old state, $3 new state, $4 now
update upgrade set state = $3::text, changed_at = $4::timestamptz where id = $1::uuid and state = $2::text
