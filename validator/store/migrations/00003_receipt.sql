-- +goose Up

-- The number by which people refer to a transaction. Earlier transactions have none.
ALTER TABLE bank_transaction ADD COLUMN receipt TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX bank_transaction_receipt ON bank_transaction (receipt) WHERE receipt <> '';

-- +goose Down

DROP INDEX bank_transaction_receipt;
ALTER TABLE bank_transaction DROP COLUMN receipt;
