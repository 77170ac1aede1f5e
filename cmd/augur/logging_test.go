package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/monitor/supervisor"
)

// logsOf opens logs in a directory of the test's own.
func logsOf(t testing.TB, a *app, name string) *logs {
	t.Helper()
	l, err := a.openLogs(supervisor.Logging{Directory: a.environ["AUGUR_HOME"], Level: "INFO"}, name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.close()) })
	return l
}

func TestLogsAreReadableOnTheTerminalAndJSONInTheFile(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	a := &app{environ: map[string]string{"AUGUR_HOME": t.TempDir()}, stderr: &terminal}
	l := logsOf(t, a, "worker-facade")
	l.With(slog.String("kind", "git_fetch")).InfoContext(t.Context(), "task done", slog.Int("repo_id", 7))
	l.DebugContext(t.Context(), "not at this level")
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\S+ INF task done kind=git_fetch repo_id=7\n$`, terminal.String())
	require.Equal(t, filepath.Join(a.environ["AUGUR_HOME"], "worker-facade.log"), l.Path)
	text, err := os.ReadFile(l.Path)
	require.NoError(t, err)
	var record map[string]any
	require.NoError(t, json.Unmarshal(text, &record), string(text))
	delete(record, "time")
	require.Equal(t, map[string]any{"level": "INFO", "msg": "task done", "kind": "git_fetch", "repo_id": 7.0}, record)
}

func TestLogsKeepNoSecrets(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	a := &app{environ: map[string]string{"AUGUR_HOME": t.TempDir()}, stderr: &terminal}
	l := logsOf(t, a, "augur")
	address := &url.URL{Scheme: "https", User: url.UserPassword("ada", "geheim"), Host: "example.org"}
	failure := errors.New("clone https://ada:geheim@example.org/a: token ghp_geheim0123456789")
	l.With(slog.String("with", "https://ada:geheim@example.org")).WithGroup("group").WarnContext(t.Context(), "header authorization: Bearer geheim",
		slog.Any("error", fmt.Errorf("fetch: %w", failure)), slog.Any("url", address), slog.Any("args", []string{"https://x:geheim@example.org"}),
		slog.Any("bytes", []byte("glpat-geheim0123456789")), slog.Group("inner", slog.String("text", "nul \x00 and \xff")))
	text, err := os.ReadFile(l.Path)
	require.NoError(t, err)
	for _, got := range []string{terminal.String(), string(text)} {
		require.NotContains(t, got, "geheim")
		require.NotContains(t, got, "\x00")
		require.Contains(t, got, "://xxxxx@example.org")
	}
	require.True(t, json.Valid(text), string(text))
}

func TestEveryProcessHasALogOfItsOwn(t *testing.T) {
	t.Parallel()
	a := &app{environ: map[string]string{"AUGUR_HOME": t.TempDir()}, stderr: &bytes.Buffer{}}
	first, err := a.openLogs(supervisor.Logging{}, "worker-facade")
	require.NoError(t, err)
	second, err := a.openLogs(supervisor.Logging{}, "worker-facade")
	require.NoError(t, err)
	require.Equal(t, "worker-facade.log", filepath.Base(first.Path))
	require.Equal(t, "worker-facade-2.log", filepath.Base(second.Path))
	require.NoError(t, first.close())
	third, err := a.openLogs(supervisor.Logging{}, "worker-facade")
	require.NoError(t, err)
	require.Equal(t, first.Path, third.Path)
	require.NoError(t, errors.Join(second.close(), third.close()))
}

func TestColourIsForTerminals(t *testing.T) {
	t.Parallel()
	for want, environ := range map[bool][]map[string]string{
		false: {{}, {"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}},
		true:  {{"FORCE_COLOR": "1"}},
	} {
		for _, env := range environ {
			var terminal bytes.Buffer
			a := &app{environ: env, stderr: &terminal}
			a.terminalLog(slog.LevelInfo).InfoContext(t.Context(), "hello")
			require.Equal(t, want, bytes.Contains(terminal.Bytes(), []byte("\x1b[")), env)
		}
	}
}

func TestDevelopmentLogsEverythingToTheTerminalOnly(t *testing.T) {
	t.Parallel()
	var terminal bytes.Buffer
	a := &app{environ: map[string]string{"AUGUR_HOME": t.TempDir()}, stderr: &terminal}
	l := a.developmentLogs()
	l.DebugContext(t.Context(), "detail")
	require.Contains(t, terminal.String(), "DBG detail")
	require.Empty(t, l.Path)
	require.NoError(t, l.close())
	for word, level := range map[string]slog.Level{"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARNING": slog.LevelWarn, "ERROR": slog.LevelError} {
		require.Equal(t, level, logLevel(word))
	}
}

func TestLogsInADirectoryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	a := &app{environ: map[string]string{"AUGUR_HOME": write(t, "file", "")}, stderr: &bytes.Buffer{}}
	_, err := a.openLogs(supervisor.Logging{}, "augur")
	require.ErrorContains(t, err, "make the directory of logs: ")
}

func TestLogFilesArePutAsideWhenTheyAreLarge(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "augur.log")
	contents := func() (found []string) {
		for _, name := range []string{path, path + ".1", path + ".2", path + ".3"} {
			if text, err := os.ReadFile(name); err == nil {
				found = append(found, string(text))
			}
		}
		return found
	}
	for _, line := range []string{"one\n", "two\n", "a line that is longer than a file\n", "three\n"} {
		file, err := openLogFile(path, 8, 2) // a restart goes on where the last run stopped
		require.NoError(t, err)
		n, err := file.Write([]byte(line))
		require.NoError(t, err)
		require.Equal(t, len(line), n)
		require.NoError(t, file.Close())
	}
	require.Equal(t, []string{"three\n", "a line that is longer than a file\n", "one\ntwo\n"}, contents())
	file, err := openLogFile(path, 8, 2)
	require.NoError(t, err)
	for _, line := range []string{"four\n", "five\n"} {
		_, err = file.Write([]byte(line))
		require.NoError(t, err)
	}
	require.Equal(t, []string{"five\n", "four\n", "three\n"}, contents())

	// What is in the way stays, and the log goes on.
	require.NoError(t, os.Remove(path+".2"))
	require.NoError(t, os.MkdirAll(path+".2/in/the/way", 0o750))
	for _, line := range []string{"six\n", "seven\n"} {
		_, err = file.Write([]byte(line))
		require.NoError(t, err)
	}
	require.NoError(t, file.Close())
	require.Equal(t, "five\nsix\nseven\n", contents()[0])
}
