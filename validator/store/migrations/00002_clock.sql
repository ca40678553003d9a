-- The estimate of a token's clock: the strongest proof by a code, and its time; see
-- validator.Drift. For a used token, it is the last accepted code.

-- +goose Up

ALTER TABLE token RENAME COLUMN drift_anchor TO drift_top;
ALTER TABLE token RENAME COLUMN learned_at TO top_at;
ALTER TABLE token ADD COLUMN lower_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE token ADD COLUMN drift_lower BIGINT NOT NULL DEFAULT 0;
ALTER TABLE token ADD COLUMN shown BIGINT NOT NULL DEFAULT 0; -- seconds
ALTER TABLE token ADD COLUMN shown_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE token ADD COLUMN pending_at BIGINT NOT NULL DEFAULT 0;

-- The code of a step may have arrived in the last second of the bank's step.
UPDATE token SET
    shown = (drift_offset - 1) * step + 1,
    shown_at = (next_step - 1 - drift_offset) * step + t0
WHERE next_step > 0;
UPDATE token SET drift_top = drift_offset WHERE drift_top < drift_offset;
UPDATE token SET pending = 0, pending_step = 0, pending_offset = 0;

-- +goose Down

ALTER TABLE token DROP COLUMN pending_at;
ALTER TABLE token DROP COLUMN shown_at;
ALTER TABLE token DROP COLUMN shown;
ALTER TABLE token DROP COLUMN drift_lower;
ALTER TABLE token DROP COLUMN lower_since;
ALTER TABLE token RENAME COLUMN top_at TO learned_at;
ALTER TABLE token RENAME COLUMN drift_top TO drift_anchor;
