-- E-mails of commits that platforms are asked about: which of them are asked about again, and when.

-- +goose Up
CREATE INDEX commit_email_unknown ON augur_operations.commit_email (repo_id, asked_at) WHERE state = 'unknown';
COMMENT ON COLUMN augur_operations.commit_email.repo_id IS 'The repository of commit_hash: the first one that used it, or the first one on a platform; another one when the platform does not have that commit; NULL when it is gone';
COMMENT ON COLUMN augur_operations.commit_email.state IS 'new: nobody was asked yet; resolved: see cntrb_id; unknown: the platform knows no account, and is asked again after a while (GitHub.emails_after)';
COMMENT ON COLUMN augur_operations.commit_email.asked_at IS 'When the platform was last asked; of a row that is new: when a task took it, to ask';

-- +goose Down
DROP INDEX augur_operations.commit_email_unknown;
