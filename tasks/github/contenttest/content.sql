-- Every row that the GitHub source stores, as text: GitHub's ids in place of row ids, no dates of collection. Rows that only say when something was asked for are
-- left out, and so are tombstones of what is only true for a time: they tell of the past.
WITH gone AS (
    SELECT table_name, row_key FROM augur_operations.github_tombstone WHERE content IS NULL
),
lines AS (
    SELECT 'issues' AS part, (to_jsonb(t) - '{issue_id,data_collection_date}'::text[])::text AS line
    FROM augur_data.issues t
    UNION ALL
    SELECT 'issue_labels', i.gh_issue_id || (to_jsonb(t) - '{issue_label_id,issue_id,data_collection_date}'::text[])::text
    FROM augur_data.issue_labels t JOIN augur_data.issues i USING (issue_id)
    UNION ALL
    SELECT 'issue_assignees', i.gh_issue_id || (to_jsonb(t) - '{issue_assignee_id,issue_id,data_collection_date}'::text[])::text
    FROM augur_data.issue_assignees t JOIN augur_data.issues i USING (issue_id)
    UNION ALL
    SELECT 'issue_events', i.gh_issue_id || (to_jsonb(t) - '{event_id,issue_id,data_collection_date}'::text[])::text
    FROM augur_data.issue_events t JOIN augur_data.issues i USING (issue_id)
    UNION ALL
    SELECT 'pull_requests', (to_jsonb(t) - '{pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_requests t
    UNION ALL
    SELECT 'pull_request_labels', p.pr_src_id || (to_jsonb(t) - '{pr_label_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_labels t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_assignees', p.pr_src_id || (to_jsonb(t) - '{pr_assignee_map_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_assignees t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_reviewers', p.pr_src_id || (to_jsonb(t) - '{pr_reviewer_map_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_reviewers t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_teams', p.pr_src_id || (to_jsonb(t) - '{pr_team_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_teams t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_meta', p.pr_src_id || (to_jsonb(t) - '{pr_repo_meta_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_meta t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_repo', p.pr_src_id || (to_jsonb(t) - '{pr_repo_id,pr_repo_meta_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_repo t JOIN augur_data.pull_request_meta m USING (pr_repo_meta_id) JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_files', p.pr_src_id || (to_jsonb(t) - '{pr_file_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_files t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_commits', p.pr_src_id || (to_jsonb(t) - '{pr_cmt_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_commits t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_reviews', p.pr_src_id || (to_jsonb(t) - '{pr_review_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_reviews t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'pull_request_events', p.pr_src_id || (to_jsonb(t) - '{pr_event_id,pull_request_id,data_collection_date}'::text[])::text
    FROM augur_data.pull_request_events t JOIN augur_data.pull_requests p USING (pull_request_id)
    UNION ALL
    SELECT 'message', (to_jsonb(t) - '{msg_id,data_collection_date}'::text[])::text
    FROM augur_data.message t
    UNION ALL
    SELECT 'issue_message_ref', concat_ws(' ', i.gh_issue_id, m.platform_msg_id, to_jsonb(t) - '{issue_msg_ref_id,issue_id,msg_id,data_collection_date}'::text[])
    FROM augur_data.issue_message_ref t JOIN augur_data.issues i USING (issue_id) JOIN augur_data.message m USING (msg_id)
    UNION ALL
    SELECT 'pull_request_message_ref', concat_ws(' ', p.pr_src_id, m.platform_msg_id, to_jsonb(t) - '{pr_msg_ref_id,pull_request_id,msg_id,data_collection_date}'::text[])
    FROM augur_data.pull_request_message_ref t JOIN augur_data.pull_requests p USING (pull_request_id) JOIN augur_data.message m USING (msg_id)
    UNION ALL
    SELECT 'pull_request_review_message_ref', concat_ws(
        ' ', r.pr_review_src_id, m.platform_msg_id, to_jsonb(t) - '{pr_review_msg_ref_id,pr_review_id,msg_id,data_collection_date}'::text[]
    )
    FROM augur_data.pull_request_review_message_ref t JOIN augur_data.pull_request_reviews r USING (pr_review_id) JOIN augur_data.message m USING (msg_id)
    UNION ALL
    SELECT 'contributors', (to_jsonb(t) - '{data_collection_date}'::text[])::text
    FROM augur_data.contributors t
    UNION ALL
    SELECT 'contributors_aliases', (to_jsonb(t) - '{cntrb_alias_id,cntrb_last_modified,data_collection_date}'::text[])::text
    FROM augur_data.contributors_aliases t
    UNION ALL
    SELECT 'releases', (to_jsonb(t) - '{data_collection_date}'::text[])::text
    FROM augur_data.releases t
    UNION ALL
    SELECT 'repo_info', (to_jsonb(t) - '{repo_info_id,data_collection_date}'::text[])::text
    FROM (SELECT DISTINCT ON (n.repo_id) n.* FROM augur_data.repo_info n ORDER BY n.repo_id, n.repo_info_id DESC) t
    UNION ALL
    SELECT 'repo', (to_jsonb(t) - '{repo_added,repo_archived_date_collected,data_collection_date}'::text[])::text
    FROM augur_data.repo t
    UNION ALL
    SELECT 'gone issue', i.gh_issue_id::text
    FROM gone g JOIN augur_data.issues i ON g.table_name = 'issues' AND g.row_key = i.issue_id::text
    UNION ALL
    SELECT 'gone pull request', p.pr_src_id::text
    FROM gone g JOIN augur_data.pull_requests p ON g.table_name = 'pull_requests' AND g.row_key = p.pull_request_id::text
    UNION ALL
    SELECT 'gone review', r.pr_review_src_id::text
    FROM gone g JOIN augur_data.pull_request_reviews r ON g.table_name = 'pull_request_reviews' AND g.row_key = r.pr_review_id::text
    UNION ALL
    SELECT 'gone message', m.platform_msg_id::text
    FROM gone g JOIN augur_data.message m ON g.table_name = 'message' AND g.row_key = m.msg_id::text
)
SELECT l.line
FROM (SELECT part || ' ' || line AS line FROM lines) AS l
ORDER BY l.line COLLATE "C"
