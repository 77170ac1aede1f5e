package git

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// Settings is section Facade of the settings table: where clones lie, which steps of the facade phase run, which addresses git may
// be sent to, and how long it may take.
//
// A switch that is 0 is off, whatever limited_run says.
type Settings struct {
	_ struct{} `section:"Facade" effect:"next task"`

	// Directory of the bare clones. `repos/` is a directory of that name in $AUGUR_HOME, made on demand. Any other value must be an absolute
	// path to a directory that exists; environment variables such as $HOME are not expanded. It needs room for every repository of the
	// table and is best on a disk of its own. After a change repositories are cloned again: the old directory is left as it is.
	RepoDirectory string `setting:"repo_directory" default:"repos/"`
	// 0 runs every task of the facade phase. 1 runs only the steps that have a switch of their own (pull_repos, run_analysis,
	// run_facade_contributors, rebuild_caches) and leaves out the rest: dependencies, libyears, lines of code.
	LimitedRun bool `setting:"limited_run" default:"0" type:"int"`
	// 1 fetches what is new in repositories that are cloned already. 0 leaves clones as they are, so updates are not collected; new
	// repositories are still cloned.
	PullRepos bool `setting:"pull_repos" default:"1" type:"int"`
	// 1 reads commits and file changes out of the clones. 0 only clones and fetches; mainly for tests.
	RunAnalysis bool `setting:"run_analysis" default:"1" type:"int"`
	// 1 links commit e-mail addresses to contributors, and notes those that a platform has to be asked about. 0 leaves cmt_ght_author_id of new commits empty; it is
	// filled in by the first run after it is 1 again.
	RunContributors bool `setting:"run_facade_contributors" default:"1" type:"int"`
	// 1 looks at the people of all commits of a repository in each run; 0 at those of new commits, and at those about whom something changed. Both
	// end the same; 1 finds changes that were made behind the back of the database's triggers.
	FullContributors bool `setting:"facade_contributor_full_recollect" default:"0" type:"int"`
	// 1 stores the message of every commit.
	CommitMessages bool `setting:"commit_messages" default:"1" type:"int"`
	// 1 invalidates the stored affiliation (the organization behind an e-mail address) of the commits of every repository when affiliations or aliases
	// change: the next run finds it anew, and the sums follow. 0 leaves commits as they were attributed when they were stored.
	ForceInvalidateCaches bool `setting:"force_invalidate_caches" default:"1" type:"int"`
	// 1 finds the affiliation of commits and keeps the dm_* tables. 0 does neither; the first run after it is 1 again makes up for it.
	RebuildCaches bool `setting:"rebuild_caches" default:"1" type:"int"`

	// Prefixes of repository URLs and what replaces them for clone and fetch: `prefix=replacement` pairs separated by blanks or commas, such as
	// `https://github.com/=https://mirror.example.org/github/`. The longest matching prefix wins. What is stored in tables stays the
	// original URL. A replacement may be plain http or a directory on this machine, whatever allow_http and allow_local say; it must not carry
	// a password. Empty: nothing is replaced.
	URLRewrite Rewrites `setting:"url_rewrite" default:""`
	// 1 permits repositories that are paths on this machine (`/srv/git/project.git`, `file://...`). Whoever may add repositories may then
	// read every git repository that this program can read.
	AllowLocal bool `setting:"allow_local" default:"0" type:"int"`
	// 1 permits plain `http://`, which anybody on the way can read and change.
	AllowHTTP bool `setting:"allow_http" default:"0" type:"int"`
	// 1 permits hosts that are written as loopback, private or link-local addresses (127.0.0.1, 10.1.2.3, localhost).
	AllowPrivate bool `setting:"allow_private" default:"0" type:"int"`

	// Longest time of one clone. Go duration text (`90s`, `2h`, `1h30m`).
	CloneTimeout time.Duration `setting:"clone_timeout" default:"2h" min:"1s" max:"168h"`
	// Longest time of one fetch into an existing clone. Go duration text.
	FetchTimeout time.Duration `setting:"fetch_timeout" default:"30m" min:"1s" max:"168h"`
	// Longest time of one run over a repository's history. What is stored by then stays, and the next run goes on from there. Go
	// duration text.
	AnalysisTimeout time.Duration `setting:"analysis_timeout" default:"12h" min:"1s" max:"168h"`
	// Longest time of asking a server for its branches (git ls-remote). Go duration text.
	RemoteTimeout time.Duration `setting:"remote_timeout" default:"1m" min:"1s" max:"1h"`
	// A transfer slower than this many bytes a second, for low_speed_time, is broken off. 0 never breaks off; the timeouts above still hold.
	LowSpeedLimit int `setting:"low_speed_limit" default:"1000" min:"0" max:"1000000000" unused:"it is always 1000"`
	// How long a transfer may stay under low_speed_limit. Go duration text, whole seconds.
	LowSpeedTime time.Duration `setting:"low_speed_time" default:"1m" min:"1s" max:"1h"`
	// How many versions of files a worker process compares at a time, and how many git processes one analysis uses where git has to do it. 0: as many as the machine has processors.
	GitProcesses int `setting:"git_processes" default:"0" min:"0" max:"1024"`

	// Largest file that is looked at for lines of code, imports and dependencies, such as `16 MB` or `512KiB`; larger ones are left out and counted in
	// augur_operations.tree_snapshot.
	TreeFileLimit Size `setting:"tree_file_limit" default:"16 MB"`
	// Longest time of one look at all files of a repository. Go duration text.
	TreeTimeout time.Duration `setting:"tree_timeout" default:"2h" min:"1s" max:"168h"`
	// How many snapshots of a repository stay in repo_labor, in repo_dependencies and in repo_deps_libyear: with each new one those that are older than these go. Dashboards read the newest.
	// 0: all stay, as in Augur.
	SnapshotsKept int `setting:"snapshots_kept" default:"0" min:"0" max:"1000000"`
	// How old the libyears of a repository may become while its files do not change: upstream goes on. Go duration text.
	LibyearInterval time.Duration `setting:"libyear_interval" default:"168h" min:"1h" max:"87600h"`
	// Most that all clones in repo_directory may take on disk, such as `200 GB`. When it is exceeded, the clones that were not used for longest are removed; they are made again
	// when there is something to fetch. 0: no limit.
	DiskQuota Size `setting:"disk_quota" default:"0"`
	// Free space on the disk of repo_directory under which nothing is cloned or fetched, such as `20 GB`: first clones that nobody uses are removed, the longest unused first, and when that
	// is not enough, jobs wait. 0: never waits.
	FreeSpaceFloor Size `setting:"free_space_floor" default:"500 MB"`

	// 1 looked for a new version of the program in the 2010s.
	CheckUpdates bool `setting:"check_updates" default:"1" type:"int" unused:"nothing looks for updates"`
	// 1 wrote spreadsheets.
	CreateXLSX bool `setting:"create_xlsx_summary_files" default:"1" type:"int" unused:"no spreadsheets are written"`
	// 1 analysed in several processes; see git_processes.
	Multithreaded bool `setting:"multithreaded" default:"1" type:"int" unused:"git_processes decides"`
	// 1 deleted repositories that were marked for it.
	DeleteMarkedRepos bool `setting:"delete_marked_repos" default:"0" type:"int" unused:"repositories are not marked"`
	// 1 finds the affiliation of commits that were stored without one, by Augur or while rebuild_caches was 0. 0 leaves it empty.
	FixAffiliations bool `setting:"fix_affiliations" default:"1" type:"int"`
	// 1 takes no stored affiliation and no sum for granted: each run compares those of all commits of its repository with the tables, and corrects what
	// differs. That costs about as much as storing the commits did; set it for one run, when you doubt them.
	NukeAffiliations bool `setting:"nuke_stored_affiliations" default:"0" type:"int"`
}

