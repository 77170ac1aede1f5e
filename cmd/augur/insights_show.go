package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/insight"
	"augur/tasks/insights"
)

// The chart in the terminal: so many days, so many rows.
const (
	chartDays = 60
	chartRows = 10
)

func (a *app) insightsShowCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show one anomaly, with a chart and what people said about it",
		ArgsUsage: "ID",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action: withOperands(func(c *cli.Context, operands []string) error {
			id, err := insightID(c, operands)
			if err != nil {
				return err
			}
			return a.withInsights(c.Context, func(ctx context.Context, s *insightsSession) error { return a.show(ctx, c, s, id) })
		}),
	}
}

// shownInsight is an insight with all that is known about it.
type shownInsight struct {
	insights.Insight
	Comments []insightComment `json:"comments"`
	Days     []chartDay       `json:"days"`
}

type insightComment struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Comment string    `json:"comment"`
}

// chartDay is a day of a chart.
type chartDay struct {
	Date    string   `json:"date"`
	Value   *float64 `json:"value"` // null: not collected
	Low     float64  `json:"expected_low"`
	High    float64  `json:"expected_high"`
	Score   float64  `json:"score"`
	Flagged bool     `json:"flagged"`
}

func (a *app) show(ctx context.Context, c *cli.Context, s *insightsSession, id int64) error {
	found, err := insights.List(ctx, s.Pool, db.ListInsightsParams{InsightIds: []int64{id}, Whole: true, MaxInsights: 1})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return noInsight(id)
	}
	shown := shownInsight{Insight: found[0], Comments: []insightComment{}, Days: []chartDay{}}
	comments, err := s.queries.InsightComments(ctx, s.Pool, id)
	if err != nil {
		return fmt.Errorf("read what was said about insight %d: %w", id, err)
	}
	for _, row := range comments {
		shown.Comments = append(shown.Comments, insightComment{row.SaidAt, row.SaidBy, row.Comment})
	}
	last, err := time.Parse(time.DateOnly, shown.LastDay)
	if err != nil {
		return err
	}
	verdicts, err := s.source.Around(ctx, s.Pool, &shown.Insight, last.AddDate(0, 0, 8-chartDays), last.AddDate(0, 0, 7))
	if err != nil {
		return err
	}
	shown.Days = chartOf(verdicts, config.Of[insight.Settings](s.settings).Band())
	if c.Bool("json") {
		return a.printJSON(shown)
	}
	shown.print(a.stdout)
	return nil
}

func chartOf(verdicts []insight.Verdict, band float64) []chartDay {
	days := make([]chartDay, len(verdicts))
	for i := range verdicts {
		v := &verdicts[i]
		days[i] = chartDay{Date: v.Date.Format(time.DateOnly), Score: v.Score, Flagged: v.Anomalous()}
		days[i].Low, days[i].High = v.Band(band)
		if !math.IsNaN(v.Value) {
			days[i].Value = &v.Value
		}
	}
	return days
}

func (s *shownInsight) print(w io.Writer) {
	fmt.Fprintf(w, "%s\n\n%s, %s", printable(s.Story()), printable(s.Repository), s.Metric)
	if s.FirstDay != s.LastDay {
		fmt.Fprintf(w, ", from %s to %s", s.FirstDay, s.LastDay)
	}
	fmt.Fprintf(w, "\nscore %.1f (reported from %.1f), %s\n", s.Score, s.Threshold, s.Method)
	if s.WithdrawnAt != nil {
		fmt.Fprintf(w, "withdrawn on %s: late data showed that it was none\n", s.WithdrawnAt.Format(time.DateOnly))
	}
	if s.AcknowledgedAt != nil && s.AcknowledgedBy != nil {
		fmt.Fprintf(w, "known to %s since %s\n", printable(*s.AcknowledgedBy), s.AcknowledgedAt.Format(time.DateOnly))
	}
	for _, o := range s.Together {
		fmt.Fprintf(w, "at the same time: %s (augur insights show %d)\n", o.Metric, o.ID)
	}
	for _, c := range s.Comments {
		fmt.Fprintf(w, "%s %s: %s\n", c.At.Format(time.DateOnly), printable(c.By), printable(c.Comment))
	}
	if len(s.Days) > 0 {
		fmt.Fprintln(w)
		printChart(w, s.Days)
	}
}

// printChart draws a column for each day: its value, the band of usual values behind it, and a mark below flagged days. Large values are cut, so that the usual ones
// can be seen.
func printChart(w io.Writer, days []chartDay) {
	top := 1.0
	for _, d := range days {
		top = math.Max(top, d.High)
		if d.Value != nil {
			top = math.Max(top, *d.Value)
		}
	}
	height := func(x float64) float64 { return math.Sqrt(x/top) * chartRows }
	for row := chartRows; row >= 1; row-- {
		label := ""
		if row == chartRows || row == chartRows/2 {
			label = fmt.Sprintf("%.4g", top*math.Pow(float64(row)/chartRows, 2))
		}
		var line strings.Builder
		for _, d := range days {
			line.WriteString(chartCell(d, height, float64(row)))
		}
		fmt.Fprintf(w, "%9s │%s\n", label, strings.TrimRight(line.String(), " "))
	}
	var marks strings.Builder
	for _, d := range days {
		switch {
		case d.Flagged:
			marks.WriteString("▲")
		case d.Value == nil:
			marks.WriteString("?")
		default:
			marks.WriteString("─")
		}
	}
	fmt.Fprintf(w, "%9d └%s\n%9s  %-*s%s\n", 0, marks.String(), "", max(0, len(days)-10), days[0].Date, days[len(days)-1].Date)
	fmt.Fprintf(w, "%9s  █ value, ░ usual, ▲ flagged, ? not collected; the scale is that of square roots\n", "")
}

// chartCell is what stands in a row of a day's column.
func chartCell(d chartDay, height func(float64) float64, row float64) string {
	switch {
	case d.Value != nil && height(*d.Value) >= row-.5 && *d.Value > 0:
		return "█"
	case height(d.High) >= row-.5 && height(d.Low) <= row:
		return "░"
	}
	return " "
}
