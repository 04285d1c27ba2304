-- Is it still due, and nobody else's? Locked then. $1 id, $2 now
select from upgrade where id = $1::uuid and due_at <= $2::timestamptz for update skip locked