// defaultDirectory is the value of repo_directory that means: in $AUGUR_HOME, and made on demand.
const defaultDirectory = "repos"

// Validate reports every setting that makes no sense, as far as that can be told without looking at the disk.
func (s Settings) Validate() error {
	return errors.Join(s.validateDirectory(), s.URLRewrite.validate(), s.validateLowSpeed())
}

func (s Settings) validateDirectory() error {
	fault := func(reason string) error {
		return fmt.Errorf("Facade.repo_directory: %s (got %.80q)", reason, s.RepoDirectory)
	}
	switch dir := filepath.Clean(s.RepoDirectory); {
	case s.RepoDirectory == "":
		return fault("must not be empty")
	case s.DefaultDirectory():
		return nil
	case strings.ContainsFunc(s.RepoDirectory, unicode.IsControl):
		return fault("must not contain control characters")
	case strings.HasPrefix(dir, "$") || strings.HasPrefix(dir, "~"):
		return fault("must be absolute; variables and ~ are not expanded")
	case !filepath.IsAbs(dir):
		return fault("must be absolute")
	case dir == "/":
		return fault("must not be the root directory")
	}
	return nil
}

func (s Settings) validateLowSpeed() error {
	if s.LowSpeedTime%time.Second != 0 {
		return fmt.Errorf("Facade.low_speed_time: must be whole seconds (got %s)", s.LowSpeedTime)
	}
	return nil
}

