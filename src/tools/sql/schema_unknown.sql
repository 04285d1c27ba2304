-- What was applied and is not among these migrations: another version's. $1 modules, $2 names
select m.module, m.name
  from schema_migration m
 where not exists (select from unnest($1::text[], $2::text[]) as known (module, name)
                    where known.module = m.module and known.name = m.name)
 order by m.applied_at, m.module, m.name
