package insights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/insight"
	"augur/tasks"
)

// tellDays is how old an insight may be to be told: the first look at years of history is no news.
const tellDays = 30

// sameAttempt is how long a channel that got its message is left alone while another one is tried again.
const sameAttempt = time.Hour

// Message is what people are told about a repository.
type Message struct {
	RepoID     int64  `json:"repo_id"`
	Repository string `json:"repository"`
	News       []News `json:"insights"`
}

// News is an insight as it is told.
type News struct {
	ID           int64            `json:"insight_id"`
	Metric       string           `json:"metric"`
	Field        string           `json:"field"`
	Direction    string           `json:"direction"`
	FirstDay     string           `json:"first_day"`
	LastDay      string           `json:"last_day"`
	Value        float64          `json:"value"`
	Expected     float64          `json:"expected"`
	ExpectedLow  float64          `json:"expected_low"`
	ExpectedHigh float64          `json:"expected_high"`
	Score        float64          `json:"score"`
	Probability  float64          `json:"probability"`
	Method       string           `json:"method"`
	Reason       string           `json:"reason"`
	Drivers      []insight.Driver `json:"drivers"`
}

// channel is a way to tell people.
type channel struct {
	name string
	send func(ctx context.Context, m Message) error
}

// channels are those that are configured.
func (n Notify) channels() []channel {
	var all []channel
	if n.WebhookURL.Set() {
		all = append(all, channel{"webhook", n.sendWebhook})
	}
	if n.SlackURL.Set() {
		all = append(all, channel{"slack", n.sendSlack})
	}
	if n.MailTo != "" {
		all = append(all, channel{"mail", n.sendMail})
	}
	return all
}

// notify tells every channel what it was not told yet. A channel that fails is tried again with the job; the others are not told twice.
func (s *Source) notify(ctx context.Context, c *tasks.Collection) error {
	settings := config.Of[Notify](s.settings)
	since := dayOf(time.Now()).AddDate(0, 0, -tellDays)
	rows, err := s.queries.InsightsToTell(ctx, c.Pool(), db.InsightsToTellParams{RepoID: c.Repo.ID, Since: since})
	if err != nil {
		return fmt.Errorf("list the new insights of %s: %w", c.Repo.URL, err)
	}
	if len(rows) == 0 {
		return c.Finish(ctx, nil)
	}
	news := make([]News, len(rows))
	ids := make([]int64, len(rows))
	for i, row := range rows {
		if news[i], err = newsOf(row); err != nil {
			return err
		}
		ids[i] = row.InsightID
	}
	size := 1
	if settings.Digest {
		size = len(news)
	}
	var faults []error
	for _, ch := range settings.channels() {
		if err := s.tell(ctx, c, ch, news, size); err != nil {
			faults = append(faults, fmt.Errorf("tell %s about %s: %w", ch.name, c.Repo.URL, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return tasks.Hint(err, "see Insight_Task.notify_* and the table augur_operations.insight_delivery")
	}
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := s.queries.InsightsTold(ctx, tx, ids); err != nil {
			return fmt.Errorf("note that insights of %s were told: %w", c.Repo.URL, err)
		}
		return nil
	})
}

// tell sends a channel what it has not got, so many insights in a message, and logs each attempt.
func (s *Source) tell(ctx context.Context, c *tasks.Collection, ch channel, news []News, size int) error {
	has, err := s.queries.DeliveredInsights(ctx, c.Pool(), db.DeliveredInsightsParams{RepoID: c.Repo.ID, Channel: ch.name, Since: time.Now().Add(-sameAttempt)})
	if err != nil {
		return fmt.Errorf("read what was delivered: %w", err)
	}
	news = slices.DeleteFunc(slices.Clone(news), func(n News) bool { return slices.Contains(has, n.ID) })
	for part := range slices.Chunk(news, size) {
		sent := ch.send(ctx, Message{RepoID: c.Repo.ID, Repository: c.Repo.URL, News: part})
		log := db.LogDeliveryParams{RepoID: c.Repo.ID, Channel: ch.name}
		for _, n := range part {
			log.InsightIds = append(log.InsightIds, n.ID)
		}
		if sent != nil {
			reason := tasks.Scrub(sent.Error())
			log.Error = &reason
		}
		if err := c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error { return s.queries.LogDelivery(ctx, tx, log) }); err != nil {
			return fmt.Errorf("log a delivery: %w", err)
		}
		if sent != nil {
			return sent
		}
		c.Log.InfoContext(ctx, "insights told", slog.String("channel", ch.name), slog.Int("insights", len(part)))
	}
	return nil
}

func newsOf(row db.InsightsToTellRow) (News, error) {
	n := News{
		ID: row.InsightID, Metric: row.Metric, Field: row.Field, Direction: row.Direction, FirstDay: row.FirstDay.Format(time.DateOnly),
		LastDay: row.LastDay.Format(time.DateOnly), Value: row.Value, Expected: row.Expected, ExpectedLow: row.ExpectedLow, ExpectedHigh: row.ExpectedHigh,
		Score: row.Score, Probability: row.Probability, Method: row.Method, Reason: row.Reason,
	}
	if err := json.Unmarshal(row.Drivers, &n.Drivers); err != nil {
		return n, fmt.Errorf("read the drivers of insight %d: %w", row.InsightID, err)
	}
	return n, nil
}
