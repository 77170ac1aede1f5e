package pack

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Store is the objects directory of a repository, with those that it borrows from. It is safe for concurrent use until Close.
type Store struct {
	dirs  []string
	packs []*file
	// many are the multi-pack-indexes, each with the packs that it knows, which are in packs, too, if they have an index of their own.
	many []known
}

type known struct {
	*multi
	files []*file
}

const (
	// deepest is how many stores may borrow from each other: as many as git follows.
	deepest = 5
	// mostDirs bounds how many there are in all.
	mostDirs = 64
)

// Open maps the packs of an objects directory. Packs that come later are not seen.
func Open(dir string) (*Store, error) {
	s := &Store{}
	if err := s.add(dir, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("open objects: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) add(dir string, depth int) error {
	if depth > deepest || len(s.dirs) >= mostDirs {
		return fmt.Errorf("%s: %w: alternates of alternates", dir, ErrUnknown)
	}
	s.dirs = append(s.dirs, dir)
	if err := s.addPacks(filepath.Join(dir, "pack")); err != nil {
		return err
	}
	list, err := os.ReadFile(filepath.Join(dir, "info", "alternates"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(string(list), "\n") {
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '"':
			return fmt.Errorf("%s: %w: quoted alternate", dir, ErrUnknown)
		case !filepath.IsAbs(line):
			line = filepath.Join(dir, line)
		}
		if err := s.add(line, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// addPacks opens the packs that have an index, and those that the multi-pack-index knows.
func (s *Store) addPacks(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	opened := map[string]*file{}
	for _, e := range entries {
		base, ok := strings.CutSuffix(e.Name(), ".pack")
		if !ok || !there[base+".idx"] {
			continue
		}
		f, err := openPack(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		s.packs = append(s.packs, f)
		opened[base] = f
	}
	if !there["multi-pack-index"] {
		return nil
	}
	return s.addMulti(dir, opened)
}

func (s *Store) addMulti(dir string, opened map[string]*file) error {
	raw, unmap, err := mapFile(filepath.Join(dir, "multi-pack-index"))
	if err != nil {
		return err
	}
	s.packs = append(s.packs, &file{close: []func() error{unmap}})
	m, err := parseMulti(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, "multi-pack-index"), err)
	}
	k := known{multi: m}
	for _, base := range m.packs {
		f := opened[base]
		if f == nil {
			if f, err = openPack(filepath.Join(dir, base+".pack")); err != nil {
				return err
			}
			s.packs = append(s.packs, f)
		}
		k.files = append(k.files, f)
	}
	s.many = append(s.many, k)
	return nil
}

// Close gives the packs back. No Reader may use the store any more.
func (s *Store) Close() error {
	var faults []error
	for _, f := range s.packs {
		faults = append(faults, f.shut())
	}
	s.packs, s.many = nil, nil
	return errors.Join(faults...)
}

// find returns the pack that an object is in, looking into near first, and where it stands there.
func (s *Store) find(h Hash, near *file) (*file, int64, bool) {
	for _, k := range s.many {
		if i, offset, ok := k.find(h); ok {
			return k.files[i], offset, true
		}
	}
	if near != nil && near.index != nil {
		if offset, ok := near.index.find(h); ok {
			return near, offset, true
		}
	}
	for _, f := range s.packs {
		if f.index == nil || f == near {
			continue
		}
		if offset, ok := f.index.find(h); ok {
			return f, offset, true
		}
	}
	return nil, 0, false
}

// loose reads an object that has a file of its own.
func (s *Store) loose(h Hash, limit int) (kind Kind, data []byte, err error) {
	name := h.String()
	for _, dir := range s.dirs {
		f, err := os.Open(filepath.Join(dir, name[:2], name[2:]))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		kind, data, err = readLoose(f, limit)
		if err = errors.Join(err, f.Close()); err != nil {
			return 0, nil, fmt.Errorf("loose object %s: %w", name, err)
		}
		return kind, data, nil
	}
	return 0, nil, fmt.Errorf("%s: %w", name, ErrMissing)
}

var kinds = map[string]Kind{"commit": Commit, "tree": Tree, "blob": Blob, "tag": Tag}

// readLoose reads "kind size", a NUL and the object.
func readLoose(r io.Reader, limit int) (Kind, []byte, error) {
	z, err := zlib.NewReader(bufio.NewReader(r))
	if err != nil {
		return 0, nil, err
	}
	in := bufio.NewReader(z)
	head, err := in.ReadSlice(0)
	if err != nil {
		return 0, nil, fmt.Errorf("header: %w", errDamaged)
	}
	name, digits, _ := bytes.Cut(head[:len(head)-1], []byte(" "))
	size, err := strconv.ParseUint(string(digits), 10, 62)
	kind := kinds[string(name)]
	switch {
	case err != nil || kind == 0:
		return 0, nil, fmt.Errorf("header: %w", errDamaged)
	case size > uint64(limit): //nolint:gosec // a positive limit
		return 0, nil, ErrLarge
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(in, data); err != nil {
		return 0, nil, err
	}
	// The sum stands behind the data: reading on checks it.
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return 0, nil, errors.Join(fmt.Errorf("end: %w", errDamaged), err)
	}
	return kind, data, nil
}
