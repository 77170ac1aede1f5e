package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// guard is the outermost middleware. Whatever comes out of a job, River can store it: one NUL in an error, in an output or in metadata makes PostgreSQL
// refuse the row, and River then tries the whole batch of results again for ever, so that nothing in the process ends any more. Panics become
// errors, secrets and excess are cut.
type guard struct {
	river.MiddlewareDefaults
	log *slog.Logger
}

// Middleware is what every River client of the program has: the guard that makes whatever River stores fit to be stored.
func Middleware(log *slog.Logger) []rivertype.Middleware {
	return []rivertype.Middleware{&guard{log: log}}
}

// InsertMany makes arguments, metadata and tags of new jobs fit to be stored.
func (g *guard) InsertMany(ctx context.Context, jobs []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) ([]*rivertype.JobInsertResult, error) {
	for _, job := range jobs {
		if args, ours := job.Args.(Args); !ours || !args.fit() {
			job.EncodedArgs = ScrubJSON(job.EncodedArgs)
		}
		if len(job.Metadata) > 0 && string(job.Metadata) != "{}" {
			job.Metadata = ScrubJSON(job.Metadata)
		}
		for i := range job.Tags {
			job.Tags[i] = Scrub(job.Tags[i])
		}
	}
	return insert(ctx)
}

// Work makes what the job returns and records fit to be stored.
func (g *guard) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panicked(ctx, g.log.With(slog.String("kind", job.Kind), slog.Int64("job_id", job.ID)), cause)
		}
		if err != nil {
			err = stored(err)
		}
		scrubMetadata(ctx)
	}()
	return work(ctx)
}

// panicked turns what a worker panicked with into an error, and writes where it was to the log.
func panicked(ctx context.Context, log *slog.Logger, cause any) error {
	stack := string(debug.Stack())
	err := stored(fmt.Errorf("panic: %v", cause))
	log.ErrorContext(ctx, "panic in a worker", slog.Any("error", err), slog.String("stack", Scrub(stack)))
	return err
}

// scrubMetadata makes what a job recorded (output and metadata) fit to be stored. A value that cannot be written as JSON would keep River from
// ever ending the job: a text that says so takes its place.
func scrubMetadata(ctx context.Context) {
	recorded := recordedIn(ctx)
	for key, value := range recorded {
		document, err := json.Marshal(value)
		if err != nil {
			document = text(fmt.Sprintf("not stored: %v", err))
		}
		if fit := Scrub(key); fit != key {
			delete(recorded, key)
			key = fit
		}
		recorded[key] = json.RawMessage(ScrubJSON(document))
	}
}

// recordedIn is the map in which River collects what a job records. River has no way to read it, but asks the context for it before it writes: so a
// context that listens learns it, and by saying no keeps River from writing.
func recordedIn(ctx context.Context) map[string]any {
	ear := &listener{Context: ctx}
	_ = river.MetadataSet(ear, "augur", nil) //nolint:contextcheck // it says that there is no map, and that is right
	return ear.recorded
}

// listener is a context that notes the map that it is asked for.
type listener struct {
	context.Context //nolint:containedctx // it is a context

	recorded map[string]any
}

// Value hides the map from the one who asks.
func (l *listener) Value(key any) any {
	value := l.Context.Value(key)
	if recorded, ok := value.(map[string]any); ok {
		l.recorded = recorded
		return nil
	}
	return value
}
