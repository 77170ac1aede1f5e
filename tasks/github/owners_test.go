package github_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/db/repos"
	"augur/tasks"
	"augur/tasks/github"
	"augur/tasks/github/api"
	"augur/tasks/github/githubtest"
	"augur/tasks/tasktest"
)

// plain is a repository of which nothing but its name matters.
var plain = githubtest.Shape{Contributors: 1}

// ownersWorld is a GitHub, and an empty database.
func ownersWorld(t *testing.T, owned ...[]githubtest.Option) *world {
	t.Helper()
	return &world{t: t, forge: githubtest.New(t, slices.Concat(owned...)...), pool: dbtest.New(t)}
}

// several are repositories of an owner.
func several(owner string, n int) []githubtest.Option {
	owned := make([]githubtest.Option, n)
	for i := range owned {
		owned[i] = githubtest.With(fmt.Sprintf("%s/r-%03d", owner, i), plain)
	}
	return owned
}

// owners lets work use the following of owners, in a process of its own.
func (w *world) owners(work func(*github.Owners)) {
	w.t.Helper()
	service, err := api.New(w.pool, w.settings(), api.Options{Version: "test"})
	require.NoError(w.t, err)
	work(github.NewOwners(w.pool, w.settings(), service, "test", w.log()))
	require.NoError(w.t, service.Close(context.WithoutCancel(w.t.Context())))
}

// add adds and follows an owner, and returns what became of it.
func (w *world) add(name string, wanted github.Wanted) (added *github.AddedOwner, sum repos.Summary, verdicts []repos.Verdict) {
	w.t.Helper()
	w.owners(func(o *github.Owners) {
		var err error
		added, sum, err = o.Add(w.t.Context(), name, github.AddOwnerOptions{
			Wanted: wanted, Follow: true, Add: repos.Options{ToolVersion: "test", OnVerdict: func(v repos.Verdict) { verdicts = append(verdicts, v) }},
		})
		require.NoError(w.t, err)
	})
	return added, sum, verdicts
}

// look lets a day pass and looks at all owners.
func (w *world) look() (looked github.Looked) {
	w.t.Helper()
	w.dayPasses()
	w.owners(func(o *github.Owners) {
		var err error
		looked, err = o.Look(w.t.Context())
		require.NoError(w.t, err)
	})
	return looked
}

func (w *world) dayPasses() {
	w.t.Helper()
	w.exec(`UPDATE augur_operations.followed_owner SET checked_at = checked_at - interval '25 hours', retry_at = retry_at - interval '25 hours'`)
}

// addresses are those of all repositories.
func (w *world) addresses() []string {
	w.t.Helper()
	return w.strings("SELECT replace(repo_git, 'https://github.com/', '') FROM augur_data.repo ORDER BY 1")
}

// requests is how many of an operation were made.
func (w *world) requests(operation string) int {
	return w.forge.Counts().Operations["graphql "+operation].Requests
}

func change(r *githubtest.Repo, f func(r *githubtest.Repo)) { r.Change(func() { f(r) }) }

