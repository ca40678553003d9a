-- +goose Up

-- Refused activations are counted against the user who made them.
ALTER TABLE bank_user ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bank_user ADD COLUMN refused_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down

ALTER TABLE bank_user DROP COLUMN refused_at;
ALTER TABLE bank_user DROP COLUMN refused;
