package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/db/repos"
	"augur/tasks"
	"augur/tasks/github/api"
)

// KindOwners is what requests about owners are counted to.
const KindOwners = "github_owners"

const (
	// lookEvery is how often [Owners.Run] asks the database whose turn it is.
	lookEvery = time.Minute
	// claimHeld is how long owners that somebody looks at are nobody else's. When he dies, they wait as long.
	claimHeld = time.Hour
	// afterTrouble is when the next look is after one that failed for reasons that have nothing to do with the owner.
	afterTrouble = 10 * time.Minute
	// giveBackTime is how long giving owners back may take when the program ends.
	giveBackTime = 5 * time.Second
)

// Owners adds the repositories of organisations and users, and follows those owners: a look finds their new repositories. Any number of processes may follow at once.
type Owners struct {
	pool     *pgxpool.Pool
	settings *config.Store
	client   *api.Client
	queries  *db.Queries
	version  string
	log      *slog.Logger
}

// NewOwners follows the owners in the database of the pool, which must allow two connections at once. The store must serve [Settings].
func NewOwners(pool *pgxpool.Pool, settings *config.Store, service *api.Service, version string, log *slog.Logger) *Owners {
	return &Owners{pool: pool, settings: settings, client: service.Client(api.Who{Kind: KindOwners}), queries: db.New(), version: version, log: log}
}