// DefaultDirectory tells whether clones go to the directory in $AUGUR_HOME, which is made on demand. Any other must exist.
func (s Settings) DefaultDirectory() bool { return filepath.Clean(s.RepoDirectory) == defaultDirectory }

// Directory is the absolute path of the clones, without a slash at its end; home is $AUGUR_HOME.
func (s Settings) Directory(home string) string {
	if s.DefaultDirectory() {
		return filepath.Join(home, defaultDirectory)
	}
	return filepath.Clean(s.RepoDirectory)
}

// Rewrite says that git is sent to Replacement wherever a repository's URL starts with Prefix.
type Rewrite struct {
	Prefix, Replacement string
}

// Rewrites are the pairs of Facade.url_rewrite in the order in which they were written.
type Rewrites []Rewrite

// UnmarshalText reads `prefix=replacement` pairs separated by blanks or commas.
func (r *Rewrites) UnmarshalText(text []byte) error {
	var pairs Rewrites
	for field := range strings.FieldsFuncSeq(string(text), func(c rune) bool { return c == ',' || unicode.IsSpace(c) }) {
		prefix, replacement, ok := strings.Cut(field, "=")
		if !ok || prefix == "" || replacement == "" {
			return fmt.Errorf("must be prefix=replacement pairs separated by blanks or commas (got %.80q)", withoutPassword(field))
		}
		pairs = append(pairs, Rewrite{Prefix: prefix, Replacement: replacement})
	}
	*r = pairs
	return nil
}

// MarshalText writes the pairs as UnmarshalText reads them, one blank between two.
func (r Rewrites) MarshalText() ([]byte, error) {
	pairs := make([]string, len(r))
	for i, pair := range r {
		pairs[i] = pair.Prefix + "=" + pair.Replacement
	}
	return []byte(strings.Join(pairs, " ")), nil
}

func (r Rewrites) validate() error {
	var faults []error
	fault := func(reason, text string) {
		faults = append(faults, fmt.Errorf("Facade.url_rewrite: %s (got %.80q)", reason, withoutPassword(text)))
	}
	seen := map[string]bool{}
	for _, pair := range r {
		if seen[pair.Prefix] {
			fault("has one prefix twice", pair.Prefix)
		}
		seen[pair.Prefix] = true
		switch to := pair.Replacement; {
		case strings.HasPrefix(to, "-") || strings.Contains(to, "::"):
			fault("a replacement must be a URL or a path", to)
		case strings.ContainsFunc(pair.Prefix+to, unicode.IsControl):
			fault("must not contain control characters", pair.Prefix+"="+to)
		case withoutPassword(to) != to:
			fault("a replacement must not carry a password", to)
		}
	}
	return errors.Join(faults...)
}

// withoutPassword is the URL with its password, or all of it that cannot be told from one, replaced.
func withoutPassword(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	authority, path, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 || !strings.Contains(authority[:at], ":") {
		return address
	}
	user, _, _ := strings.Cut(authority[:at], ":")
	return scheme + "://" + (&url.URL{User: url.User(user)}).User.String() + ":xxxxx" + authority[at:] + "/" + path
}