func TestAnOrganisationIsAddedByTheHundredWithoutArchivedRepositoriesAndForks(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 250), several("other", 3))
	repo := func(n int) *githubtest.Repo { return w.forge.Repo(fmt.Sprintf("octo/r-%03d", n)) }
	for n, f := range map[int]func(*githubtest.Repo){
		7:   func(r *githubtest.Repo) { r.Archived = true },
		8:   func(r *githubtest.Repo) { r.Archived, r.Fork = true, true },
		9:   func(r *githubtest.Repo) { r.Fork = true },
		90:  func(r *githubtest.Repo) { r.Fork = true },
		91:  func(r *githubtest.Repo) { r.Private, r.Shown = true, true },
		92:  func(r *githubtest.Repo) { r.Private = true },
		200: func(r *githubtest.Repo) { r.Empty = true },
	} {
		change(repo(n), f)
	}
	added, sum, verdicts := w.add("Octo", github.Wanted{})
	require.Equal(t, repos.Summary{Rows: 244, Added: 244}, sum)
	require.Len(t, verdicts, 244)
	require.Equal(t, &github.AddedOwner{Login: "octo", Kind: "Organization", Owned: 248, Group: added.Group, LeftOut: github.LeftOut{Archived: 1, Forks: 2, ArchivedForks: 1}, Followed: true}, added)
	require.Equal(t, []string{"octo Unknown 244"}, w.strings(
		`SELECT concat_ws(' ', rg_name, rg_type, count(*)) FROM augur_data.repo JOIN augur_data.repo_groups g USING (repo_group_id) WHERE repo_group_id = $1 GROUP BY g.repo_group_id`, added.Group))
	require.Equal(t, 1, w.requests("owner"))
	require.Equal(t, 3, w.requests("owned"))
	require.Equal(t, 4, w.forge.Counts().Operations["graphql owner"].Points+w.forge.Counts().Operations["graphql owned"].Points)
	require.Equal(t, 1, w.count("SELECT count(*) FROM augur_data.repo WHERE repo_git = 'https://github.com/octo/r-000' AND repo_src_id = $1", repo(0).ID))
	require.Zero(t, w.count("SELECT count(*) FROM augur_data.repo WHERE repo_src_id IS NULL OR repo_git LIKE '%/octo/r-09_' AND repo_git ~ '9[012]$'"))
	require.Equal(t, 4, w.count("SELECT sum(points) FROM augur_operations.api_spending WHERE kind = 'github_owners'"))

	// Again nothing changes, and the rest comes with the options.
	before := w.versions()
	_, sum, _ = w.add("https://github.com/octo", github.Wanted{})
	require.Equal(t, repos.Summary{Rows: 244, AlreadyThere: 244}, sum)
	require.Equal(t, before, w.versions())
	again, sum, _ := w.add("@octo", github.Wanted{Archived: true})
	require.Equal(t, repos.Summary{Rows: 245, Added: 1, AlreadyThere: 244}, sum)
	require.Equal(t, github.LeftOut{Forks: 3}, again.LeftOut)
	again, sum, _ = w.add("octo", github.Wanted{Archived: true, Forks: true})
	require.Equal(t, repos.Summary{Rows: 248, Added: 3, AlreadyThere: 245}, sum)
	require.Zero(t, again.LeftOut)
	require.Equal(t, added.Group, again.Group)
}

func TestNewRepositoriesOfFollowedOwnersAppearByThemselves(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 3), several("org", 2))
	w.forge.AddUser("ann", "User")
	w.forge.AddRepo("ann/dotfiles", plain)
	w.forge.AddUser("void", "Organization")
	_, sum, _ := w.add("octo", github.Wanted{})
	require.Equal(t, 3, sum.Added)
	ann, sum, _ := w.add("ann", github.Wanted{Forks: true})
	require.Equal(t, 1, sum.Added)
	require.Equal(t, "User", ann.Kind)
	void, sum, _ := w.add("void", github.Wanted{Archived: true})
	require.Zero(t, sum)
	require.Zero(t, void.Owned)
	w.add("org", github.Wanted{Archived: true, Forks: true})

	// Nothing new: one query for all, whatever is wanted of them, for a point.
	w.forge.ResetCounts()
	require.Equal(t, github.Looked{Owners: 4}, w.look())
	require.Equal(t, 1, w.forge.Counts().Total.Points)
	require.Equal(t, 1, w.requests("owners"))

	// Not before their time.
	w.owners(func(o *github.Owners) {
		looked, err := o.Look(t.Context())
		require.NoError(t, err)
		require.Zero(t, looked)
	})

	w.forge.AddRepo("octo/new", plain)
	w.forge.AddRepo("void/first", plain)
	fork := w.forge.AddRepo("ann/fork", plain)
	change(fork, func(r *githubtest.Repo) { r.Fork = true })
	attic := w.forge.AddRepo("octo/attic", plain)
	change(attic, func(r *githubtest.Repo) { r.Archived = true })
	require.Equal(t, github.Looked{Owners: 4, Listed: 3, Added: 3}, w.look())
	require.Equal(t, 1, w.count("SELECT count(*) FROM augur_data.repo WHERE repo_git = 'https://github.com/ann/fork' AND repo_group_id = $1", ann.Group))
	require.Equal(t, w.count("SELECT count(*) FROM augur_data.repo"), w.count("SELECT count(*) FROM augur_operations.collection_status WHERE core_status = 'Pending'"))
	require.NotContains(t, w.addresses(), "octo/attic")

	// One that leaves the archive is as good as new; so is one that another one makes room for.
	change(attic, func(r *githubtest.Repo) { r.Archived = false })
	require.Equal(t, github.Looked{Owners: 4, Listed: 1, Added: 1}, w.look())
	change(attic, func(r *githubtest.Repo) { r.Private = true })
	late := w.forge.AddRepo("octo/late", plain)
	change(late, func(r *githubtest.Repo) { r.Created = w.forge.Clock().Now() })
	require.Equal(t, github.Looked{Owners: 4, Listed: 1, Added: 1}, w.look())
	require.Equal(t, github.Looked{Owners: 4}, w.look())

	// Where the mark tells nothing, the list is read once in a long time.
	w.exec("UPDATE augur_operations.followed_owner SET listed_at = listed_at - interval '91 days' WHERE login = 'octo'")
	require.Equal(t, github.Looked{Owners: 4, Listed: 1}, w.look())

	// Whoever is not followed any more has no news.
	logins, err := github.Unfollow(t.Context(), w.pool, "OCTO")
	require.NoError(t, err)
	require.Equal(t, []string{"octo"}, logins)
	_, err = github.Unfollow(t.Context(), w.pool, "octo")
	require.ErrorContains(t, err, "octo is not followed: `augur db get-github-orgs` lists those that are")
	w.forge.AddRepo("octo/unseen", plain)
	require.Equal(t, github.Looked{Owners: 3}, w.look())
}

