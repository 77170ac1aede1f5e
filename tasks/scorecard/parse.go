package scorecard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxChecks is how many checks are believed; there are twenty.
	maxChecks = 200
	// maxText is the length of a text in bytes that is kept of one, maxDetails how many lines of details.
	maxText    = 4 << 10
	maxDetails = 200
)

// check is a check in the form that the tool prints.
type check struct {
	Name          string        `json:"name"`
	Score         int           `json:"score"`
	Reason        string        `json:"reason"`
	Details       []string      `json:"details"`
	Documentation documentation `json:"documentation"`
}

// documentation says where a check is explained.
type documentation struct {
	Short string `json:"short,omitempty"`
	URL   string `json:"url"`
}

// about is what a snapshot is of.
type about struct {
	Name   string `json:"name"`
	Commit string `json:"commit,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// snapshot is all checks of a repository.
type snapshot struct {
	source string // for data_source
	about  about
	score  float64 // of the whole
	checks []check
}

// parse reads what the tool prints about a repository, as github.com/owner/name. What it prints is made of what strangers wrote: nothing of it is believed unseen.
func parse(output []byte, repository string) (snapshot, error) {
	var printed struct {
		Repo   about    `json:"repo"`
		Score  *float64 `json:"score"`
		Checks []check  `json:"checks"`
	}
	decoder := json.NewDecoder(bytes.NewReader(output))
	if err := decoder.Decode(&printed); err != nil {
		return snapshot{}, fmt.Errorf("read the output of scorecard: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return snapshot{}, errors.New("read the output of scorecard: it is more than one document")
	}
	found := snapshot{source: "scorecard", about: about{Name: clean(printed.Repo.Name), Commit: clean(printed.Repo.Commit)}}
	switch {
	case !strings.EqualFold(printed.Repo.Name, repository):
		return found, fmt.Errorf("read the output of scorecard: it is about %.100q instead of %s", printed.Repo.Name, repository)
	case printed.Score == nil || !(*printed.Score >= unknown && *printed.Score <= 10):
		return found, errors.New("read the output of scorecard: it has no score from -1 to 10")
	case len(printed.Checks) == 0 || len(printed.Checks) > maxChecks:
		return found, fmt.Errorf("read the output of scorecard: it has %d checks", len(printed.Checks))
	}
	found.score = *printed.Score
	known := map[string]bool{aggregate: true}
	for _, c := range printed.Checks {
		c.Name = clean(c.Name)
		if c.Name == "" || known[c.Name] || c.Score < unknown || c.Score > 10 {
			return found, fmt.Errorf("read the output of scorecard: check %.100q comes twice, or has no score from -1 to 10", c.Name)
		}
		known[c.Name] = true
		c.Reason, c.Documentation.Short, c.Documentation.URL = clean(c.Reason), clean(c.Documentation.Short), clean(c.Documentation.URL)
		c.Details = c.Details[:min(len(c.Details), maxDetails)]
		for i, line := range c.Details {
			c.Details[i] = clean(line)
		}
		found.checks = append(found.checks, c)
	}
	return found, nil
}

// clean makes a text fit for PostgreSQL, and not too long.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// points is a score as text: whole numbers as they are, others with one digit, as the tool prints them.
func points(score float64) string {
	if score == float64(int(score)) {
		return strconv.Itoa(int(score))
	}
	return strconv.FormatFloat(score, 'f', 1, 64)
}
