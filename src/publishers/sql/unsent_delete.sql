-- What the broker has taken after all.
-- $1 ids
delete from unsent where id = any ($1::uuid[])
