-- Removes a batch of ended mails whose events the inbox has forgotten. $1 smallest id to keep, $2 before when noted,
-- $3 how many at most
delete from mail
 where id = any (array(
       select id from mail
        where id < $1::uuid and noted_at < $2::timestamptz and state <> 'open'
        order by id limit $3::int for update skip locked))
