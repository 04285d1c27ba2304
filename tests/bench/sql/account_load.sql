-- The rows that a batch's events need, locked in the order of their ids. $1 uuid[]
select id, steps, total from account where id = any ($1::uuid[]) order by id for update
