-- Charges and refunds. Runs as the owner of the service's database, with quadrille.runtime_role and
-- quadrille.audit_role naming the roles that get the rights; after the publishers' and consumers' migrations.

-- One row per upgrade (I1): the charge, and while `due` is set the open intent to ask something of the provider.
-- `state` is billing's state in src/saga. A key (…:create, …:confirm:<n>, …:refund:<n>) that was used and has not been
-- answered has its first use in `asked_at`; the counters number the keys.
create table charge (
    id              uuid        primary key,
    upgrade_id      uuid        not null unique,
    user_id         uuid,                 -- null once the user is forgotten
    state           text        not null check (state in ('to_charge', 'calling', 'declining', 'charged', 'declined',
                                                          'voiding', 'refunding', 'refunded', 'voided')),
    amount_minor    bigint,               -- a tombstone has neither amount
    currency        text,                 -- nor currency
    payment_method  text,                 -- the provider's token; gone as soon as the provider keeps it
    reference       text        unique,   -- the provider's payment intent
    create_n        int         not null default 0,
    confirm_n       int         not null default 0,
    refund_n        int         not null default 0,
    asked_at        timestamptz,
    decline_reason  text,
    due             timestamptz,          -- when to ask (again); null = nothing is wanted of the provider
    lease_holder    uuid,                 -- who asks; the lease ends when `due` comes
    tries           int         not null default 0, -- rounds in a row that brought nothing
    last_error      text,
    needs_attention boolean     not null default false,
    cause_id        uuid,                 -- the event that last set the intent
    traceparent     text,
    created_at      timestamptz not null default clock_timestamp(),
    state_since     timestamptz not null default clock_timestamp()
) with (fillfactor = 70);
create index charge_due on charge (due) where due is not null;
create index charge_user on charge (user_id) where user_id is not null;

-- One refund per charge (I2), opened together with the wish to pay back.
create table refund (
    id           uuid        primary key,
    charge_id    uuid        not null unique references charge (id),
    amount_minor bigint      not null,
    currency     text        not null,
    reference    text        unique,      -- the provider's refund
    opened_at    timestamptz not null default clock_timestamp(),
    refunded_at  timestamptz
);

-- Users who are gone. Their charges are anonymised once each story has ended.
create table forgotten_user (
    user_id    uuid        primary key,
    deleted_at timestamptz not null
);

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
begin
    execute format('grant select, insert, update on charge, refund to %I', runtime);
    execute format('grant select, insert on forgotten_user to %I', runtime);
    execute format('grant select on charge, refund, forgotten_user to %I', audit);
end
$$;
