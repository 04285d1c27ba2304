-- The upgrade that stands in the way of another one. $1 user
select id from upgrade where user_id = $1::uuid and state not in ('rejected', 'cancelled')
