package insights

import (
	"context"
	"errors"
	"fmt"
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

// names are those of the configured channels.
func (n Notify) names() []string {
	all := []string{}
	for _, ch := range n.channels() {
		all = append(all, ch.name)
	}
	return all
}

// scope is whose insights are told: a repository's, those of [TheCollection], or those of everybody.
type scope int64

const everybody scope = 0

// errStay says that the job has not ended yet, because it has to tell people.
var errStay = errors.New("there is something to tell")

// notify tells every channel what it was not told yet. What is about more than the repository is told by the job that ends last of those that run together. A channel
// that fails is tried again with the job, and given up with its last attempt: what was found is stored, and the phase has done what it is for.
func (s *Source) notify(ctx context.Context, c *tasks.Collection) error {
	settings := config.Of[Notify](s.settings)
	together := everybody
	if !settings.Digest {
		together = scope(TheCollection)
		news, err := s.news(ctx, c.Pool(), scope(c.Repo.ID))
		if err != nil {
			return err
		}
		if err := s.tell(ctx, c, settings, news); err != nil {
			return err
		}
		if len(news.insights) > 0 {
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
	overdue := slices.ContainsFunc(rows, func(r db.InsightsToTellRow) bool {
		patience := settings.DigestEvery
		if r.Missed {
			patience *= 2 // what was given up has its turn after the first of them, and only then is it something that waits
		}
		return wave.Now.Sub(r.WaitsSince) >= patience
	})
	if wave.GoesOn && !overdue {
		return 0, nil
	}
	return len(idsToTell(rows)), nil
}

func (s *Source) toTell(ctx context.Context, tx db.DBTX, of scope) ([]db.InsightsToTellRow, error) {
	names := config.Of[Notify](s.settings).names()
	since := dayOf(time.Now()).AddDate(0, 0, -tellDays)
	rows, err := s.queries.InsightsToTell(ctx, tx, db.InsightsToTellParams{RepoID: int64(of), Channels: names, Since: since, MaxRows: tellMost})
	if err != nil {
		return nil, fmt.Errorf("list what people were not told yet: %w", err)
	}
	return rows, nil
}

// idsToTell are the insights of rows, in their order, each once.
func idsToTell(rows []db.InsightsToTellRow) []int64 {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.InsightID
	}
	return slices.Compact(ids) // those of several channels stand together
}

// news are insights that channels were not told yet, the strongest first.
type news struct {
	insights []Insight
	lacks    map[string][]int64 // ids of insights, by the name of the channel that was not told
}

func (s *Source) news(ctx context.Context, tx db.DBTX, of scope) (news, error) {
	n := news{lacks: map[string][]int64{}}
	rows, err := s.toTell(ctx, tx, of)
	if err != nil || len(rows) == 0 {
		return n, err
	}
	for _, row := range rows {
		n.lacks[row.Channel] = append(n.lacks[row.Channel], row.InsightID)
	}
	ids := idsToTell(rows)
	if n.insights, err = List(ctx, tx, db.ListInsightsParams{InsightIds: ids, MaxInsights: tellMost}); err != nil {
		return n, err
	}
	slices.SortFunc(n.insights, func(a, b Insight) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return n, nil
}

// of are the news for a channel.
func (n news) of(ch channel) []Insight {
	return slices.DeleteFunc(slices.Clone(n.insights), func(i Insight) bool { return !slices.Contains(n.lacks[ch.name], i.ID) })
}

// told notes which news somebody has.
func (s *Source) told(n news) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		if err := s.queries.InsightsTold(ctx, tx, idsOf(n.insights)); err != nil {
			return fmt.Errorf("note that people were told: %w", err)
		}
		return nil
	}
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
