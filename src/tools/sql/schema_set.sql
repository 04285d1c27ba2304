-- A session setting. $1 name, $2 value
select set_config($1::text, $2::text, false)
