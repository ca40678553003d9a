-- The same text serves SQLite and PostgreSQL, and uses only types, defaults and
-- sequences that both have. Instants are seconds since 1970 in UTC, and days are days
-- since 1970-01-01 in Japan. 0 means never or none. Flags are 0 or 1.

-- +goose Up

CREATE TABLE bank (
    id       BIGINT PRIMARY KEY, -- always 1
    settings TEXT   NOT NULL,    -- validator.Settings as JSON, and whether it is a test bank
    kdf      TEXT   NOT NULL,    -- how the master key is derived from a passphrase; '' with a key file
    created  BIGINT NOT NULL
);

CREATE TABLE data_key (
    id      BIGINT NOT NULL,
    purpose TEXT   NOT NULL,
    wrapped BYTEA  NOT NULL, -- under the master key
    created BIGINT NOT NULL,
    PRIMARY KEY (purpose, id)
);

CREATE TABLE contract (
    id       TEXT   PRIMARY KEY,
    name     TEXT   NOT NULL,
    address  TEXT   NOT NULL,
    email    TEXT   NOT NULL,
    language TEXT   NOT NULL,
    had_free BIGINT NOT NULL,
    created  BIGINT NOT NULL
);

-- The seed is sealed. The state of the codes is in the same row, which makes this row
-- the only one that a check reads, locks and writes.
CREATE TABLE token (
    serial        TEXT   PRIMARY KEY,
    contract      TEXT   REFERENCES contract (id), -- NULL: inventory
    algorithm     BIGINT NOT NULL,
    digits        BIGINT NOT NULL,
    step          BIGINT NOT NULL,
    t0            BIGINT NOT NULL,
    seed          BYTEA  NOT NULL,
    seed_key      BIGINT NOT NULL,
    fingerprint   BYTEA  NOT NULL,
    manufacturer  TEXT   NOT NULL,
    model         TEXT   NOT NULL,
    starts        BIGINT NOT NULL,
    expiry        BIGINT NOT NULL, -- the day; 0: none
    condition     BIGINT NOT NULL, -- validator.Condition; 0 during an import
    imported      BIGINT NOT NULL,
    import        TEXT   NOT NULL,
    activated     BIGINT NOT NULL,
    noticed       BIGINT NOT NULL,
    next_step     BIGINT NOT NULL,
    drift_offset  BIGINT NOT NULL,
    drift_anchor  BIGINT NOT NULL,
    learned_at    BIGINT NOT NULL,
    wrong         BIGINT NOT NULL,
    suspended     BIGINT NOT NULL,
    pending       BIGINT NOT NULL,
    pending_step  BIGINT NOT NULL,
    pending_offset BIGINT NOT NULL
);
CREATE UNIQUE INDEX token_fingerprint ON token (fingerprint);
CREATE INDEX token_contract ON token (contract, serial);
CREATE INDEX token_expiry ON token (expiry) WHERE activated > 0 AND noticed = 0;
CREATE INDEX token_coming ON token (import) WHERE condition = 0;
CREATE INDEX token_key ON token (seed_key, serial);

CREATE TABLE bank_user (
    id        TEXT   PRIMARY KEY,
    contract  TEXT   NOT NULL REFERENCES contract (id),
    role      BIGINT NOT NULL, -- validator.Role
    name      TEXT   NOT NULL,
    email     TEXT   NOT NULL,
    language  TEXT   NOT NULL,
    password  TEXT   NOT NULL, -- argon2id
    token     TEXT   REFERENCES token (serial),
    activated BIGINT NOT NULL,
    revoked   BIGINT NOT NULL,
    locked    BIGINT NOT NULL,
    created   BIGINT NOT NULL
);
CREATE UNIQUE INDEX bank_user_master ON bank_user (contract) WHERE role = 2;
CREATE INDEX bank_user_contract ON bank_user (contract, id);
CREATE INDEX bank_user_token ON bank_user (token);

