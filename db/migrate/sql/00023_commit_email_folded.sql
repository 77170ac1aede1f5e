-- A .mailmap that changed says something else about a few addresses, whatever their case: with this index they are found without a look at all commits of the repository.

-- +goose Up
CREATE INDEX commit_email_folded ON augur_operations.commit_email (lower(email COLLATE "C"));

-- +goose Down
DROP INDEX augur_operations.commit_email_folded;
