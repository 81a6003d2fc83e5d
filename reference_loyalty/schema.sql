create table programs (
    program text primary key,
    name text not null,
    tiers text not null -- JSON: [[name, points from which it is reached], ...], lowest first
);

create table members (
    number text primary key, -- across programmes, so that a member of another one is told from an unknown one
    program text not null references programs,
    member_type text not null,
    status text not null check (status in ('ACTIVE', 'BLOCKED', 'MERGED', 'ANONYMISED')),
    tier text not null,
    enrolled_at text not null,
    last_activity_at text not null,
    merged_into text references members,
    version integer not null default 1,
    check ((status = 'MERGED') = (merged_into is not null))
);
create index members_of_program on members (program, number);
create index members_merged on members (merged_into) where merged_into is not null;

create table people (member text primary key references members, told text not null); -- JSON: name, email, phone

create table cards (card text primary key, member text not null references members);
create index cards_of_member on cards (member);

create table vouchers (voucher text primary key, member text not null references members);
create index vouchers_of_member on vouchers (member);

create table marks (
    member text not null references members,
    name text not null,
    value text not null, -- JSON
    primary key (member, name)
);

create table holds (
    hold text primary key,
    member text not null references members,
    kind text not null check (kind in ('pending', 'redemption')),
    points integer not null check (points > 0),
    expires_on text,
    status text not null check (status in ('open', 'settled', 'cancelled'))
);
create index holds_open on holds (member) where status = 'open';

-- The ledger. A lot is points with one expiry date in one member's hand; entries add to it and draw on it.
create table lots (
    lot integer primary key autoincrement,
    member text not null references members,
    expires_on text,
    moved_from integer references lots
);
create index lots_of_member on lots (member);

create table entries (
    entry integer primary key autoincrement,
    lot integer not null references lots,
    kind text not null check (kind in ('earn', 'redeem', 'transfer_out', 'transfer_in')),
    points integer not null check ((points > 0) = (kind in ('earn', 'transfer_in')) and points <> 0),
    operation text not null,
    pair integer references entries, -- of a transfer_in: its transfer_out
    made_at text not null,
    check ((kind = 'transfer_in') = (pair is not null))
);
create index entries_of_lot on entries (lot);
create index entries_of_operation on entries (operation);

create trigger lots_stay before update on lots
begin select raise(abort, 'the ledger is only ever added to'); end;
create trigger lots_remain before delete on lots
begin select raise(abort, 'the ledger is only ever added to'); end;
create trigger entries_stay before update on entries
begin select raise(abort, 'the ledger is only ever added to'); end;
create trigger entries_remain before delete on entries
begin select raise(abort, 'the ledger is only ever added to'); end;
-- A replacing insert deletes without asking the triggers above.
create trigger lots_are_not_replaced before insert on lots
when exists (select 1 from lots where lot = new.lot)
begin select raise(abort, 'the ledger is only ever added to'); end;
create trigger entries_are_not_replaced before insert on entries
when exists (select 1 from entries where entry = new.entry)
begin select raise(abort, 'the ledger is only ever added to'); end;
create trigger no_lot_is_overdrawn before insert on entries
when new.points + (select coalesce(sum(points), 0) from entries where lot = new.lot) < 0
begin select raise(abort, 'a lot holds fewer points'); end;
create trigger a_transfer_has_two_sides before insert on entries
when new.kind = 'transfer_in' and not exists (
    select 1 from entries join lots using (lot) join lots as other on other.lot = new.lot
    where entry = new.pair and kind = 'transfer_out' and points = -new.points
    and operation = new.operation and lots.expires_on is other.expires_on
)
begin select raise(abort, 'the two sides of a transfer differ'); end;

create table transfers (
    transfer text primary key,
    program text not null references programs,
    sender text not null references members,
    receiver text not null references members,
    reference text not null,
    made_at text not null
);
create index transfers_of_reference on transfers (reference);

create table merges (
    merge_id text primary key,
    program text not null references programs,
    asked text not null references members,    -- the survivor that was asked for
    survivor text not null references members, -- the one there was
    tier_policy text not null,
    before text not null,                      -- JSON: the members' rows, cards and vouchers by number
    receipt text not null,                     -- JSON
    status text not null check (status in ('DONE', 'REVERSED'))
);
create index merges_of_survivor on merges (survivor);

create table once (
    key text primary key,
    request text not null, -- SHA-256 of method, address and body
    reply text not null,
    made_at text not null
);

create table outbox (
    position integer primary key autoincrement,
    message text not null unique,
    body text not null,
    attempts integer not null default 0,
    due_at text not null,
    delivered_at text
);
create index outbox_due on outbox (due_at) where delivered_at is null;
