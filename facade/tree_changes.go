package facade

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"augur/facade/pack"
)

const (
	// treeBudget is how much of what was unpacked last the lister keeps, in bytes: the trees of neighbouring commits have most in common.
	treeBudget = 16 << 20
	// mostChanges and mostTrees bound what is held of one commit. Git lists commits that change more, such as the import of a project, as they come.
	mostChanges = 32 << 10
	mostTrees   = 64 << 10
	// deepestTree bounds directories within directories.
	deepestTree = 1 << 10
)

// errGitLists is returned for a commit whose changes git has to list: there may be a rename, or it is one that is not read here.
var errGitLists = errors.New("a commit that git lists")

// treeComparer finds the files that a commit changed, by comparing its tree with that of its parent, as git diff-tree -r --root does. Renames are left to git: there is none
// where nothing was deleted, or nothing created.
type treeComparer struct {
	objects *pack.Reader

	// Of the commit that is compared.
	changes []treeChange
	names   []byte // of the changes, one after the other
	prefix  []byte // the directory that is compared, with its slash
	trees   int
	deleted bool
	created bool
}

// treeChange is what a commit did to one file.
type treeChange struct {
	row  row // what is to be compared
	name []byte
}

// entry is one name in a tree.
type entry struct {
	mode uint32 // as git shows it; 0: nothing stands there
	hash pack.Hash
	name []byte
}

// The modes that git shows, and the bits of them that tell the type.
const (
	modeType      = 0o170000
	modeDirectory = 0o040000
	modeFile      = 0o100000
	modeLink      = 0o120000
	modeSubmodule = 0o160000
	modeOwnerRuns = 0o100
)

func newTreeComparer(store *pack.Store) *treeComparer {
	t := &treeComparer{objects: pack.NewReader(treeBudget, largestContent)}
	t.objects.Use(store)
	return t
}

// commit returns the changes of a commit, in git's order; none for a merge. They are valid until the next call. Any error means that git has to list this commit.
func (t *treeComparer) commit(hash string) (changes []treeChange, err error) {
	err = guarded(func() error {
		t.changes, t.names, t.prefix = t.changes[:0], t.names[:0], t.prefix[:0]
		t.trees, t.deleted, t.created = 0, false, false
		name, ok := pack.ParseHash([]byte(hash))
		if !ok {
			return fmt.Errorf("%q is no commit", hash)
		}
		tree, parent, parents, err := t.header(name)
		if err != nil || parents > 1 {
			return err
		}
		if parents == 0 {
			return t.compare(nil, &tree, 0)
		}
		before, _, _, err := t.header(parent)
		if err != nil {
			return err
		}
		return t.compare(&before, &tree, 0)
	})
	return t.changes, err
}

// header reads the names at the start of a commit: its tree, its first parent, and how many parents there are.
func (t *treeComparer) header(commit pack.Hash) (tree, parent pack.Hash, parents int, err error) {
	o, err := t.objects.Object(commit)
	if err != nil {
		return tree, parent, 0, err
	}
	defer t.objects.GiveBack(o)
	line, rest, _ := bytes.Cut(o.Data, []byte("\n"))
	digits, ok := bytes.CutPrefix(line, []byte("tree "))
	if ok {
		tree, ok = pack.ParseHash(digits)
	}
	if o.Kind != pack.Commit || !ok {
		return tree, parent, 0, errGitLists
	}
	for {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		digits, ok := bytes.CutPrefix(line, []byte("parent "))
		if !ok {
			return tree, parent, parents, nil
		}
		if parents++; parents == 1 {
			if parent, ok = pack.ParseHash(digits); !ok {
				return tree, parent, 0, errGitLists
			}
		}
	}
}

// compare compares two trees, nil for one that is not there.
func (t *treeComparer) compare(before, after *pack.Hash, depth int) error {
	if before != nil && after != nil && *before == *after {
		return nil
	}
	if depth > deepestTree {
		return errGitLists
	}
	a, giveBack, err := t.tree(before)
	if err != nil {
		return err
	}
	defer giveBack()
	b, giveBack, err := t.tree(after)
	if err != nil {
		return err
	}
	defer giveBack()
	for {
		same := sameEntries(a, b)
		a, b = a[same:], b[same:]
		if len(a) == 0 && len(b) == 0 {
			return nil
		}
		was, restA, okA := nextEntry(a)
		now, restB, okB := nextEntry(b)
		if !okA || !okB {
			return errGitLists
		}
		order := compareEntries(&was, &now)
		if order <= 0 {
			a = restA
		} else {
			was = entry{}
		}
		if order >= 0 {
			b = restB
		} else {
			now = entry{}
		}
		if err := t.change(&was, &now, depth); err != nil {
			return err
		}
	}
}

