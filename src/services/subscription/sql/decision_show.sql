-- The newest decisions about an upgrade, oldest first. $1 upgrade, $2 limit
select version, decided_at, event, cause_id, before, after, says, said_id, because
  from (select * from decision where upgrade_id = $1::uuid order by version desc limit $2::int8) newest
 order by version