CREATE TABLE token_order (
    id        TEXT   PRIMARY KEY,
    contract  TEXT   NOT NULL REFERENCES contract (id),
    cause     BIGINT NOT NULL, -- validator.Cause
    returned  BIGINT NOT NULL,
    old_token TEXT   REFERENCES token (serial),
    new_token TEXT   REFERENCES token (serial),
    fee       BIGINT NOT NULL,
    rule      BIGINT NOT NULL,
    status    BIGINT NOT NULL,
    address   TEXT   NOT NULL,
    applied   BIGINT NOT NULL,
    due_from  BIGINT NOT NULL,
    due_to    BIGINT NOT NULL,
    made_by   TEXT   NOT NULL
);
CREATE INDEX token_order_contract ON token_order (contract, id);
CREATE INDEX token_order_old ON token_order (old_token); -- used when a token is removed
CREATE INDEX token_order_new ON token_order (new_token);
CREATE INDEX token_order_open ON token_order (id) WHERE status = 0;

CREATE TABLE notice (
    id       TEXT   PRIMARY KEY,
    serial   TEXT   NOT NULL UNIQUE REFERENCES token (serial), -- at most one for each token
    contract TEXT   NOT NULL REFERENCES contract (id),
    mail_to  TEXT   NOT NULL,
    language TEXT   NOT NULL,
    expiry   BIGINT NOT NULL,
    due_from BIGINT NOT NULL,
    due_to   BIGINT NOT NULL,
    order_id TEXT   NOT NULL REFERENCES token_order (id),
    status   BIGINT NOT NULL,
    made     BIGINT NOT NULL,
    began    BIGINT NOT NULL, -- when it was last handed to the mail server
    sent     BIGINT NOT NULL,
    tries    BIGINT NOT NULL,
    problem  TEXT   NOT NULL
);
CREATE INDEX notice_unsent ON notice (id) WHERE status < 2;

CREATE TABLE bank_transaction (
    id        TEXT   PRIMARY KEY,
    at        BIGINT NOT NULL,
    contract  TEXT   NOT NULL REFERENCES contract (id),
    user_id   TEXT   NOT NULL,
    operation BIGINT NOT NULL,
    serial    TEXT   NOT NULL,
    details   TEXT   NOT NULL -- JSON
);
CREATE INDEX bank_transaction_contract ON bank_transaction (contract, id);

CREATE TABLE clerk (
    id       TEXT   PRIMARY KEY,
    name     TEXT   NOT NULL,
    password TEXT   NOT NULL,
    locked   BIGINT NOT NULL,
    created  BIGINT NOT NULL
);

CREATE TABLE api_key (
    id      TEXT   PRIMARY KEY,
    hash    BYTEA  NOT NULL UNIQUE, -- SHA-256 of the secret
    role    TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    created BIGINT NOT NULL,
    ended   BIGINT NOT NULL
);

CREATE TABLE session (
    hash     BYTEA  PRIMARY KEY, -- SHA-256 of the secret
    user_id  TEXT   NOT NULL,
    clerk_id TEXT   NOT NULL,
    started  BIGINT NOT NULL,
    seen     BIGINT NOT NULL,
    ends     BIGINT NOT NULL
);
CREATE INDEX session_ends ON session (ends);
CREATE INDEX session_of_user ON session (user_id);

-- A transaction locks one chain, appends its records after the chain's head, and moves
-- the head. With several chains, servers that share a database do not wait for each
-- other's disk.
CREATE TABLE audit_chain (
    id   BIGINT PRIMARY KEY,
    seq  BIGINT NOT NULL, -- of the last record
    mac  BYTEA  NOT NULL, -- of the last record
    seal BYTEA  NOT NULL  -- of id, seq and mac
);

CREATE TABLE audit (
    chain    BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    user_id  TEXT   NOT NULL,
    clerk_id TEXT   NOT NULL,
    contract TEXT   NOT NULL,
    act      TEXT   NOT NULL,
    serial   TEXT   NOT NULL,
    rule     TEXT   NOT NULL,
    reason   TEXT   NOT NULL,
    done     BIGINT NOT NULL,
    front    TEXT   NOT NULL,
    source   TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    mac      BYTEA  NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_serial ON audit (serial, at);
CREATE INDEX audit_contract ON audit (contract, at);

-- +goose Down

DROP TABLE audit;
DROP TABLE audit_chain;
DROP TABLE session;
DROP TABLE api_key;
DROP TABLE clerk;
DROP TABLE bank_transaction;
DROP TABLE notice;
DROP TABLE token_order;
DROP TABLE bank_user;
DROP TABLE token;
DROP TABLE contract;
DROP TABLE data_key;
DROP TABLE bank;
