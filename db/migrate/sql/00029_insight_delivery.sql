-- A message that was tried often enough is given up: the collection goes on, and what the channel missed is told with its next message.

-- +goose Up
ALTER TABLE augur_operations.insight_delivery ADD COLUMN given_up boolean NOT NULL DEFAULT false;
ALTER TABLE augur_operations.insight_delivery ADD CONSTRAINT insight_delivery_given_up CHECK (error IS NOT NULL OR NOT given_up);
COMMENT ON TABLE augur_operations.insight_delivery IS 'Attempts to tell somebody about insights: a row for each message that was delivered, and for each attempt of a channel that was not, or not wholly';
COMMENT ON COLUMN augur_operations.insight_delivery.insight_ids IS 'What was told, or could not be told';
COMMENT ON COLUMN augur_operations.insight_delivery.given_up IS 'True for the last of the attempts: what the channel missed comes with its next message';

-- +goose Down
ALTER TABLE augur_operations.insight_delivery DROP COLUMN given_up;
COMMENT ON TABLE augur_operations.insight_delivery IS 'Attempts to tell somebody about insights';
COMMENT ON COLUMN augur_operations.insight_delivery.insight_ids IS 'What was told';
