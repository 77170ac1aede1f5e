package github

import "time"

// Settings is the part of section GitHub of the settings table that says what is collected, and how often it is looked at.
type Settings struct {
	_ struct{} `section:"GitHub" effect:"next task"`

	// 1 says that there are keys in augur_operations.worker_oauth, where Augur keeps those of its users. It follows that table by itself. Without that, and without
	// a key in section Keys, nothing is asked of GitHub, and its repositories wait; their git history needs no key.
	StoredKeys bool `setting:"stored_keys" default:"0" type:"int"`
	// How long an answer about a repository as a whole (its watermarks) counts as new, so that phases that start together ask once. Go duration text; 0 asks
	// each time.
	FreshFor time.Duration `setting:"fresh_for" default:"10m" min:"0s" max:"24h"`
	// Lists of a repository in which nothing moved are not read. After this time they are, all the same: an old comment that was edited moves nothing. Go duration
	// text; 0 always reads them.
	IdleFor time.Duration `setting:"idle_for" default:"168h" min:"0s" max:"8760h"`
	// How often each list is read from its beginning, to find what was deleted and what changed without a trace. It costs as much as a first collection. Go
	// duration text; 0: never.
	ReconcileAfter time.Duration `setting:"reconcile_after" default:"2160h" min:"0s" max:"87600h"`
	// How old name, company and place of a person may become before they are asked for again. Go duration text; 0: they are asked for once.
	PeopleAfter time.Duration `setting:"people_after" default:"2160h" min:"0s" max:"87600h"`
	// How long GitHub is not asked again about an e-mail of commits that it knows no account for; after that, each time twice as long, up to 16 times. Go duration text; 0:
	// it is asked once.
	EmailsAfter time.Duration `setting:"emails_after" default:"720h" min:"0s" max:"87600h"`
	// How soon an organisation or a user that is followed (`augur db add-github-org`) is looked at for new repositories again. A hundred of them cost a point of GraphQL;
	// only those that have new repositories cost more. Go duration text, at least 1m; 0: never.
	OwnersAfter time.Duration `setting:"owners_after" default:"24h" min:"0s" max:"8760h" effect:"at once"`
	// How many repositories one question about watermarks is for.
	ReposAtOnce int `setting:"repos_at_once" default:"20" min:"1" max:"25"`
	// How many pull requests one query asks for together with their files, commits and reviews. Where that is too much for GitHub, it is halved by itself.
	PullRequestsAtOnce int `setting:"pull_requests_at_once" default:"25" min:"1" max:"49"`
	// Longest time of one attempt at reading a list. What is stored by then stays, and the next attempt goes on from there. Go duration text.
	TaskTimeout time.Duration `setting:"task_timeout" default:"6h" min:"1m" max:"168h"`

	// 1 asks how often repositories were cloned on each of the last 14 days (repo_clones_data). GitHub tells that only to keys that may push; 0 never asks.
	Clones bool `setting:"clones" default:"1" type:"int"`
	// How soon a repository is asked about again whose key may push. Go duration text; more than 336h loses days.
	ClonesAfter time.Duration `setting:"clones_after" default:"24h" min:"0s" max:"8760h"`
	// How soon a repository is asked about again whose key was refused. Go duration text.
	ClonesRefusedFor time.Duration `setting:"clones_refused_for" default:"720h" min:"0s" max:"87600h"`
	// For how many contributors a day, over all repositories, GitHub is asked what they did elsewhere (contributor_repo): people with a commit or a pull request, the
	// longest not asked for first. Each costs 1 to 3 requests, and none when nothing has changed. 0: never.
	BreadthPerDay int `setting:"breadth_per_day" default:"1000" min:"0" max:"1000000"`
	// How soon the same contributor is asked for again at the earliest. GitHub forgets what is older than 90 days. Go duration text.
	BreadthAfter time.Duration `setting:"breadth_after" default:"720h" min:"1h" max:"87600h"`
	// Percent of the requests that the keys have in an hour which may be spent on that. What is left over waits for the next run of the repository.
	BreadthShare int `setting:"breadth_share" default:"10" min:"1" max:"100"`
}
