-- Has anything ever been applied to this database?
select to_regclass('public.schema_migration') is not null