func TestARenamedOwnerStaysFollowed(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 2))
	added, _, _ := w.add("octo", github.Wanted{})
	w.forge.RenameUser(w.forge.User("octo"), "hexa")
	require.Equal(t, github.Looked{Owners: 1, Listed: 1}, w.look())
	require.Equal(t, []string{"hexa/r-000", "hexa/r-001"}, w.addresses())
	w.forge.AddRepo("hexa/new", plain)
	w.forge.AddRepo("octo/of-somebody-else", plain)
	require.Equal(t, github.Looked{Owners: 1, Listed: 1, Added: 1}, w.look())
	require.Equal(t, []string{"hexa/new", "hexa/r-000", "hexa/r-001"}, w.addresses())
	require.Equal(t, 3, w.count("SELECT count(*) FROM augur_data.repo WHERE repo_group_id = $1", added.Group))
	owners, _, err := github.FollowedOwners(t.Context(), w.pool, w.settings())
	require.NoError(t, err)
	require.Len(t, owners, 1)
	require.Equal(t, "hexa", owners[0].Login)
	require.EqualValues(t, 3, owners[0].Repos)
}

func TestAnOwnerThatIsGoneIsAskedForLaterAndLater(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 1), several("other", 1))
	w.add("octo", github.Wanted{})
	w.add("other", github.Wanted{})
	w.forge.DeleteUser(w.forge.User("octo"))
	w.forge.AddRepo("other/new", plain)
	require.Equal(t, github.Looked{Owners: 2, Listed: 1, Added: 1, Failed: 1}, w.look())
	owners, now, err := github.FollowedOwners(t.Context(), w.pool, w.settings())
	require.NoError(t, err)
	require.Contains(t, owners[0].Error, "GitHub does not show it")
	require.Empty(t, owners[1].Error)
	require.InDelta(t, 24, owners[0].NextAt.Sub(now).Hours(), 0.1)
	require.Equal(t, github.Looked{Owners: 2, Failed: 1}, w.look())
	require.Equal(t, github.Looked{Owners: 1}, w.look(), "the next one is after two days")
	require.Equal(t, github.Looked{Owners: 2, Failed: 1}, w.look())
	w.exec("UPDATE augur_operations.followed_owner SET failures = 5000 WHERE login = 'octo'")
	w.exec("UPDATE augur_operations.followed_owner SET retry_at = now() WHERE login = 'octo'")
	w.look()
	owners, now, err = github.FollowedOwners(t.Context(), w.pool, w.settings())
	require.NoError(t, err)
	require.InDelta(t, 16*24, owners[0].NextAt.Sub(now).Hours(), 0.1)
}

