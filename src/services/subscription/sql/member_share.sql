-- Is the user known, and still here? Stays true until the transaction ends. $1 user
select deleted_at is null from member where user_id = $1::uuid for share
