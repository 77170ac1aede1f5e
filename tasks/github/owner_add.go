package github

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/repos"
	"augur/facade/giturl"
)

// AddOwnerOptions say what is added of an owner, and where to.
type AddOwnerOptions struct {
	Wanted Wanted
	// Group is the group of new repositories; 0: the one that it is followed with, or else one that is called like the owner, which is made when there is none.
	Group int64
	// Follow lets new repositories be added by themselves from now on: see [Owners.Look].
	Follow bool
	// Add are options of adding; its Identify has no meaning here.
	Add repos.Options
	// OnList, if set, is told how many repositories were listed, of how many.
	OnList func(read, total int)
}

// AddedOwner is what became of an owner.
type AddedOwner struct {
	Login string `json:"login"`
	// Kind is Organization or User.
	Kind string `json:"kind"`
	// Owned counts its public repositories.
	Owned int `json:"repositories"`
	// Group is 0 when there was nothing to add, and nothing to follow.
	Group    int64   `json:"repo_group_id"`
	LeftOut  LeftOut `json:"left_out"`
	Followed bool    `json:"followed"`
}

// Add adds the public repositories of the organisation or user of a name (see [OwnerName]). Verdicts are in the order in which the repositories were made. A name
// that GitHub does not know is a rejected row, and no error.
func (o *Owners) Add(ctx context.Context, text string, options AddOwnerOptions) (*AddedOwner, repos.Summary, error) {
	refuse := func(name, reason string) (*AddedOwner, repos.Summary, error) {
		options.tell(repos.Verdict{Line: 1, URL: name, Group: options.Group, Status: repos.Rejected, Reason: reason})
		return nil, repos.Summary{Rows: 1, Rejected: 1}, nil
	}
	name, err := OwnerName(text)
	if err != nil {
		return refuse(giturl.Redact(text), err.Error())
	}
	look, err := lookUpOwner(ctx, o.client, name, options.Wanted)
	if errors.Is(err, errNoOwner) {
		return refuse("https://github.com/"+name, "GitHub knows no organisation or user of this name: look for a typing error")
	}
	if err != nil {
		return nil, repos.Summary{}, err
	}
	onList := options.OnList
	if onList == nil {
		onList = func(int, int) {}
	}
	list, err := listOwned(ctx, o.client, look.ID, onList)
	if err != nil {
		return nil, repos.Summary{}, fmt.Errorf("%s: %w", name, err)
	}
	picked, left := list.pick(options.Wanted)
	added := &AddedOwner{Login: look.Login, Kind: look.Kind, Owned: len(list.repos) + left.Unread, LeftOut: left, Followed: options.Follow}
	if len(picked) == 0 && !options.Follow {
		return added, repos.Summary{}, nil
	}
	if added.Group, err = o.follow(ctx, look, options); err != nil {
		return nil, repos.Summary{}, fmt.Errorf("follow %s: %w", name, err)
	}
	sum, err := addOwned(ctx, o.pool, added.Group, picked, options.Add)
	if err == nil && options.Follow {
		err = o.settled(ctx, look.ID, look, left, true)
	}
	return added, sum, err
}

func (o AddOwnerOptions) tell(v repos.Verdict) {
	if o.Add.OnVerdict != nil {
		o.Add.OnVerdict(v)
	}
}

// follow finds the group of an owner, and notes that it is followed, if it is to be.
func (o *Owners) follow(ctx context.Context, look *ownerLook, options AddOwnerOptions) (group int64, err error) {
	err = pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) error {
		var err error
		if group = options.Group; group == 0 {
			group, err = o.queries.GroupOfGithubOwner(ctx, tx, look.ID)
		}
		if err == nil && group == 0 {
			group, err = repos.OwnGroup(ctx, tx, look.Login, "https://github.com/"+look.Login, options.Add.ToolVersion)
		}
		if err != nil || !options.Follow {
			return err
		}
		return o.queries.FollowGithubOwner(ctx, tx, db.FollowGithubOwnerParams{
			NodeID: look.ID, Login: storable(look.Login), Kind: look.Kind, RepoGroupID: group, Archived: options.Wanted.Archived, Forks: options.Wanted.Forks, Held: claimHeld,
		})
	})
	return group, err
}

// ownedChunk is how many repositories of an owner are stored at once.
const ownedChunk = 500

// addOwned adds repositories of an owner. Their numbers are known, so one that was renamed since is found.
func addOwned(ctx context.Context, pool *pgxpool.Pool, group int64, picked []ownedRepo, o repos.Options) (repos.Summary, error) {
	urls, numbers := make([]string, len(picked)), make(map[string]int64, len(picked))
	for i, repo := range picked {
		urls[i] = "https://github.com/" + repo.NameWithOwner
		numbers[strings.ToLower(urls[i])] = repo.DatabaseID
	}
	o.ChunkRows = ownedChunk
	o.Identify = func(_ context.Context, asked []giturl.URL) ([]repos.Identity, error) {
		found := make([]repos.Identity, len(asked))
		for i, url := range asked {
			found[i] = repos.Identity{Checked: true, SourceID: numbers[url.Canonical]}
		}
		return found, nil
	}
	return repos.AddURLs(ctx, pool, group, urls, o)
}