func TestSeveralMonitorsShareTheOwners(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 1))
	w.add("octo", github.Wanted{})
	w.dayPasses()
	w.forge.AddRepo("octo/new", plain)
	other := github.Looked{Owners: -1}
	var failed error
	w.owners(func(second *github.Owners) {
		w.forge.Script("graphql owners", githubtest.Do(func() { other, failed = second.Look(t.Context()) }))
		w.owners(func(first *github.Owners) {
			looked, err := first.Look(t.Context())
			require.NoError(t, err)
			require.Equal(t, github.Looked{Owners: 1, Listed: 1, Added: 1}, looked)
		})
	})
	require.NoError(t, failed)
	require.Zero(t, other)
	require.Equal(t, 1, w.requests("owners"))
}

func TestWhatIsTooMuchForGitHubIsAskedForInParts(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 130), several("other", 1), several("third", 1))
	w.forge.Script("graphql owned", githubtest.HTML(http.StatusBadGateway), githubtest.Status(http.StatusOK, `{"data":null,"errors":[{"type":"RESOURCE_LIMITS_EXCEEDED","message":"Resource limits for this query exceeded."}]}`))
	_, sum, _ := w.add("octo", github.Wanted{})
	require.Equal(t, 130, sum.Added)
	require.Equal(t, 2+6, w.requests("owned"), "pages of 25")
	w.add("other", github.Wanted{})
	w.add("third", github.Wanted{Forks: true})
	w.forge.ResetCounts()
	w.forge.Script("graphql owners", githubtest.HTML(http.StatusGatewayTimeout), githubtest.HTML(http.StatusBadGateway))
	require.ErrorIs(t, w.lookInVain(), api.ErrTooCostly, "one alone is too much")
	require.Equal(t, github.Looked{Owners: 3}, w.look())
	require.Zero(t, w.forge.Unplayed())
}

// lookInVain is look, when that fails.
func (w *world) lookInVain() (err error) {
	w.t.Helper()
	w.dayPasses()
	w.owners(func(o *github.Owners) { _, err = o.Look(w.t.Context()) })
	require.Error(w.t, err)
	return err
}

func TestAListThatChangesWhileItIsReadHasEachRepositoryOnce(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 120))
	repo := func(n int) *githubtest.Repo { return w.forge.Repo(fmt.Sprintf("octo/r-%03d", n)) }
	for n := range 120 {
		change(repo(n), func(r *githubtest.Repo) { r.Created = w.forge.Clock().Now().AddDate(-1, 0, n) })
	}
	w.forge.Script("graphql owned", githubtest.AsEver(), githubtest.Do(func() {
		change(repo(3), func(r *githubtest.Repo) { r.Created = w.forge.Clock().Now() }) // it comes again
		change(repo(50), func(r *githubtest.Repo) { r.Private = true })
		w.forge.Rename(repo(3), "octo/renamed")
		fresh := w.forge.AddRepo("octo/new", plain)
		change(fresh, func(r *githubtest.Repo) { r.Created = w.forge.Clock().Now() })
	}))
	_, sum, verdicts := w.add("octo", github.Wanted{})
	require.Equal(t, repos.Summary{Rows: 121, Added: 121}, sum)
	require.Len(t, verdicts, 121)
	require.Subset(t, w.addresses(), []string{"octo/new", "octo/renamed", "octo/r-000", "octo/r-119"})
	require.NotContains(t, w.addresses(), "octo/r-003")
	// The mark is of before the list was read.
	require.Equal(t, github.Looked{Owners: 1, Listed: 1}, w.look())
	require.Equal(t, github.Looked{Owners: 1}, w.look())
}

func TestWhatGitHubDoesNotTellIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 4))
	row := func(n int) string {
		return fmt.Sprintf(`{"databaseId":%d,"nameWithOwner":"octo/r-%03d","isArchived":false,"isFork":false,"isPrivate":false,"isDisabled":false}`,
			w.forge.Repo(fmt.Sprintf("octo/r-%03d", n)).ID, n)
	}
	spoil := func(n int, text string) githubtest.Answer { return githubtest.ReplaceInBody(row(n), text) }
	w.forge.Script("graphql owned", func(r *http.Request, next func() *githubtest.Response) *githubtest.Response {
		return spoil(1, "null")(r, func() *githubtest.Response {
			return spoil(2, `{"databaseId":1,"nameWithOwner":"octo/r-002","isPrivate":true}`)(r, func() *githubtest.Response {
				return spoil(3, `{"databaseId":2,"nameWithOwner":"octo/r-003","isDisabled":true}`)(r, next)
			})
		})
	})
	added, sum, _ := w.add("octo", github.Wanted{})
	require.Equal(t, repos.Summary{Rows: 1, Added: 1}, sum)
	require.Equal(t, github.LeftOut{Unread: 1, Disabled: 1}, added.LeftOut)
	require.Equal(t, github.Looked{Owners: 1, Listed: 1, Added: 3}, w.look())
	require.Equal(t, github.Looked{Owners: 1}, w.look())
}

func TestANumberBeyond32BitsDoesNotHideARepository(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 2))
	change(w.forge.Repo("octo/r-001"), func(r *githubtest.Repo) { r.ID = 1 << 40 })
	added, sum, _ := w.add("octo", github.Wanted{})
	require.Equal(t, repos.Summary{Rows: 2, Added: 2}, sum)
	require.Zero(t, added.LeftOut)
	require.Equal(t, github.Looked{Owners: 1}, w.look())
}

func TestOwnersWaitForBudgetAndForKeys(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 1))
	w.add("octo", github.Wanted{})
	w.forge.ResetCounts()
	w.options = append(w.options, "GitHub.reserve=6000")
	var limit *tasks.RateLimitError
	w.forge.AddRepo("octo/new", plain)
	w.exec("UPDATE augur_operations.api_budget SET points_limit = 20000, remaining = 6000") // the reserve is all that is left
	require.ErrorAs(t, w.lookInVain(), &limit)
	w.owners(func(o *github.Owners) {
		_, _, err := o.Add(t.Context(), "octo", github.AddOwnerOptions{})
		require.ErrorAs(t, err, &limit)
	})
	require.Zero(t, w.requests("owners")+w.requests("owner"))
	owners, now, err := github.FollowedOwners(t.Context(), w.pool, w.settings())
	require.NoError(t, err)
	require.Contains(t, owners[0].Error, "has used up its budget for graphql")
	require.Zero(t, owners[0].Failures, "it is not the owner's fault")
	require.True(t, owners[0].NextAt.After(now))

	// Without a key nobody is asked for, nor when the settings say so.
	for _, option := range []string{"Keys.github_api_key=", "GitHub.owners_after=0s"} {
		w.options = []string{option}
		require.Zero(t, w.look())
	}
	w.options = nil
	require.Equal(t, github.Looked{Owners: 1, Listed: 1, Added: 1}, w.look())
}

func TestOwnersAreGivenBackWhenTheProgramEnds(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 1))
	w.add("octo", github.Wanted{})
	w.dayPasses()
	ctx, stop := context.WithCancel(t.Context())
	w.forge.Script("graphql owners", githubtest.Do(stop))
	w.owners(func(o *github.Owners) {
		_, err := o.Look(ctx)
		require.ErrorIs(t, err, context.Canceled)
	})
	require.Equal(t, 1, w.count("SELECT count(*) FROM augur_operations.followed_owner WHERE retry_at <= now() AND error IS NULL AND failures = 0"))
}

func TestFollowingGoesOnUntilItIsStopped(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 1))
	w.add("octo", github.Wanted{})
	w.dayPasses()
	w.forge.AddRepo("octo/new", plain)
	w.owners(func(o *github.Owners) {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			o.Run(ctx)
		}()
		tasktest.Eventually(t, w.pool, "SELECT count(*) = 2 FROM augur_data.repo")
		stop()
		<-ended
	})
}

