-- The statement that creates the database, null when it exists. $1 database, $2 owner
select case when not exists (select from pg_database where datname = $1::text)
            then format('create database %I owner %I', $1::text, $2::text) end
