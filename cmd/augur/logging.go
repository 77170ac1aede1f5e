package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/lmittmann/tint"

	"augur/monitor/supervisor"
	"augur/tasks"
)

// A log file is put aside when it is this large, in bytes; so many old ones are kept.
const (
	logSize = 50 << 20
	logKept = 5
)

// maxLogs is how many processes may log under one name in one directory.
const maxLogs = 1000

// logs is a logger and the file behind it.
type logs struct {
	*slog.Logger
	// Path of the file; empty when there is none.
	Path string

	file io.Closer
	lock *flock.Flock
}

// terminalLog writes readable lines to standard error.
func (a *app) terminalLog(level slog.Level) *slog.Logger { return slog.New(a.terminalHandler(level)) }

func (a *app) terminalHandler(level slog.Level) slog.Handler {
	layout := time.RFC3339
	if a.watched() {
		layout = time.TimeOnly
	}
	return tint.NewTextHandler(a.stderr, &tint.Options{Level: level, TimeFormat: layout, NoColor: !a.colour(), ReplaceAttr: scrubAttr})
}

// forceColour is set for processes whose lines are shown on the terminal of another.
const forceColour = "FORCE_COLOR"

// watched tells whether a person reads standard error as it comes.
func (a *app) watched() bool { return isTerminal(a.stderr) || a.getenv(forceColour) != "" }

// colour tells whether lines may be coloured: see https://no-color.org.
func (a *app) colour() bool { return a.watched() && a.getenv("NO_COLOR") == "" }

// openLogs logs to standard error for people, and into a file of the name for programs, one JSON object a line.
func (a *app) openLogs(settings supervisor.Logging, name string) (*logs, error) {
	dir, err := a.logDirectory(settings)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the directory of logs: %w", err)
	}
	path, lock, err := claimLog(dir, name)
	if err != nil {
		return nil, err
	}
	file, err := openLogFile(path, logSize, logKept)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	level := logLevel(settings.Level)
	handler := slog.NewMultiHandler(
		a.terminalHandler(level),
		slog.NewJSONHandler(file, &slog.HandlerOptions{Level: level, ReplaceAttr: scrubAttr}),
	)
	return &logs{Logger: slog.New(handler), Path: path, file: file, lock: lock}, nil
}

// developmentLogs logs everything, to standard error only.
func (a *app) developmentLogs() *logs { return &logs{Logger: a.terminalLog(slog.LevelDebug)} }

func (a *app) logDirectory(settings supervisor.Logging) (string, error) {
	if settings.Directory != "" {
		return settings.Directory, nil
	}
	home, err := a.home()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "logs"), nil
}

// claimLog finds a file that no other process writes: NAME.log, NAME-2.log, and so on. A file that is rotated must have one writer.
func claimLog(dir, name string) (path string, lock *flock.Flock, err error) {
	for n := 1; n <= maxLogs; n++ {
		file := name
		if n > 1 {
			file += "-" + strconv.Itoa(n)
		}
		lock := flock.New(filepath.Join(dir, "."+file+".lock"))
		locked, err := lock.TryLock()
		if err != nil {
			return "", nil, fmt.Errorf("lock the log: %w", err)
		}
		if locked {
			return filepath.Join(dir, file+".log"), lock, nil
		}
		if err := lock.Close(); err != nil {
			return "", nil, fmt.Errorf("lock the log: %w", err)
		}
	}
	return "", nil, fmt.Errorf("%d processes log under the name %s in %s already", maxLogs, name, dir)
}

// close closes the file.
func (l *logs) close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(l.file.Close(), l.lock.Close())
}

func logLevel(word string) slog.Level {
	switch word {
	case "DEBUG":
		return slog.LevelDebug
	case "WARNING":
		return slog.LevelWarn
	case "ERROR":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// scrubAttr keeps credentials, and bytes that a terminal or a reader of JSON would stumble over, out of logs.
func scrubAttr(_ []string, attr slog.Attr) slog.Attr {
	switch attr.Value.Kind() {
	case slog.KindString:
		return slog.String(attr.Key, tasks.Scrub(attr.Value.String()))
	case slog.KindAny:
		switch v := attr.Value.Any().(type) {
		case error:
			return slog.String(attr.Key, tasks.Scrub(v.Error()))
		case slog.Level, *slog.Source:
			return attr
		case fmt.Stringer:
			return slog.String(attr.Key, tasks.Scrub(v.String()))
		case []string:
			return slog.String(attr.Key, tasks.Scrub(strings.Join(v, " ")))
		case []byte:
			return slog.String(attr.Key, tasks.Scrub(string(v)))
		}
	default:
	}
	return attr
}
