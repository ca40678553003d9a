-- The same text serves SQLite and PostgreSQL, and uses only types that both have.
-- Instants are milliseconds since 1970 in UTC; 0 means never.

-- +goose Up

CREATE TABLE ledger (
    id      BIGINT PRIMARY KEY, -- always 1
    uid     TEXT   NOT NULL,    -- identifies the ledger
    secret  BYTEA  NOT NULL,    -- key for fingerprints of seeds
    created BIGINT NOT NULL
);

CREATE TABLE ledger_order (
    name    TEXT   PRIMARY KEY, -- the order's id
    digest  BYTEA  NOT NULL,
    wanted  BIGINT NOT NULL,    -- good tokens
    serials BIGINT NOT NULL,    -- numbers in the order's range
    next    BIGINT NOT NULL,    -- the numbers before it were handed out
    added   BIGINT NOT NULL
);

-- The stations that work on an order.
CREATE TABLE ledger_member (
    name    TEXT   NOT NULL REFERENCES ledger_order (name),
    station TEXT   NOT NULL,
    asks    BIGINT NOT NULL, -- when it found no number left and others had some; 0: it does not need any
    PRIMARY KEY (name, station)
);

-- Serial numbers that were handed out: from first on, counted from 0 within the order.
-- Numbers that were given back are not in count any more. The last columns count the
-- units whose records were copied.
CREATE TABLE ledger_block (
    name    TEXT   NOT NULL REFERENCES ledger_order (name),
    id      BIGINT NOT NULL,
    first   BIGINT NOT NULL,
    count   BIGINT NOT NULL,
    station TEXT   NOT NULL,
    made    BIGINT NOT NULL,
    lost    BIGINT NOT NULL, -- when its station was written off; 0: it was not
    used    BIGINT NOT NULL,
    done    BIGINT NOT NULL,
    void    BIGINT NOT NULL,
    PRIMARY KEY (name, id)
);

CREATE INDEX ledger_block_station ON ledger_block (station, name, id);

-- Numbers that were given back.
CREATE TABLE ledger_free (
    name  TEXT   NOT NULL REFERENCES ledger_order (name),
    first BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (name, first)
);

-- The stations, and the ends of the copies of their record chains.
CREATE TABLE ledger_station (
    name   TEXT   PRIMARY KEY,
    public BYTEA  NOT NULL, -- its Ed25519 key
    seq    BIGINT NOT NULL,
    mac    BYTEA  NOT NULL,
    seal   BYTEA  NOT NULL, -- empty before the first record
    copied BIGINT NOT NULL  -- when
);

CREATE TABLE ledger_record (
    station TEXT   NOT NULL REFERENCES ledger_station (name),
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    unit    BIGINT NOT NULL, -- 0 for none
    kind    TEXT   NOT NULL,
    data    TEXT   NOT NULL, -- JSON
    mac     BYTEA  NOT NULL,
    PRIMARY KEY (station, seq)
);

-- The units, as the records describe them.
CREATE TABLE ledger_unit (
    station     TEXT   NOT NULL REFERENCES ledger_station (name),
    unit        BIGINT NOT NULL,
    name        TEXT   NOT NULL, -- of the order
    block       BIGINT NOT NULL,
    serial      TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    hardware_id TEXT   NOT NULL,
    device_key  TEXT   NOT NULL,
    changed     BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    bin         TEXT   NOT NULL,
    PRIMARY KEY (station, unit)
);

CREATE INDEX ledger_unit_order ON ledger_unit (name, station, unit);

-- What only one unit may have. A device is free again when its unit is void.
CREATE TABLE ledger_claim (
    kind    TEXT   NOT NULL,
    value   TEXT   NOT NULL,
    station TEXT   NOT NULL,
    unit    BIGINT NOT NULL,
    PRIMARY KEY (kind, value)
);

-- Claims that were refused.
CREATE TABLE ledger_conflict (
    id            BIGINT PRIMARY KEY,
    kind          TEXT   NOT NULL,
    value         TEXT   NOT NULL,
    station       TEXT   NOT NULL,
    unit          BIGINT NOT NULL,
    other_station TEXT   NOT NULL, -- whose unit had it first
    other_unit    BIGINT NOT NULL,
    found         BIGINT NOT NULL,
    settled       BIGINT NOT NULL  -- when one of the units became void
);

CREATE INDEX ledger_conflict_open ON ledger_conflict (kind, value) WHERE settled = 0;

-- The newest status of each station.
CREATE TABLE ledger_report (
    station TEXT   PRIMARY KEY,
    url     TEXT   NOT NULL, -- of its page; '' for none
    seen    BIGINT NOT NULL,
    report  TEXT   NOT NULL  -- JSON; '' for none
);

-- +goose Down
DROP TABLE ledger_report;
DROP TABLE ledger_conflict;
DROP TABLE ledger_claim;
DROP TABLE ledger_unit;
DROP TABLE ledger_record;
DROP TABLE ledger_station;
DROP TABLE ledger_free;
DROP TABLE ledger_block;
DROP TABLE ledger_member;
DROP TABLE ledger_order;
DROP TABLE ledger;