func TestAnOwnerMustBeThere(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 1))
	for text, reason := range map[string]string{
		"nobody":                         "GitHub knows no organisation or user of this name",
		"dependabot":                     "GitHub knows no organisation or user of this name",
		"octo--":                         "is no name that GitHub allows",
		"https://github.com/octo/r-000":  "names a repository: `augur db add-repo https://github.com/octo/r-000` adds it",
		"https://user:pw@gitlab.com/abc": "is not on github.com",
	} {
		added, sum, verdicts := w.add(text, github.Wanted{})
		require.Nil(t, added)
		require.Equal(t, repos.Summary{Rows: 1, Rejected: 1}, sum)
		require.Contains(t, verdicts[0].Reason, reason)
		require.NotContains(t, verdicts[0].URL, "pw")
	}
	// GitHub may also say so with an error.
	w.forge.Script("graphql owner", githubtest.Status(http.StatusOK, `{"data":{"repositoryOwner":null},"errors":[{"type":"NOT_FOUND","path":["repositoryOwner"],"message":"Could not resolve"}]}`))
	_, sum, _ := w.add("octo", github.Wanted{})
	require.Equal(t, 1, sum.Rejected)
	w.forge.Script("graphql owner", githubtest.Status(http.StatusOK, `{"data":{"repositoryOwner":null},"errors":[{"type":"FORBIDDEN","path":["repositoryOwner"],"message":"an IP allow list is enabled"}]}`))
	w.owners(func(o *github.Owners) {
		_, _, err := o.Add(t.Context(), "octo", github.AddOwnerOptions{})
		require.ErrorContains(t, err, "an IP allow list is enabled")
	})
	require.Zero(t, w.count("SELECT count(*) FROM augur_operations.followed_owner"))
	require.Empty(t, w.addresses())
}

func TestAnOwnerIsAddedWithoutFollowingIt(t *testing.T) {
	t.Parallel()
	w := ownersWorld(t, several("octo", 1))
	w.forge.AddUser("void", "Organization")
	w.owners(func(o *github.Owners) {
		added, sum, err := o.Add(t.Context(), "octo", github.AddOwnerOptions{Group: 10})
		require.NoError(t, err)
		require.Equal(t, repos.Summary{Rows: 1, Added: 1}, sum)
		require.EqualValues(t, 10, added.Group)
		groups := w.count("SELECT count(*) FROM augur_data.repo_groups")
		_, _, err = o.Add(t.Context(), "void", github.AddOwnerOptions{})
		require.NoError(t, err)
		require.Equal(t, groups, w.count("SELECT count(*) FROM augur_data.repo_groups"), "there is nothing to put into one")
	})
	require.Zero(t, w.count("SELECT count(*) FROM augur_operations.followed_owner"))
}

func TestOwnersAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"octo": "octo", "@Octo\n": "Octo", "a": "a", "a-b-c": "a-b-c", "mona-cat_octo": "mona-cat_octo", "of-long-ago-": "of-long-ago-",
		"https://github.com/octo": "octo", "HTTPS://GitHub.com/octo/": "octo", "http://www.github.com/octo?tab=repositories": "octo", "github.com/octo": "octo",
		"https://github.com/orgs/octo/repositories": "octo", "https://github.com/users/ann": "ann",
		"a23456789-123456789-123456789-123456789": "a23456789-123456789-123456789-123456789",
	} {
		name, err := github.OwnerName(text)
		require.NoError(t, err, text)
		require.Equal(t, want, name)
	}
	for _, text := range []string{
		"", "-", "-a", "a--b", "_a", "a_", "a_b_c", "a b", "a.b", "a/b", "ünï", "octo\x00", "octo\n--x", "https://github.com/", "https://github.com/a/b", "https://gitlab.com/a", "a234567890-123456789-123456789-123456789",
		"$(id)", "'; DROP TABLE repo; --", "dependabot[bot]",
	} {
		_, err := github.OwnerName(text)
		require.Error(t, err, text)
	}
}

func FuzzOwnerName(f *testing.F) {
	for _, text := range []string{"octo", "https://github.com/orgs/octo/repositories", "github.com//", "@@", "https://github.com/a/b/c?d", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := github.OwnerName(text)
		if err != nil {
			return
		}
		again, err := github.OwnerName("https://github.com/" + name)
		if err != nil || again != name {
			t.Errorf("OwnerName(%q) = %q, which is read as %q: %v", text, name, again, err)
		}
	})
}
