package insights

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"augur/db"
	"augur/insight"
)

// Insights that belong to no repository but to the collection itself have this in place of the id of one.
const (
	TheCollection   = int64(-1)
	CollectionTitle = "the collection"
)

// Insight is a stored anomaly with what belongs to it, as commands print it and as people are told.
type Insight struct {
	ID             int64            `json:"insight_id"`
	RepoID         int64            `json:"repo_id"` // -1: the collection itself
	Repository     string           `json:"repository"`
	Metric         string           `json:"metric"`
	Field          string           `json:"field"`
	Direction      string           `json:"direction"`
	FirstDay       string           `json:"first_day"`
	LastDay        string           `json:"last_day"`
	PeakDay        string           `json:"peak_day"`
	Value          float64          `json:"value"`
	Expected       float64          `json:"expected"`
	ExpectedLow    float64          `json:"expected_low"`
	ExpectedHigh   float64          `json:"expected_high"`
	Score          float64          `json:"score"`
	Threshold      float64          `json:"threshold"`
	Probability    float64          `json:"probability"`
	Method         string           `json:"method"`
	Reason         string           `json:"reason"`
	Drivers        []insight.Driver `json:"drivers"`
	Together       []Companion      `json:"together"` // what else was unusual in the repository at the same time, the strongest first
	FoundAt        time.Time        `json:"found_at"`
	WithdrawnAt    *time.Time       `json:"withdrawn_at"`
	AcknowledgedAt *time.Time       `json:"acknowledged_at"`
	AcknowledgedBy *string          `json:"acknowledged_by"`
	NotifiedAt     *time.Time       `json:"notified_at"`
	Muted          bool             `json:"muted"`
}

// Companion is an anomaly that another one shares its days with.
type Companion struct {
	ID        int64  `json:"insight_id"`
	Metric    string `json:"metric"`
	Field     string `json:"field"`
	Direction string `json:"direction"`
}

// List reads insights, the newest first.
func List(ctx context.Context, tx db.DBTX, params db.ListInsightsParams) ([]Insight, error) {
	rows, err := db.New().ListInsights(ctx, tx, params)
	if err != nil {
		return nil, fmt.Errorf("list insights: %w", err)
	}
	all := make([]Insight, len(rows))
	for i, row := range rows {
		if all[i], err = insightOf(row); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func insightOf(row db.ListInsightsRow) (Insight, error) {
	i := Insight{
		ID: row.InsightID, RepoID: TheCollection, Repository: CollectionTitle, Metric: row.Metric, Field: row.Field, Direction: row.Direction,
		FirstDay: row.FirstDay.Format(time.DateOnly), LastDay: row.LastDay.Format(time.DateOnly), PeakDay: row.PeakDay.Format(time.DateOnly),
		Value: row.Value, Expected: row.Expected, ExpectedLow: row.ExpectedLow, ExpectedHigh: row.ExpectedHigh, Score: row.Score, Threshold: row.Threshold,
		Probability: row.Probability, Method: row.Method, Reason: row.Reason, FoundAt: row.FoundAt, WithdrawnAt: row.WithdrawnAt,
		AcknowledgedAt: row.AcknowledgedAt, AcknowledgedBy: row.AcknowledgedBy, NotifiedAt: row.NotifiedAt, Muted: row.Muted,
	}
	if row.RepoID != nil && row.RepoGit != nil {
		i.RepoID, i.Repository = *row.RepoID, *row.RepoGit
	}
	if err := json.Unmarshal(row.Drivers, &i.Drivers); err != nil {
		return i, fmt.Errorf("read the drivers of insight %d: %w", row.InsightID, err)
	}
	if err := json.Unmarshal(row.Together, &i.Together); err != nil {
		return i, fmt.Errorf("read what is together with insight %d: %w", row.InsightID, err)
	}
	return i, nil
}

// Story is the reason, and what else was unusual at the same time.
func (i *Insight) Story() string {
	if len(i.Together) == 0 {
		return i.Reason
	}
	others := make([]string, len(i.Together))
	for n, o := range i.Together {
		others[n] = o.phrase()
	}
	return i.Reason + " Unusual at the same time: " + strings.Join(others, ", ") + "."
}

// phrase is the anomaly in few words: "many commits".
func (c *Companion) phrase() string {
	if c.Direction == gap {
		return "a gap in the collection"
	}
	much := "many "
	if c.Direction == down {
		much = "few "
	}
	if m, err := metricOf(c.Metric, c.Field); err == nil {
		return much + m.Noun.Many
	}
	return much + c.Metric
}

// Group puts the insights of one repository that share days together: each group begins with the strongest of it, and stands where the first of it stood.
func Group(all []Insight) [][]Insight {
	place := make(map[int64]int, len(all))
	for i := range all {
		place[all[i].ID] = i
	}
	taken := make([]bool, len(all))
	var groups [][]Insight
	for i := range all {
		if taken[i] {
			continue
		}
		taken[i] = true
		members := []Insight{all[i]}
		for _, o := range all[i].Together {
			if j, ok := place[o.ID]; ok && !taken[j] {
				taken[j] = true
				members = append(members, all[j])
			}
		}
		groups = append(groups, members)
	}
	return groups
}
