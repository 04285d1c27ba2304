-- $1 id, $2 steps, $3 total
update account set steps = $2::int8, total = $3::int8 where id = $1::uuid
