-- Touches no row when nothing changes. $1 id, $2 name, $3 email, $4 now
update users set name = $2::text, email = $3::text, updated_at = $4::timestamptz
 where id = $1::uuid and deleted_at is null and (name, email) is distinct from ($2::text, $3::text)
