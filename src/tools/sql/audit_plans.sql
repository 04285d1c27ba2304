-- What coaching has answered, and whether a premium plan for the upgrade is there.
declare stories no scroll cursor for
select coalesce(u.id, p.upgrade_id) as id, u.state, p.id is not null as has_plan
  from upgrade u
  full join (select id, upgrade_id from plan where upgrade_id is not null) p on p.upgrade_id = u.id
 order by 1
