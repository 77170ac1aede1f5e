-- name: StoredCommits :many
-- StoredCommits lists the commits of a repository that are stored.
SELECT DISTINCT cmt_commit_hash
FROM augur_data.commits
WHERE repo_id = @repo_id
ORDER BY cmt_commit_hash;

-- name: ExactCommits :many
-- ExactCommits lists the commits of a repository that this program has stored, not the program before it.
SELECT DISTINCT cmt_commit_hash
FROM augur_data.commits
WHERE repo_id = @repo_id AND cmt_id > @inherited
ORDER BY cmt_commit_hash;

-- name: InheritHistory :execrows
-- InheritHistory takes over the commits that another program has stored of a repository whose history was never read here.
UPDATE augur_operations.git_history g
SET inherited = c.last, commits = c.commits, attributed = false, cached = false
FROM (
    SELECT max(cmt_id) AS last, count(DISTINCT cmt_commit_hash) AS commits
    FROM augur_data.commits
    WHERE repo_id = @repo_id
) AS c
WHERE g.repo_id = @repo_id AND g.head IS NULL AND g.target IS NULL AND c.last IS NOT NULL;

-- name: NextCommitIDs :many
-- NextCommitIDs takes ids from the sequence of commits.
SELECT nextval('augur_data.commits_cmt_id_seq')::bigint AS cmt_id
FROM generate_series(1, @ids::int);

-- name: FirstRows :many
-- FirstRows finds the row that stands for a commit among its rows: the first, in commit_parents.
SELECT cmt_commit_hash, min(cmt_id)::bigint AS cmt_id
FROM augur_data.commits
WHERE repo_id = @repo_id AND cmt_commit_hash = ANY (@hashes::text[])
GROUP BY cmt_commit_hash
ORDER BY cmt_commit_hash;

-- name: CopyCommits :copyfrom
-- CopyCommits writes file changes.
INSERT INTO augur_data.commits (
    cmt_id, repo_id, cmt_commit_hash,
    cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date,
    cmt_committer_name, cmt_committer_raw_email, cmt_committer_email, cmt_committer_date,
    cmt_author_affiliation, cmt_committer_affiliation, cmt_ght_author_id,
    cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted,
    cmt_committer_timestamp, cmt_author_timestamp, tool_source, tool_version, data_source, data_collection_date
) VALUES (
    @cmt_id, @repo_id, @cmt_commit_hash,
    @cmt_author_name, @cmt_author_raw_email, @cmt_author_email, @cmt_author_date,
    @cmt_committer_name, @cmt_committer_raw_email, @cmt_committer_email, @cmt_committer_date,
    @cmt_author_affiliation, @cmt_committer_affiliation, @cmt_ght_author_id,
    @cmt_added, @cmt_removed, @cmt_whitespace, @cmt_filename, @cmt_date_attempted,
    @cmt_committer_timestamp, @cmt_author_timestamp, @tool_source, @tool_version, @data_source, @data_collection_date
);

-- name: CopyCommitMessages :copyfrom
-- CopyCommitMessages writes commit messages.
INSERT INTO augur_data.commit_messages (repo_id, cmt_msg, cmt_hash, tool_source, tool_version, data_source, data_collection_date)
VALUES (@repo_id, @cmt_msg, @cmt_hash, @tool_source, @tool_version, @data_source, @data_collection_date);

-- name: CopyCommitParents :copyfrom
-- CopyCommitParents writes the links between commits.
INSERT INTO augur_data.commit_parents (cmt_id, parent_id, tool_source, tool_version, data_source, data_collection_date)
VALUES (@cmt_id, @parent_id, @tool_source, @tool_version, @data_source, @data_collection_date);

-- name: BeginHistory :exec
-- BeginHistory marks that the history up to a commit is being stored.
UPDATE augur_operations.git_history
SET target = @target::text
WHERE repo_id = @repo_id AND target IS DISTINCT FROM @target::text;

