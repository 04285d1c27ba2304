-- The user, while there is one: the commands about one user come one after the other. $1 id
select id from users where id = $1::uuid and deleted_at is null for update
