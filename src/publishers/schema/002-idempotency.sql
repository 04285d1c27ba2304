-- Answers given under an Idempotency-Key, written in the transaction of their effect. Keys are kept as hashes only.
create table idempotency (
    key_hash     bytea       primary key,
    body_hash    bytea       not null, -- of the request: another body under the same key is refused
    expires_at   timestamptz not null,
    status       integer     not null,
    content_type text,
    location     text        not null,
    body         bytea       not null  -- sealed with the key itself: unreadable here
);
create index idempotency_expires_at on idempotency (expires_at);

do $$
begin
    execute format('grant select, insert, update, delete on idempotency to %I',
                   current_setting('quadrille.runtime_role'));
end
$$;
