package insights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/tasks"
)

const (
	// sendTimeout bounds one message.
	sendTimeout = 30 * time.Second
	// tellTimeout bounds all messages of one attempt together. A job tells twice at most within notifyTimeout.
	tellTimeout = 4 * time.Minute
)

func (o Options) sendTimeout() time.Duration { return cmp.Or(o.SendTimeout, sendTimeout) }

// tell sends all channels what they have not got. Channels that fail are an error as long as there is another attempt; at the last one they are given up.
func (s *Source) tell(ctx context.Context, c *tasks.Collection, settings Notify, n news) error {
	sending, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	var faults []error
	for _, ch := range settings.channels() {
		left, fault, err := s.send(ctx, sending, c, ch, settings.messages(n.of(ch)))
		if err != nil {
			return err
		}
		if fault == nil {
			continue
		}
		if err := s.logFailure(ctx, c, ch, left, fault); err != nil {
			return err
		}
		if !c.LastAttempt() {
			faults = append(faults, fmt.Errorf("tell %s what is new: %w", ch.name, fault))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return tasks.Hint(err, "see Insight_Task.notify_* and the table augur_operations.insight_delivery")
	}
	return nil
}

// send sends a channel messages, and logs those that arrive. It returns the insights of those that do not, and why: the fault of the channel, unlike err. A channel that
// refuses a message may take the next one; one that does not answer is not asked again.
func (s *Source) send(ctx, sending context.Context, c *tasks.Collection, ch channel, messages []Message) (left []int64, fault, err error) {
	var faults []error
	silent := false
	for _, m := range messages {
		ids := idsOf(m.Insights)
		if silent {
			left = append(left, ids...)
			continue
		}
		var sent error
		silent, sent = s.sendOne(sending, ch, m)
		if err := ctx.Err(); err != nil && sent != nil {
			return nil, nil, err // the process stops, or the job is taken away: the channel may be well
		}
		if sent != nil {
			left, faults = append(left, ids...), append(faults, sent)
			continue
		}
		if err := s.logDelivery(ctx, c, db.LogDeliveryParams{Channel: ch.name, InsightIds: ids}); err != nil {
			return nil, nil, err
		}
		c.Log.InfoContext(ctx, "insights told", slog.String("channel", ch.name), slog.Int("insights", len(ids)))
	}
	return left, errors.Join(faults...), nil
}

// sendOne sends a message. The channel is silent when it did not answer in time.
func (s *Source) sendOne(ctx context.Context, ch channel, m Message) (silent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.sendTimeout())
	defer cancel()
	err = ch.send(ctx, m)
	// The deadline of a connection may pass a moment before that of the context.
	switch silent = err != nil && (ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded)); {
	case silent && errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("no answer within %s", s.options.sendTimeout())
	case silent:
		err = fmt.Errorf("no answer within %s: %w", s.options.sendTimeout(), err)
	}
	return silent, err
}

// logFailure notes what a channel did not get in this attempt, and why. With the last attempt it is given up: the next message has it.
func (s *Source) logFailure(ctx context.Context, c *tasks.Collection, ch channel, left []int64, fault error) error {
	reason := tasks.Scrub(fault.Error())
	if c.LastAttempt() {
		c.Log.WarnContext(ctx, "insights not told; the next message has them", slog.String("channel", ch.name), slog.Int("insights", len(left)), slog.String("error", reason))
	}
	return s.logDelivery(ctx, c, db.LogDeliveryParams{Channel: ch.name, InsightIds: left, Error: &reason, GivenUp: c.LastAttempt()})
}

func (s *Source) logDelivery(ctx context.Context, c *tasks.Collection, params db.LogDeliveryParams) error {
	err := c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error { return s.queries.LogDelivery(ctx, tx, params) })
	if err != nil {
		return fmt.Errorf("log a delivery: %w", err)
	}
	return nil
}

// Undelivered says for each channel whose last message was given up, why, for people; none when all have what they should.
func Undelivered(ctx context.Context, tx db.DBTX, settings *config.Store) ([]string, error) {
	rows, err := db.New().UndeliveredInsights(ctx, tx, config.Of[Notify](settings).names())
	if err != nil {
		return nil, fmt.Errorf("look for messages that were given up: %w", err)
	}
	troubles := make([]string, len(rows))
	for i, row := range rows {
		troubles[i] = fmt.Sprintf("%s could not be told by %s (given up on %s; the next message has what is new by then, too): %s",
			english.Plural(int(row.Insights), "insight", ""), row.Channel, row.TriedAt.UTC().Format("2 January, 15:04 UTC"), row.Error)
	}
	return troubles, nil
}
