-- Upgrades, entitlements and prices. Runs as the owner of the service's database, with quadrille.runtime_role and
-- quadrille.audit_role naming the roles that get the rights; after the runtime's migrations.

-- Who may ask for premium: an id, and whether its user has left. A deletion that comes first leaves its mark.
create table member (
    user_id    uuid        primary key,
    deleted_at timestamptz
);

-- What a tier costs, and for how many days. The newest price that has begun counts; an upgrade keeps the one it began with.
create table price (
    tier         text        not null check (tier = 'premium'),
    valid_from   timestamptz not null,
    amount_minor bigint      not null check (amount_minor between 1 and 100000000),
    currency     text        not null check (currency ~ '^[A-Z]{3}$'),
    days         integer     not null check (days between 1 and 3660),
    primary key (tier, valid_from)
);
insert into price (tier, valid_from, amount_minor, currency, days)
values ('premium', '2026-01-01T00:00:00Z', 999, 'EUR', 30);

-- One row per story. Every change is a conditional update on state and version; leaving `requested` or `active` is the
-- pivot. due_at is when the timer asks next: the deadline, later the watch over an unanswered revocation; null = never.
create table upgrade (
    id              uuid        primary key,
    user_id         uuid        not null,
    state           text        not null check (state in ('requested', 'active', 'cancelling', 'cancelling_money',
                                                          'cancelling_plan', 'completed', 'rejected', 'cancelled')),
    version         integer     not null,
    pivot           text        check (pivot in ('completed', 'cancelled')),
    reason          text,       -- why it was cancelled or rejected, in the contract's words
    tier            text        not null,
    amount_minor    bigint      not null,
    currency        text        not null,
    days            integer     not null,
    requested_at    timestamptz not null,
    deadline_at     timestamptz not null,
    activated_at    timestamptz, -- null: premium was never on
    ended_at        timestamptz,
    due_at          timestamptz,
    repeats         integer     not null default 0, -- of the revocation, since the last step forward
    needs_attention boolean     not null default false,
    traceparent     text,       -- of the request: what the timer says belongs to the same trace
    check ((state = 'completed') = (pivot is not distinct from 'completed')),
    check ((ended_at is not null) = (state in ('completed', 'rejected', 'cancelled'))),
    check (not needs_attention or ended_at is null)
) with (fillfactor = 70);
-- A completed one counts for ever: premium is bought once, there is no renewal yet.
create unique index upgrade_one_per_user on upgrade (user_id) where state not in ('rejected', 'cancelled');
create index upgrade_user on upgrade (user_id, id);
create index upgrade_due on upgrade (due_at) where due_at is not null;
create index upgrade_needs_attention on upgrade (id) where needs_attention;

-- What was decided, when, and why: one row for each version of an upgrade. A repeat says something again and leaves the
-- state. Append-only.
create table decision (
    upgrade_id uuid        not null references upgrade,
    version    integer     not null,
    decided_at timestamptz not null,
    event      text        not null,
    cause_id   uuid,       -- the event that led here; null for a request or the timer
    before     text        not null,
    after      text        not null,
    says       text,
    said_id    uuid,
    because    text        not null,
    primary key (upgrade_id, version),
    check ((says is null) = (said_id is null))
);

-- What a user has been given. Off means taken back; after valid_until it has just ended.
create table entitlement (
    upgrade_id  uuid        primary key references upgrade,
    user_id     uuid        not null,
    valid_from  timestamptz not null,
    valid_until timestamptz not null,
    active      boolean     not null
) with (fillfactor = 80);
create index entitlement_user on entitlement (user_id);

do $$
declare
    runtime text := current_setting('quadrille.runtime_role');
    audit text := current_setting('quadrille.audit_role');
begin
    execute format('grant select, insert, update on member, upgrade, entitlement to %I', runtime);
    execute format('grant select on price to %I', runtime);
    execute format('grant select, insert on decision to %I', runtime);
    execute format('grant select on member, price, upgrade, decision, entitlement to %I', audit);
end
$$;