// Run looks at once, every minute and when settings change, until ctx ends.
func (o *Owners) Run(ctx context.Context) {
	for {
		changed := o.settings.Changed()
		if _, err := o.Look(ctx); err != nil && ctx.Err() == nil {
			level := slog.LevelWarn
			if _, waits := errors.AsType[*tasks.RateLimitError](err); waits {
				level = slog.LevelDebug // it is nobody's fault
			}
			o.log.Log(ctx, level, "followed owners not looked at; it is tried again", slog.Any("error", err))
		}
		next := time.NewTimer(lookEvery)
		select {
		case <-ctx.Done():
		case <-next.C:
		case <-changed:
		}
		next.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// Looked is what a look came to.
type Looked struct {
	Owners int // that GitHub was asked about
	Listed int // those of them whose repositories were read
	Added  int // repositories
	Failed int // owners with no result
}

// Look looks at the followed owners whose turn it is, a hundred with one query, and reads the repositories of those whose mark has moved, which were renamed, or which were not read for
// [Settings].ReconcileAfter. An owner that GitHub does not show is noted and asked for later. An error is one that has nothing to do with a single owner: those that were
// not looked at are given back, and come again.
func (o *Owners) Look(ctx context.Context) (Looked, error) {
	var sum Looked
	settings := config.Of[Settings](o.settings)
	if settings.OwnersAfter == 0 || !HasKey(o.settings) {
		return sum, nil
	}
	for {
		claimed, err := o.queries.ClaimGithubOwners(ctx, o.pool, db.ClaimGithubOwnersParams{
			OwnersAfter: max(settings.OwnersAfter, lookEvery), MaxOwners: ownersAtOnce, Held: claimHeld, ListAgain: settings.ReconcileAfter,
		})
		if err != nil {
			return sum, fmt.Errorf("list the owners whose turn it is: %w", err)
		}
		done, err := o.lookAt(ctx, claimed, &sum)
		if err != nil {
			return sum, errors.Join(err, o.giveBack(ctx, claimed[done:], err))
		}
		if len(claimed) < ownersAtOnce {
			return sum, nil
		}
	}
}

// lookAt looks at owners, and returns how many of them have a result.
func (o *Owners) lookAt(ctx context.Context, claimed []db.ClaimGithubOwnersRow, sum *Looked) (done int, err error) {
	for size := ownersAtOnce; done < len(claimed); {
		batch := claimed[done:min(done+size, len(claimed))]
		looks := make([]*lookedAt, len(batch))
		for i, owner := range batch {
			looks[i] = &lookedAt{id: owner.NodeID, wanted: Wanted{Archived: owner.Archived, Forks: owner.Forks}}
		}
		err := lookAtOwners(ctx, o.client, looks)
		if errors.Is(err, api.ErrTooCostly) && len(batch) > 1 {
			size = len(batch) / 2
			continue
		}
		if err != nil {
			return done, err
		}
		sum.Owners += len(batch)
		for i, owner := range batch {
			if err := o.settle(ctx, owner, looks[i], sum); err != nil {
				return done, err
			}
			done++
		}
	}
	return done, nil
}

// settle goes by what was said about an owner. An error is not the owner's.
func (o *Owners) settle(ctx context.Context, owner db.ClaimGithubOwnersRow, at *lookedAt, sum *Looked) error {
	if at.err != nil {
		return o.fail(ctx, owner, at.err, sum)
	}
	if owner.Listed && at.look.mark() == owner.Mark && at.look.Login == owner.Login {
		return o.settled(ctx, owner.NodeID, at.look, LeftOut{}, false)
	}
	if at.look.Login != owner.Login {
		o.log.InfoContext(ctx, "followed owner was renamed", slog.String("owner", owner.Login), slog.String("now", at.look.Login))
	}
	list, err := listOwned(ctx, o.client, owner.NodeID, func(int, int) {})
	if _, waits := errors.AsType[*tasks.RateLimitError](err); waits || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	if err != nil {
		return o.fail(ctx, owner, err, sum)
	}
	picked, left := list.pick(at.wanted)
	added, err := addOwned(ctx, o.pool, owner.RepoGroupID, picked, repos.Options{ToolVersion: o.version})
	if err != nil {
		return fmt.Errorf("add the repositories of %s: %w", at.look.Login, err)
	}
	sum.Listed++
	sum.Added += added.Added
	if added.Added > 0 || added.Rejected > 0 || left.Unread > 0 {
		o.log.InfoContext(ctx, "repositories of a followed owner added", slog.String("owner", at.look.Login), slog.Int("added", added.Added),
			slog.Int("rejected", added.Rejected), slog.Int("unread", left.Unread))
	}
	return o.settled(ctx, owner.NodeID, at.look, left, true)
}

// settled notes what a look found, which was made before the repositories were read: what changed meanwhile moves the mark. When not all of them could be read, the next
// look reads them again.
func (o *Owners) settled(ctx context.Context, id string, look *ownerLook, left LeftOut, listed bool) error {
	p := db.SettleGithubOwnerParams{NodeID: id, Login: storable(look.Login), Kind: look.Kind, Listed: listed}
	if left.Unread == 0 {
		p.Mark = notEmpty(storable(look.mark()))
	}
	if err := o.queries.SettleGithubOwner(ctx, o.pool, p); err != nil {
		return fmt.Errorf("note what was found about %s: %w", look.Login, err)
	}
	return nil
}

// fail notes that an owner could not be looked at, for a reason of its own.
func (o *Owners) fail(ctx context.Context, owner db.ClaimGithubOwnersRow, why error, sum *Looked) error {
	sum.Failed++
	o.log.WarnContext(ctx, "followed owner not looked at; it is tried again later", slog.String("owner", owner.Login), slog.Any("error", why))
	err := o.queries.FailGithubOwner(ctx, o.pool, db.FailGithubOwnerParams{
		NodeID: owner.NodeID, Error: notEmpty(storable(why.Error())), OwnersAfter: config.Of[Settings](o.settings).OwnersAfter,
	})
	if err != nil {
		return fmt.Errorf("note what is wrong with %s: %w", owner.Login, err)
	}
	return nil
}

// giveBack gives back owners that were not looked at: at once when the program ends, and else for when it may go better.
func (o *Owners) giveBack(ctx context.Context, owners []db.ClaimGithubOwnersRow, why error) error {
	p := db.PutOffGithubOwnersParams{Wait: afterTrouble, Error: notEmpty(storable(why.Error()))}
	limit, waits := errors.AsType[*tasks.RateLimitError](why)
	switch {
	case ctx.Err() != nil:
		p.Wait, p.Error = 0, nil
	case waits:
		p.Wait = max(time.Until(limit.Until), lookEvery)
	}
	for _, owner := range owners {
		p.NodeIDs = append(p.NodeIDs, owner.NodeID)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackTime)
	defer cancel()
	if err := o.queries.PutOffGithubOwners(ctx, o.pool, p); err != nil {
		return fmt.Errorf("give back %d owners: %w", len(owners), err)
	}
	return nil
}

// FollowedOwner is an organisation or user that is followed.
type FollowedOwner struct {
	Login     string `json:"login"`
	Kind      string `json:"kind"`
	Group     int64  `json:"repo_group_id"`
	GroupName string `json:"rg_name"`
	Archived  bool   `json:"archived"`
	Forks     bool   `json:"forks"`
	// Repos counts what is stored under its name, in any group.
	Repos      int64      `json:"repositories"`
	FollowedAt time.Time  `json:"followed_at"`
	CheckedAt  *time.Time `json:"checked_at"`
	ListedAt   *time.Time `json:"listed_at"`
	// NextAt is when it is looked at again; nil: never, as the settings say.
	NextAt *time.Time `json:"next_at"`
	// Failures counts the looks in a row that had no result, and Error says why.
	Failures int32  `json:"failures"`
	Error    string `json:"error,omitempty"`
}

// FollowedOwners lists them by name, with the time of the database.
func FollowedOwners(ctx context.Context, pool *pgxpool.Pool, settings *config.Store) (owners []FollowedOwner, now time.Time, err error) {
	after := config.Of[Settings](settings).OwnersAfter
	rows, err := db.New().FollowedGithubOwners(ctx, pool, after)
	if err != nil {
		return nil, now, fmt.Errorf("list the followed owners: %w", err)
	}
	owners = make([]FollowedOwner, len(rows))
	for i, row := range rows {
		owners[i] = FollowedOwner{
			Login: row.Login, Kind: row.Kind, Group: row.RepoGroupID, GroupName: row.RgName, Archived: row.Archived, Forks: row.Forks, Repos: row.Repos,
			FollowedAt: row.FollowedAt, CheckedAt: row.CheckedAt, ListedAt: row.ListedAt, Failures: row.Failures, Error: row.Error,
		}
		if now = row.Now; after > 0 {
			owners[i].NextAt = &row.NextAt
		}
	}
	return owners, now, nil
}

// namedOwners is how many owners Unseen names.
const namedOwners = 3

// Unseen says which followed owners GitHub did not show when they were looked at last, and why, for people; none when all were seen.
func Unseen(ctx context.Context, pool *pgxpool.Pool, settings *config.Store) ([]string, error) {
	owners, _, err := FollowedOwners(ctx, pool, settings)
	if err != nil {
		return nil, err
	}
	var troubles []string
	unseen := 0
	for _, o := range owners {
		if o.Failures == 0 {
			continue
		}
		if unseen++; unseen <= namedOwners {
			troubles = append(troubles, fmt.Sprintf("new repositories of %s are not added (%s in a row): %s", o.Login, english.Plural(int(o.Failures), "look", ""), o.Error))
		}
	}
	if unseen > namedOwners {
		troubles = append(troubles, fmt.Sprintf("the same is true of %s: `augur db get-github-orgs` lists them", english.Plural(unseen-namedOwners, "more owner", "")))
	}
	return troubles, nil
}

// Unfollow ends the following of an owner. Its repositories stay.
func Unfollow(ctx context.Context, pool *pgxpool.Pool, text string) (logins []string, err error) {
	name, err := OwnerName(text)
	if err != nil {
		return nil, fmt.Errorf("%.60q %w", text, err)
	}
	logins, err = db.New().UnfollowGithubOwner(ctx, pool, name)
	if err != nil {
		return nil, fmt.Errorf("end the following of %s: %w", name, err)
	}
	if len(logins) == 0 {
		return nil, fmt.Errorf("%s is not followed: `augur db get-github-orgs` lists those that are", strings.ToLower(name))
	}
	return logins, nil
}
