-- Answers given under an Idempotency-Key, written in the transaction of their effect. Of keys there are hashes only, and
-- an answer is sealed with a key made from the client's: who reads this table learns nothing from it.
create table idempotency (
    key_hash     bytea       primary key,
    body_hash    bytea       not null, -- of the request: another body under the same key is refused
    expires_at   timestamptz not null,
    status       integer     not null,
    content_type text,
    location     text        not null,
    subject      uuid,  -- whom the answer is about
    answer       bytea  -- nonce and secretbox; null once its subject is to be forgotten
);
create index idempotency_expires_at on idempotency (expires_at);
create index idempotency_subject on idempotency (subject);

do $$
begin
    execute format('grant select, insert, update, delete on idempotency to %I',
                   current_setting('quadrille.runtime_role'));
end
$$;
