package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Account is the operating-system user that server processes run as.
type Account struct {
	Name       string
	credential *syscall.Credential // nil: the user of this process
}

// AccountOf returns the account for a data directory: the current user, or for root the owner of the directory, and when it does not exist yet the
// user postgres or nobody. A directory of somebody else is an error, because PostgreSQL would refuse it with less to go by.
func AccountOf(data string) (Account, error) {
	owner, err := ownerOf(data)
	if errors.Is(err, fs.ErrPermission) {
		return Account{}, NoAccess(data, err)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Account{}, fmt.Errorf("owner of the data directory: %w", err)
	}
	exists := err == nil
	if uid := os.Geteuid(); uid != 0 {
		if exists && owner != uid {
			return Account{}, fmt.Errorf("data directory %s belongs to user %s: run the program as that user or as root, or set AUGUR_HOME to another directory",
				data, userName(owner))
		}
		return Account{Name: userName(uid)}, nil
	}
	if !exists {
		return serviceAccount()
	}
	if owner == 0 {
		return Account{}, fmt.Errorf("data directory %s belongs to root, and PostgreSQL refuses to run as root: give it to the user postgres (chown -R postgres %s)", data, data)
	}
	u, err := user.LookupId(strconv.Itoa(owner))
	if err != nil {
		return Account{}, fmt.Errorf("owner of data directory %s: %w", data, err)
	}
	return accountFor(u)
}

// NoAccess is the error about a data directory that this user cannot even look into, because err.
func NoAccess(data string, err error) error {
	return fmt.Errorf("%s is closed to this user: run the program as the user that made it or as root, or set AUGUR_HOME to a directory of your own: %w", data, err)
}

func ownerOf(path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("owner of %s: unknown on this system", path)
	}
	return int(stat.Uid), nil
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

func serviceAccount() (Account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return accountFor(u)
		}
	}
	return Account{}, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody: create one (useradd --system postgres)")
}

func accountFor(u *user.User) (Account, error) {
	groups, err := u.GroupIds()
	if err != nil {
		return Account{}, fmt.Errorf("groups of user %s: %w", u.Username, err)
	}
	ids := make([]uint32, 0, len(groups)+2)
	for _, text := range append([]string{u.Uid, u.Gid}, groups...) {
		id, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return Account{}, fmt.Errorf("ids of user %s: %w", u.Username, err)
		}
		ids = append(ids, uint32(id))
	}
	return Account{Name: u.Username, credential: &syscall.Credential{Uid: ids[0], Gid: ids[1], Groups: ids[2:]}}, nil
}

// Own gives a path to the account. It does nothing when the account is the current user.
func (a Account) Own(path string) error {
	if a.credential == nil {
		return nil
	}
	return os.Lchown(path, int(a.credential.Uid), int(a.credential.Gid))
}

// command prepares a server program under the account: in a session of its own, so that Ctrl-C in the terminal does not reach it, with an environment
// that no PG* variable of the caller gets into, and in a directory that every account may enter.
func (a Account) command(ctx context.Context, b Binaries, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.Path(program), args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + b.Dir + ":/usr/bin:/bin", "HOME=/", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: a.credential}
	return cmd
}

// Reach checks that the account can run the binaries and enter dir. The error names the first directory on the way that is closed.
// Only trying tells: besides the mode bits there are access lists, security modules and mount options.
func (a Account) Reach(ctx context.Context, b Binaries, dir string) error {
	if a.credential == nil {
		return nil
	}
	try := func(dir string) error {
		cmd := a.command(ctx, b, "postgres", "--version")
		cmd.Dir = dir
		return cmd.Run()
	}
	if err := try("/"); err != nil {
		return fmt.Errorf("run %s as user %s: %w", b.Path("postgres"), a.Name, err)
	}
	if err := try(dir); err == nil {
		return nil
	}
	for _, part := range prefixes(dir) {
		if err := try(part); err != nil {
			return &ClosedError{Dir: part, Wanted: dir, Account: a.Name, Err: err}
		}
	}
	return nil
}

// Admit lets the account enter, and not list, a directory of root that was closed to all others: it gets the account's group. A directory
// that others have a part in already stays as it is.
func (a Account) Admit(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if a.credential == nil || !ok || stat.Uid != 0 || info.Mode().Perm()&0o077 != 0 {
		return nil
	}
	if err := os.Lchown(dir, 0, int(a.credential.Gid)); err != nil {
		return err
	}
	return os.Chmod(dir, info.Mode().Perm()|0o010)
}

func prefixes(dir string) []string {
	var all []string
	for at := 1; at < len(dir); at++ {
		next := strings.IndexByte(dir[at:], filepath.Separator)
		if next < 0 {
			break
		}
		at += next
		all = append(all, dir[:at])
	}
	return append(all, dir)
}

// ClosedError says that the account may not enter a directory on the way to the data. Account.Reach returns it.
type ClosedError struct {
	Dir     string // the first directory that is closed
	Wanted  string
	Account string
	Err     error
}

func (e *ClosedError) Error() string {
	mode := ""
	if info, err := os.Stat(e.Dir); err == nil {
		mode = fmt.Sprintf(" (mode %#o)", info.Mode().Perm())
	}
	return fmt.Sprintf("directory %s%s is closed to user %s, who runs the server in %s: open it (chmod o+x %s), or set AUGUR_HOME to a directory that this user can enter, such as /var/lib/augur",
		e.Dir, mode, e.Account, e.Wanted, e.Dir)
}

func (e *ClosedError) Unwrap() error { return e.Err }
