package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"augur/monitor"
)

// progressLine is how often a line is written where there is no terminal.
const progressLine = 5 * time.Second

// progressTurn is how long one task is named on a terminal before the next.
const progressTurn = 2 * time.Second

// progress shows how far collection is: a bar on a terminal, a line now and then elsewhere.
type progress struct {
	out  io.Writer
	bar  *progressbar.ProgressBar // nil where there is no terminal
	seen map[string]bool
	last time.Time

	began time.Time
}

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, seen: map[string]bool{}, began: time.Now()}
	if isTerminal(out) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(20), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(true), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return p
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// show draws the state. Commits are what is counted, as far as tasks know how many there are.
func (p *progress) show(report *monitor.StatusReport) {
	var done, total int64
	for _, t := range report.Running {
		done, total = done+t.Done, total+t.Total
	}
	text := fmt.Sprintf("%d repositories left", len(report.Running))
	if len(report.Running) > 0 {
		task := p.turn(report.Running)
		text = fmt.Sprintf("%d left, %s %s %s", len(report.Running), task.Task, task.URL, pace(task))
	}
	if p.bar != nil {
		p.bar.Describe(text)
		if total > 0 {
			p.bar.ChangeMax64(total)
		}
		_ = p.bar.Set64(min(done, max(total, 1))) // a terminal that went away is no reason to stop
		return
	}
	p.lines(report)
}

// turn is the task whose turn it is to be named on the one line that there is: those that tell their progress, each for a while.
func (p *progress) turn(running []monitor.RunningTask) monitor.RunningTask {
	var telling []monitor.RunningTask
	for _, t := range running {
		if t.Total > 0 {
			telling = append(telling, t)
		}
	}
	if len(telling) == 0 {
		return running[0]
	}
	return telling[int(time.Since(p.began)/progressTurn)%len(telling)]
}

// pace is how far a task is and how fast it gets on; empty when it does not say.
func pace(t monitor.RunningTask) string {
	if t.Total == 0 {
		return ""
	}
	text := fmt.Sprintf("%s of %s (%d %%)", humanize.Comma(t.Done), humanize.Comma(t.Total), 100*t.Done/t.Total)
	if t.RowsPerSecond >= 1 {
		text += fmt.Sprintf(", %s rows/s", humanize.Comma(int64(t.RowsPerSecond)))
	}
	if t.SecondsLeft >= 1 && t.State == "running" {
		text += fmt.Sprintf(", %s left", (time.Duration(t.SecondsLeft) * time.Second))
	}
	return text
}

// lines writes each task once when it is first seen, and how far it is every [progressLine].
func (p *progress) lines(report *monitor.StatusReport) {
	again := time.Since(p.last) >= progressLine
	for _, t := range report.Running {
		key := fmt.Sprint(t.JobID, t.Attempt, t.State == "running")
		if p.seen[key] && (!again || t.Total == 0) {
			continue
		}
		p.seen[key] = true
		switch {
		case t.WaitsFor != "":
			fmt.Fprintf(p.out, "%s %s waits: %s\n", t.Task, t.URL, t.WaitsFor)
		case t.LastError != "" && t.State != "running":
			fmt.Fprintf(p.out, "%s %s: attempt %d failed, the next one starts %s: %s\n", t.Task, t.URL, t.Attempt, humanize.Time(t.NextAttempt), t.LastError)
		case t.Total > 0:
			fmt.Fprintf(p.out, "%s %s: %s\n", t.Task, t.URL, pace(t))
		case t.State == "running":
			fmt.Fprintf(p.out, "%s %s\n", t.Task, t.URL)
		}
	}
	if again {
		p.last = time.Now()
	}
}

func (p *progress) close() {
	if p.bar != nil {
		_ = p.bar.Finish() // a terminal that went away is no reason to fail
	}
}
