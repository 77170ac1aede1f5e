package githubtest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// node is the object of a global id, or the problem that there is none.
func (s *Server) node(id string) any {
	if found := s.lookUp(id); !isNil(found) {
		return found
	}
	return problem{"NOT_FOUND", fmt.Sprintf("Could not resolve to a node with the global id of '%s'", id)}
}

func (s *Server) lookUp(id string) any {
	if number, ok := oldUserID(id); ok {
		return s.userByID[number]
	}
	prefix, packed, ok := strings.Cut(id, "_")
	if !ok {
		return nil
	}
	numbers := unpack(packed)
	switch {
	case len(numbers) == 0:
		return nil
	case slices.Contains([]string{"U", "O", "BOT", "M"}, prefix):
		return s.userByID[numbers[0]]
	case prefix == "R":
		if r := s.byID[numbers[0]]; r != nil && r.Fault == NoFault {
			return r
		}
		return nil
	}
	r := s.byID[numbers[0]]
	if r == nil || r.Fault != NoFault || len(numbers) < 2 {
		return nil
	}
	return r.node(prefix, numbers[1])
}

// node is what has a number in a repository.
func (r *Repo) node(prefix string, number int64) any {
	type id struct {
		prefix string
		number int64
	}
	return once(r, "nodes", func() map[id]any {
		nodes := make(map[id]any, len(r.Issues)+len(r.Comments)+len(r.ReviewComments))
		for _, i := range r.Issues {
			if i.Pull == nil {
				nodes[id{"I", i.ID}] = i
				continue
			}
			nodes[id{"PR", i.Pull.ID}] = i
			for _, v := range i.Pull.Reviews {
				nodes[id{"PRR", v.ID}] = v
			}
		}
		for _, c := range r.Comments {
			nodes[id{"IC", c.ID}] = c
		}
		for _, c := range r.ReviewComments {
			nodes[id{"PRRC", c.ID}] = c
		}
		for _, v := range r.Releases {
			nodes[id{"RE", v.ID}] = releaseOf{v, r}
		}
		for _, l := range r.Labels {
			nodes[id{"LA", l.ID}] = labelOf{l, r}
		}
		for _, m := range r.Milestones {
			nodes[id{"MI", m.ID}] = milestoneOf{m, r}
		}
		return nodes
	})[id{prefix, number}]
}

// oldUserID reads an id of before 2021: base64 of "04:User" and the number.
func oldUserID(id string) (int64, bool) {
	text, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return 0, false
	}
	digits, ok := strings.CutPrefix(string(text), "04:User")
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, err == nil
}

// unpack reads the numbers of a global id, without the zero in front.
func unpack(packed string) []int64 {
	b, err := base64.RawURLEncoding.DecodeString(packed)
	if err != nil || len(b) < 2 || b[0]&0xf0 != 0x90 {
		return nil
	}
	var numbers []int64
	for b = b[2:]; len(b) > 0; {
		switch {
		case b[0] == 0xce && len(b) >= 5:
			numbers = append(numbers, int64(binary.BigEndian.Uint32(b[1:])))
			b = b[5:]
		case b[0] == 0xcf && len(b) >= 9:
			numbers = append(numbers, int64(binary.BigEndian.Uint64(b[1:]))) //nolint:gosec // what is too large is found nowhere
			b = b[9:]
		default:
			return numbers
		}
	}
	return numbers
}
