-- The same text serves SQLite and PostgreSQL, and uses only types that both have.
-- Instants are milliseconds since 1970 in UTC; 0 means never.

-- +goose Up

CREATE TABLE journal (
    id      BIGINT PRIMARY KEY, -- always 1
    station TEXT   NOT NULL,
    public  BYTEA  NOT NULL,    -- the station's Ed25519 key, with which the record chain is signed
    created BIGINT NOT NULL
);

CREATE TABLE data_key (
    id      BIGINT NOT NULL,
    purpose TEXT   NOT NULL,
    wrapped BYTEA  NOT NULL, -- under the master key
    created BIGINT NOT NULL,
    PRIMARY KEY (purpose, id)
);

CREATE TABLE orders (
    id      BIGINT PRIMARY KEY,
    name    TEXT   NOT NULL UNIQUE, -- the order's id
    digest  BYTEA  NOT NULL,        -- SHA-256 of content
    content BYTEA  NOT NULL,        -- the signed file
    wanted  BIGINT NOT NULL,        -- good tokens
    serials BIGINT NOT NULL,        -- numbers in the order's range
    ledger  TEXT   NOT NULL,        -- the shared ledger that hands out its numbers; '' for none
    done    BIGINT NOT NULL,        -- units that are done
    void    BIGINT NOT NULL,        -- units that are void
    added   BIGINT NOT NULL
);

-- The blocks of serial numbers of this station: numbers from first on, counted from 0
-- within the order. The numbers before next are used up. Numbers that were given back are
-- not in count any more.
CREATE TABLE block (
    order_id BIGINT NOT NULL REFERENCES orders (id),
    id       BIGINT NOT NULL, -- within the order; a later block has a higher one
    first    BIGINT NOT NULL,
    count    BIGINT NOT NULL,
    next     BIGINT NOT NULL, -- from 0 to count
    told     BIGINT NOT NULL, -- count as the ledger has it
    PRIMARY KEY (order_id, id)
);

CREATE INDEX block_left ON block (order_id, id) WHERE next < count;
CREATE INDEX block_untold ON block (order_id, id) WHERE told <> count;

-- The shared ledgers of the orders.
CREATE TABLE shared (
    ledger TEXT   PRIMARY KEY,
    key    BIGINT NOT NULL, -- the data key that encrypts secret
    secret BYTEA  NOT NULL, -- the ledger's key for fingerprints of seeds
    added  BIGINT NOT NULL
);

-- What the ledger found to be used by two units, of which one is of this station.
CREATE TABLE conflict (
    ledger  TEXT   NOT NULL,
    id      BIGINT NOT NULL, -- in the ledger
    unit    BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    halts   BIGINT NOT NULL, -- 1: the station must stop
    settled BIGINT NOT NULL,
    PRIMARY KEY (ledger, id)
);

CREATE TABLE unit (
    id          BIGINT PRIMARY KEY,
    order_id    BIGINT NOT NULL REFERENCES orders (id),
    number      BIGINT NOT NULL, -- of the serial number within the order, from 0
    serial      TEXT   NOT NULL UNIQUE,
    fingerprint BYTEA  NOT NULL UNIQUE, -- of the seed, under a key
    hardware_id TEXT   NOT NULL,
    device_key  BYTEA  NOT NULL,
    expiry      TEXT   NOT NULL, -- '' for none
    state       TEXT   NOT NULL,
    attempts    BIGINT NOT NULL,
    failures    BIGINT NOT NULL,
    socket      TEXT   NOT NULL,
    began       BIGINT NOT NULL,
    ended       BIGINT NOT NULL,
    finished    BIGINT NOT NULL, -- place among the order's units that are done, from 1
    reason      TEXT   NOT NULL,
    bin         TEXT   NOT NULL,
    results     TEXT   NOT NULL  -- JSON
);

