-- One entry of the audit trail. $1 run, $2 state, $3 the entry as JSON text.
insert into quadrille_trail (run, state, entry)
values ($1::uuid, $2::text, $3::text::jsonb)
