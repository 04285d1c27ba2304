-- Who is told, and what. Runs as the owner of the service's database.

-- Where a user's mail goes. Older news never overwrite newer ones: `sequence` is the profile service's per user.
create table recipient (
    user_id   uuid    primary key,
    name      text    not null,
    email     text    not null,
    sequence  bigint  not null,
    forgotten boolean not null default false -- deleted: no mail but the goodbye, after which name and address are blank
);

-- One mail per cause: the causing event's id is the key, so a repeated event changes nothing. An open one is an intent
-- that a mailer is bound to finish, outside any transaction; an ended one is kept as long as the inbox remembers its event.
create table mail (
    id             uuid        primary key, -- of the causing event
    user_id        uuid        not null,
    cause_name     text        not null,
    detail         text        not null,    -- what the text needs beyond the user's name
    correlation_id uuid        not null,
    traceparent    text,
    email          text,                    -- where it goes, when not to the recipient's own address
    state          text        not null default 'open' check (state in ('open', 'sent', 'dropped')),
    due            timestamptz not null default clock_timestamp(),
    lease          uuid,                    -- of the mailer that is at it until `due`
    tries          int         not null default 0,
    last_error     text,
    refused_since  timestamptz,             -- the server says never, from then on each time
    noted_at       timestamptz not null default clock_timestamp(),
    sent_at        timestamptz
);
create index mail_open on mail (due) where state = 'open';

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
begin
    execute format('grant select, insert, update on recipient to %I', runtime);
    execute format('grant select, insert, update, delete on mail to %I', runtime);
    execute format('grant select (id, user_id, cause_name, state, sent_at) on mail to %I', audit);
end
$$;
