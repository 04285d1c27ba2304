-- $1 module, $2 name
select hash from schema_migration where module = $1::text and name = $2::text
