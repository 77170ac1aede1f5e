package insights

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/tasks"
)

const (
	// tellDays is how old an insight may be to be told: the first look at years of history is no news.
	tellDays = 30
	// tellMost is how many insights one message holds at most.
	tellMost = 5000
)

// Message is what people are told. One that is no digest is about one condition, and what was unusual in the same repository at the same time.
type Message struct {
	Digest   bool      `json:"digest"`
	Insights []Insight `json:"insights"`
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

// scope is whose insights are told: a repository's, those of [TheCollection], or those of everybody.
type scope int64

const everybody scope = 0

// errStay says that the job has not ended yet, because it has to tell people.
var errStay = errors.New("there is something to tell")

// notify tells every channel what it was not told yet. What is about more than the repository is told by the job that ends last of those that run together. A channel
// that fails is tried again with the job; the others are not told twice.
func (s *Source) notify(ctx context.Context, c *tasks.Collection) error {
	settings := config.Of[Notify](s.settings)
	together := everybody
	if !settings.Digest {
		together = scope(TheCollection)
		news, err := s.news(ctx, c.Pool(), scope(c.Repo.ID))
		if err != nil {
			return err
		}
		err = s.tell(ctx, c, settings, news)
		if err != nil {
			return err
		}
		if len(news) > 0 {
			if err := c.SavePage(ctx, s.told(news)); err != nil {
				return err
			}
		}
	}
	err := c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		due, err := s.due(ctx, tx, c.Repo.ID, settings, together)
		if err == nil && due > 0 {
			return errStay
		}
		return err
	})
	if !errors.Is(err, errStay) {
		return err
	}
	claimed := false
	err = c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		due, err := s.due(ctx, tx, c.Repo.ID, settings, together)
		if claimed = due > 0; err != nil || !claimed {
			return err
		}
		return c.SaveProgress(ctx, tx, 0, int64(due))
	})
	if err != nil {
		return err
	}
	if !claimed {
		return c.Finish(ctx, nil)
	}
	news, err := s.news(ctx, c.Pool(), together)
	if err != nil {
		return err
	}
	if err := s.tell(ctx, c, settings, news); err != nil {
		return err
	}
	return c.Finish(ctx, s.told(news))
}

// due is how many insights of the scope this job has to tell: it is the last of those that run together, or they take too long. Until the transaction ends nobody
// else is told what is due.
func (s *Source) due(ctx context.Context, tx pgx.Tx, repoID int64, settings Notify, of scope) (int, error) {
	if err := s.queries.LockWave(ctx, tx); err != nil {
		return 0, fmt.Errorf("take the turn to tell people: %w", err)
	}
	wave, err := s.queries.Wave(ctx, tx, db.WaveParams{Kind: KindNotify, RepoID: repoID})
	if err != nil {
		return 0, fmt.Errorf("ask which repositories are being judged: %w", err)
	}
	if wave.Telling || (settings.Digest && wave.Now.Sub(wave.ToldAt) < settings.DigestEvery) {
		return 0, nil
	}
	rows, err := s.toTell(ctx, tx, of)
	if err != nil {
		return 0, err
	}
	overdue := slices.ContainsFunc(rows, func(r db.InsightsToTellRow) bool { return wave.Now.Sub(r.FoundAt) >= settings.DigestEvery })
	if wave.GoesOn && !overdue {
		return 0, nil
	}
	return len(rows), nil
}

func (s *Source) toTell(ctx context.Context, tx db.DBTX, of scope) ([]db.InsightsToTellRow, error) {
	since := dayOf(time.Now()).AddDate(0, 0, -tellDays)
	rows, err := s.queries.InsightsToTell(ctx, tx, db.InsightsToTellParams{RepoID: int64(of), Since: since, MaxInsights: tellMost})
	if err != nil {
		return nil, fmt.Errorf("list what people were not told yet: %w", err)
	}
	return rows, nil
}

// news are the insights of the scope that people were not told yet, the strongest first.
func (s *Source) news(ctx context.Context, tx db.DBTX, of scope) ([]Insight, error) {
	rows, err := s.toTell(ctx, tx, of)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.InsightID
	}
	all, err := List(ctx, tx, db.ListInsightsParams{InsightIds: ids, MaxInsights: tellMost})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b Insight) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return all, nil
}

// told notes that all channels have the news.
func (s *Source) told(news []Insight) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		if err := s.queries.InsightsTold(ctx, tx, idsOf(news)); err != nil {
			return fmt.Errorf("note that people were told: %w", err)
		}
		return nil
	}
}

// tell sends all channels what they have not got.
func (s *Source) tell(ctx context.Context, c *tasks.Collection, settings Notify, news []Insight) error {
	var faults []error
	for _, ch := range settings.channels() {
		if err := s.tellChannel(ctx, c, ch, settings, news); err != nil {
			faults = append(faults, fmt.Errorf("tell %s what is new: %w", ch.name, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return tasks.Hint(err, "see Insight_Task.notify_* and the table augur_operations.insight_delivery")
	}
	return nil
}

// tellChannel sends a channel what it has not got, and logs each attempt.
func (s *Source) tellChannel(ctx context.Context, c *tasks.Collection, ch channel, settings Notify, news []Insight) error {
	has, err := s.queries.DeliveredInsights(ctx, c.Pool(), db.DeliveredInsightsParams{InsightIds: idsOf(news), Channel: ch.name})
	if err != nil {
		return fmt.Errorf("read what was delivered: %w", err)
	}
	news = slices.DeleteFunc(slices.Clone(news), func(n Insight) bool { return slices.Contains(has, n.ID) })
	for _, m := range settings.messages(news) {
		sent := ch.send(ctx, m)
		log := db.LogDeliveryParams{Channel: ch.name, InsightIds: idsOf(m.Insights)}
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
		c.Log.InfoContext(ctx, "insights told", slog.String("channel", ch.name), slog.Int("insights", len(m.Insights)))
	}
	return nil
}

// messages are those that the news make.
func (n Notify) messages(news []Insight) []Message {
	if len(news) == 0 {
		return nil
	}
	if n.Digest {
		return []Message{{Digest: true, Insights: news}}
	}
	var all []Message
	for _, group := range Group(news) {
		all = append(all, Message{Insights: group})
	}
	return all
}

func idsOf(all []Insight) []int64 {
	ids := make([]int64, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	return ids
}
