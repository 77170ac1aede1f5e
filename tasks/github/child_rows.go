package github

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

type (
	// fileRow is a row of pull_request_files.
	fileRow struct {
		PRID      int64  `json:"pr_id"`
		Path      string `json:"pr_file_path"`
		Additions int64  `json:"pr_file_additions"`
		Deletions int64  `json:"pr_file_deletions"`
	}
	// commitRow is a row of pull_request_commits.
	commitRow struct {
		PRID      int64      `json:"pr_id"`
		SHA       string     `json:"pr_cmt_sha"`
		NodeID    string     `json:"pr_cmt_node_id"`
		Message   *string    `json:"pr_cmt_message"`
		Timestamp *time.Time `json:"pr_cmt_timestamp"`
		Email     *string    `json:"pr_cmt_author_email"`
		CntrbID   *string    `json:"pr_cmt_author_cntrb_id"`
	}
	// reviewRow is a row of pull_request_reviews.
	reviewRow struct {
		PRID        int64      `json:"pr_id"`
		ID          int64      `json:"pr_review_src_id"`
		NodeID      string     `json:"pr_review_node_id"`
		Association *string    `json:"pr_review_author_association"`
		State       *string    `json:"pr_review_state"`
		Body        *string    `json:"pr_review_body"`
		SubmittedAt *time.Time `json:"pr_review_submitted_at"`
		HTMLURL     *string    `json:"pr_review_html_url"`
		CommitID    *string    `json:"pr_review_commit_id"`
		CntrbID     string     `json:"cntrb_id"`
	}
)

// children are the rows of the lists inside of a page of pull requests.
type children struct {
	pass    *pass
	who     *people
	files   map[named]fileRow
	commits map[named]commitRow
	reviews map[int64]reviewRow
	// The pull requests whose list is known to its end.
	filesOf, commitsOf, reviewsOf map[int64]bool
}

func (p *pass) newChildren() *children {
	return &children{
		pass: p, who: p.people(), files: map[named]fileRow{}, commits: map[named]commitRow{}, reviews: map[int64]reviewRow{},
		filesOf: map[int64]bool{}, commitsOf: map[int64]bool{}, reviewsOf: map[int64]bool{},
	}
}

func knownParams(repoID int64, ids []int64) db.KnownPullRequestsParams {
	return db.KnownPullRequestsParams{RepoID: &repoID, PrIds: ids}
}

func (r *children) addFile(pr int64, f prFile) {
	r.files[named{pr, f.Path}] = fileRow{PRID: pr, Path: f.Path, Additions: f.Additions, Deletions: f.Deletions}
}

func (r *children) addCommit(pr int64, c prCommit) {
	if c.Commit == nil || c.Commit.OID == "" {
		return
	}
	row := commitRow{PRID: pr, SHA: c.Commit.OID, NodeID: c.Commit.ID, Message: c.Commit.Message, Timestamp: c.Commit.CommittedDate}
	if a := c.Commit.Author; a != nil {
		row.Email, row.CntrbID = a.Email, r.who.addActor(a.User)
	}
	if row.Timestamp != nil {
		utc := row.Timestamp.UTC()
		row.Timestamp = &utc
	}
	r.commits[named{pr, row.SHA}] = row
}

// addReview notes a review. Its column for the person cannot be empty: reviews of deleted accounts are the ghost's, as GitHub shows them.
func (r *children) addReview(pr int64, v prReview) {
	id, err := strconv.ParseInt(v.FullDatabaseID, 10, 64)
	if err != nil {
		return
	}
	row := reviewRow{
		PRID: pr, ID: id, NodeID: v.ID, Association: v.Association, State: v.State, Body: v.Body, SubmittedAt: v.SubmittedAt, HTMLURL: v.URL,
	}
	if v.Commit != nil {
		row.CommitID = v.Commit.OID
	}
	if cntrb := r.who.addActor(v.Author); cntrb != nil {
		row.CntrbID = *cntrb
	} else {
		row.CntrbID = r.who.addGhost()
	}
	r.reviews[id] = row
}

// page gives the statements that store the rows.
func (r *children) page() (page, error) {
	var k pack
	q, repo := r.pass.source.queries, r.pass.c.Repo.ID
	people := r.who.writer(&k, q, repo)
	files, commits, reviews := k.add(rowsOf(r.files, compareNamed)), k.add(rowsOf(r.commits, compareNamed)), k.add(rowsOf(r.reviews, compareIDs))
	if k.err != nil {
		return page{}, fmt.Errorf("prepare files, commits and reviews of %s: %w", r.pass.repo, k.err)
	}
	filesOf, commitsOf, reviewsOf := slices.Sorted(maps.Keys(r.filesOf)), slices.Sorted(maps.Keys(r.commitsOf)), slices.Sorted(maps.Keys(r.reviewsOf))
	reviewIDs := slices.Sorted(maps.Keys(r.reviews))
	write := func(ctx context.Context, tx pgx.Tx) error {
		return inOrder(
			func() error { return people(ctx, tx) },
			func() error {
				return q.DropPullRequestFiles(ctx, tx, db.DropPullRequestFilesParams{RepoID: repo, PrIds: filesOf, Rows: files})
			},
			func() error {
				return q.UpsertPullRequestFiles(ctx, tx, db.UpsertPullRequestFilesParams{RepoID: repo, Rows: files})
			},
			func() error {
				return q.DropPullRequestCommits(ctx, tx, db.DropPullRequestCommitsParams{RepoID: repo, PrIds: commitsOf, Rows: commits})
			},
			func() error {
				return q.UpsertPullRequestCommits(ctx, tx, db.UpsertPullRequestCommitsParams{RepoID: repo, Rows: commits})
			},
			func() error {
				return q.UpsertPullRequestReviews(ctx, tx, db.UpsertPullRequestReviewsParams{RepoID: repo, Rows: reviews})
			},
			func() error {
				return q.MarkMissingReviews(ctx, tx, db.MarkMissingReviewsParams{RepoID: repo, PrIds: reviewsOf, ReviewIds: reviewIDs})
			},
		)
	}
	return page{write: write, scrubbed: k.scrubbed}, nil
}
