-- Keeps an answer under its Idempotency-Key; one that has expired makes room.
-- $1 hash of the key (bytea), $2 hash of the body (bytea), $3 now, $4 when it expires (timestamptz),
-- $5 status (integer), $6 content type (text or null), $7 location (text), $8 subject (uuid or null), $9 answer (bytea)
insert into idempotency as old (key_hash, body_hash, expires_at, status, content_type, location, subject, answer)
values ($1, $2, $4, $5, $6, $7, $8, $9)
on conflict (key_hash) do update
   set body_hash = excluded.body_hash, expires_at = excluded.expires_at, status = excluded.status,
       content_type = excluded.content_type, location = excluded.location, subject = excluded.subject,
       answer = excluded.answer
 where old.expires_at <= $3
