-- +goose Up

-- Refused activations are counted against the user who made them. left_suspended lists
-- the tokens that the user used when they were suspended, and has since replaced.
ALTER TABLE bank_user ADD COLUMN refused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bank_user ADD COLUMN refused_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bank_user ADD COLUMN left_suspended TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE bank_user DROP COLUMN left_suspended;
ALTER TABLE bank_user DROP COLUMN refused_at;
ALTER TABLE bank_user DROP COLUMN refused;
