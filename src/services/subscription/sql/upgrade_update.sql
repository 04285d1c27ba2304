-- The pivot and every other step: nothing happens unless the upgrade is still what was decided on.
-- $1 id, $2 its state, $3 its version; then what it becomes: $4 state, $5 version, $6 pivot, $7 reason, $8 activated,
-- $9 ended, $10 due, $11 repeats, $12 needs attention
update upgrade
   set state = $4::text, version = $5::int4, pivot = $6::text, reason = $7::text, activated_at = $8::timestamptz,
       ended_at = $9::timestamptz, due_at = $10::timestamptz, repeats = $11::int4, needs_attention = $12::boolean
 where id = $1::uuid and state = $2::text and version = $3::int4