-- name: AddHistory :exec
-- AddHistory moves the cursor: so many commits more are stored.
UPDATE augur_operations.git_history
SET commits = commits + @commits::bigint, repaired = repaired + @repaired::bigint, stored_at = clock_timestamp()
WHERE repo_id = @repo_id;

-- name: EndHistory :exec
-- EndHistory notes that the history up to a commit is stored whole, and keeps the status's number of commits.
WITH history AS (
    UPDATE augur_operations.git_history AS g
    SET head = sqlc.narg('head')::text, target = NULL, inherited = NULL
    WHERE g.repo_id = @repo_id
    RETURNING g.repo_id, g.commits
)
UPDATE augur_operations.collection_status s
SET commit_sum = h.commits
FROM history h
WHERE s.repo_id = h.repo_id AND s.commit_sum IS DISTINCT FROM h.commits;

-- name: ReachAgain :exec
-- ReachAgain forgets that commits were unreachable, because they are stored again.
DELETE FROM augur_operations.unreachable_commit
WHERE repo_id = @repo_id AND commit_hash = ANY (@hashes::text[]);

-- name: MarkUnreachable :exec
-- MarkUnreachable notes commits that left the history.
INSERT INTO augur_operations.unreachable_commit (repo_id, commit_hash)
SELECT @repo_id::bigint, unnest(@hashes::text[])
ON CONFLICT (repo_id, commit_hash) DO NOTHING;

-- name: DropParents :exec
-- DropParents removes the links from and to commits.
DELETE FROM augur_data.commit_parents p
USING augur_data.commits c
WHERE c.repo_id = @repo_id AND c.cmt_commit_hash = ANY (@hashes::text[]) AND (p.cmt_id = c.cmt_id OR p.parent_id = c.cmt_id);

-- name: DropComments :exec
-- DropComments removes the links of comments to commits; the messages stay.
DELETE FROM augur_data.commit_comment_ref r
USING augur_data.commits c
WHERE c.repo_id = @repo_id AND c.cmt_commit_hash = ANY (@hashes::text[]) AND r.cmt_id = c.cmt_id;

-- name: DropCommits :exec
-- DropCommits removes the file changes of commits.
DELETE FROM augur_data.commits
WHERE repo_id = @repo_id AND cmt_commit_hash = ANY (@hashes::text[]);

-- name: DropCommitMessages :exec
-- DropCommitMessages removes the messages of commits.
DELETE FROM augur_data.commit_messages
WHERE repo_id = @repo_id AND cmt_hash = ANY (@hashes::text[]);

-- name: MoveComments :exec
-- MoveComments links comments on inherited rows of commits to the first exact row of each.
UPDATE augur_data.commit_comment_ref r
SET cmt_id = n.cmt_id
FROM (SELECT unnest(@hashes::text[]) AS hash, unnest(@ids::bigint[]) AS cmt_id) AS n
JOIN augur_data.commits c ON c.repo_id = @repo_id AND c.cmt_commit_hash = n.hash AND c.cmt_id <= @inherited
WHERE r.cmt_id = c.cmt_id;

-- name: DropInheritedParents :exec
-- DropInheritedParents removes the links from and to inherited rows of commits.
DELETE FROM augur_data.commit_parents p
USING augur_data.commits c
WHERE c.repo_id = @repo_id AND c.cmt_commit_hash = ANY (@hashes::text[]) AND c.cmt_id <= @inherited AND (p.cmt_id = c.cmt_id OR p.parent_id = c.cmt_id);

-- name: DropInherited :one
-- DropInherited removes the inherited rows of commits, and counts the commits that had any.
WITH dropped AS (
    DELETE FROM augur_data.commits
    WHERE repo_id = @repo_id AND cmt_commit_hash = ANY (@hashes::text[]) AND cmt_id <= @inherited
    RETURNING cmt_commit_hash
)
SELECT count(DISTINCT cmt_commit_hash) AS commits
FROM dropped;
