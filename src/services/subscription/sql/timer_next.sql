-- What comes due next. $1 limit
select id, due_at from upgrade where due_at is not null order by due_at limit $1::int8