CREATE INDEX unit_order ON unit (order_id, id);
CREATE INDEX unit_hardware ON unit (hardware_id, id);
CREATE UNIQUE INDEX unit_device ON unit (device_key) WHERE state <> 'void';
CREATE UNIQUE INDEX unit_live ON unit (hardware_id) WHERE state <> 'void';
CREATE INDEX unit_unfinished ON unit (order_id, id) WHERE ended = 0;
CREATE INDEX unit_finished ON unit (order_id, finished) WHERE finished > 0;

-- A run of the station, with a key for each recipient's copy of the seeds.
CREATE TABLE run (
    id        BIGINT PRIMARY KEY,
    order_id  BIGINT NOT NULL REFERENCES orders (id),
    recipient TEXT   NOT NULL,
    head      BYTEA  NOT NULL, -- of the PSKC file
    key_age   BYTEA  NOT NULL, -- the key of the PSKC file, encrypted by age; empty for other recipients
    began     BIGINT NOT NULL
);

-- A seed under a key of the station (run 0), or sealed to the recipient of a run.
CREATE TABLE seed (
    unit   BIGINT NOT NULL REFERENCES unit (id),
    run    BIGINT NOT NULL,
    key    BIGINT NOT NULL, -- the station's data key; 0 for a recipient
    sealed BYTEA  NOT NULL,
    PRIMARY KEY (unit, run)
);

CREATE INDEX seed_run ON seed (run, unit);

-- The numbers of the sockets, which people have marked on the hub.
CREATE TABLE socket (
    name   TEXT   PRIMARY KEY, -- the USB path, or the address
    number BIGINT NOT NULL UNIQUE
);

-- A label that was handed to a printer, or was about to be.
CREATE TABLE label (
    unit    BIGINT NOT NULL REFERENCES unit (id),
    number  BIGINT NOT NULL, -- 1 is the first
    socket  TEXT   NOT NULL, -- whose number is on it
    printer TEXT   NOT NULL,
    reason  TEXT   NOT NULL, -- why it was printed again; '' otherwise
    began   BIGINT NOT NULL,
    printed BIGINT NOT NULL, -- 0: it is not known whether it was printed
    waits   TEXT   NOT NULL, -- the next device in the socket waits until the label was 'taken' or 'scanned'; '' otherwise
    PRIMARY KEY (unit, number)
);

CREATE INDEX label_due ON label (unit) WHERE waits <> '';

CREATE TABLE export (
    id           BIGINT PRIMARY KEY,
    order_id     BIGINT NOT NULL REFERENCES orders (id),
    through      BIGINT NOT NULL, -- the export has the units that are done up to this place
    digest       TEXT   NOT NULL, -- of its manifest
    made         BIGINT NOT NULL,
    acknowledged BIGINT NOT NULL
);

CREATE TABLE record (
    chain BIGINT NOT NULL,
    seq   BIGINT NOT NULL,
    at    BIGINT NOT NULL,
    unit  BIGINT NOT NULL, -- 0 for none
    kind  TEXT   NOT NULL,
    data  TEXT   NOT NULL, -- JSON
    mac   BYTEA  NOT NULL,
    PRIMARY KEY (chain, seq)
);

CREATE INDEX record_unit ON record (unit, seq);

CREATE TABLE record_chain (
    id   BIGINT PRIMARY KEY,
    seq  BIGINT NOT NULL,
    mac  BYTEA  NOT NULL,
    seal BYTEA  NOT NULL
);

-- Heads of the chain that were signed for a batch, in the format of ssh-keygen -Y sign.
CREATE TABLE head (
    order_id  BIGINT NOT NULL REFERENCES orders (id),
    seq       BIGINT NOT NULL,
    content   TEXT   NOT NULL,
    signature TEXT   NOT NULL,
    made      BIGINT NOT NULL,
    PRIMARY KEY (order_id, seq)
);

-- +goose Down
DROP TABLE head;
DROP TABLE record_chain;
DROP TABLE record;
DROP TABLE export;
DROP TABLE label;
DROP TABLE socket;
DROP TABLE seed;
DROP TABLE run;
DROP TABLE unit;
DROP TABLE conflict;
DROP TABLE shared;
DROP TABLE block;
DROP TABLE orders;
DROP TABLE data_key;
DROP TABLE journal;