// tree reads a tree, and returns how to give it back.
func (t *treeComparer) tree(hash *pack.Hash) ([]byte, func(), error) {
	if hash == nil {
		return nil, func() {}, nil
	}
	if t.trees++; t.trees > mostTrees {
		return nil, nil, errGitLists
	}
	o, err := t.objects.Object(*hash)
	if err != nil {
		return nil, nil, err
	}
	if o.Kind != pack.Tree {
		t.objects.GiveBack(o)
		return nil, nil, errGitLists
	}
	return o.Data, func() { t.objects.GiveBack(o) }, nil
}

// change notes what became of a name, or of what is below it. At least one of the entries is there; both are directories, or none is.
func (t *treeComparer) change(was, now *entry, depth int) error {
	if was.mode == now.mode && was.hash == now.hash {
		return nil
	}
	name := was.name
	if was.mode == 0 {
		name = now.name
	}
	outer := len(t.prefix)
	defer func() { t.prefix = t.prefix[:outer] }()
	t.prefix = append(t.prefix, name...)
	if was.mode == modeDirectory || now.mode == modeDirectory {
		t.prefix = append(t.prefix, '/')
		var before, after *pack.Hash
		if was.mode != 0 {
			before = &was.hash
		}
		if now.mode != 0 {
			after = &now.hash
		}
		return t.compare(before, after, depth+1)
	}
	t.deleted = t.deleted || now.mode == 0
	t.created = t.created || was.mode == 0
	if t.deleted && t.created || len(t.changes) == mostChanges {
		return errGitLists
	}
	start := len(t.names)
	t.names = append(t.names, t.prefix...)
	t.changes = append(t.changes, treeChange{row: newRow(was, now), name: t.names[start:len(t.names):len(t.names)]})
	return nil
}

// newRow makes a row of two entries, none of which is a directory.
func newRow(was, now *entry) row {
	r := row{old: was.version(), new: now.version()}
	r.split = was.mode != 0 && now.mode != 0 && was.mode&modeType != now.mode&modeType
	return r
}

// version is what stands there, unless it is a directory.
func (e *entry) version() version {
	switch e.mode {
	case 0:
		return version{}
	case modeSubmodule:
		return version{submodule, e.hash}
	}
	return version{content, e.hash}
}

// sameEntries is how many bytes whole entries take at the start of both trees that are the same.
func sameEntries(a, b []byte) int {
	common := 0
	for len(a) >= common+8 && len(b) >= common+8 {
		differ := binary.LittleEndian.Uint64(a[common:]) ^ binary.LittleEndian.Uint64(b[common:])
		if differ != 0 {
			common += bits.TrailingZeros64(differ) / 8
			break
		}
		common += 8
	}
	same := 0
	for {
		name := bytes.IndexByte(a[same:], 0)
		end := same + name + 1 + len(pack.Hash{})
		if name < 0 || end > common {
			return same
		}
		same = end
	}
}

// nextEntry reads "100644 name", NUL, and a hash in 20 bytes. An empty tree has none, which is no fault.
func nextEntry(tree []byte) (e entry, rest []byte, ok bool) {
	if len(tree) == 0 {
		return entry{}, nil, true
	}
	var mode uint32
	for i, c := range tree {
		if c == ' ' {
			tree = tree[i+1:]
			break
		}
		if c < '0' || c > '7' || i > 7 {
			return entry{}, nil, false
		}
		mode = mode<<3 | uint32(c-'0')
	}
	end := bytes.IndexByte(tree, 0)
	if end <= 0 || len(tree) < end+1+len(e.hash) {
		return entry{}, nil, false
	}
	e.name = tree[:end]
	rest = tree[end+1:]
	rest = rest[copy(e.hash[:], rest):]
	e.mode = shownMode(mode)
	return e, rest, true
}

// shownMode is what git makes of a mode in a tree: old tools wrote others.
func shownMode(mode uint32) uint32 {
	switch mode & modeType {
	case modeFile:
		if mode&modeOwnerRuns != 0 {
			return modeFile | 0o755
		}
		return modeFile | 0o644
	case modeLink, modeDirectory:
		return mode & modeType
	}
	return modeSubmodule
}

// compareEntries brings names into the order of trees: a directory stands where its name with a slash would. An entry that is not there comes last.
func compareEntries(a, b *entry) int {
	switch {
	case a.mode == 0:
		return 1
	case b.mode == 0:
		return -1
	}
	common := min(len(a.name), len(b.name))
	if order := bytes.Compare(a.name[:common], b.name[:common]); order != 0 {
		return order
	}
	return int(a.after(common)) - int(b.after(common))
}

// after is the byte that follows so many bytes of a name.
func (e *entry) after(n int) byte {
	switch {
	case n < len(e.name):
		return e.name[n]
	case e.mode == modeDirectory:
		return '/'
	}
	return 0
}
