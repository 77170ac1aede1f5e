package main

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"augur/db/config"
	"augur/insight"
	"augur/tasks/insights"
)

func (a *app) insightsPlotCommand() *cli.Command {
	return &cli.Command{
		Name:      "plot",
		Usage:     "draw a series with the band of usual values and its anomalies",
		ArgsUsage: "REPO METRIC",
		Flags: []cli.Flag{
			&cli.PathFlag{Name: "out", Aliases: []string{"o"}, Value: "insights.svg", Usage: "write `FILE`, a .svg or a .png"},
			&cli.StringFlag{Name: "from", Usage: "from `DATE` on (default: a year ago)"},
			&cli.StringFlag{Name: "to", Usage: "up to `DATE` (default: today)"},
		},
		Action: withOperands(func(c *cli.Context, operands []string) error {
			if len(operands) != 2 {
				return usage("give a repository and a metric; see `%s --help`", c.Command.HelpName)
			}
			m, err := insights.MetricNamed(operands[1])
			if err != nil {
				return usage("%w", err)
			}
			if ext := strings.ToLower(filepath.Ext(c.Path("out"))); ext != ".svg" && ext != ".png" {
				return usage("--out: must end in .svg or .png (got %q)", c.Path("out"))
			}
			today := time.Now().UTC()
			from, err := dateOption(c, "from", today.AddDate(-1, 0, 0))
			if err != nil {
				return err
			}
			to, err := dateOption(c, "to", today)
			if err != nil {
				return err
			}
			return a.withInsights(c.Context, func(ctx context.Context, s *insightsSession) error {
				repo, err := s.repo(ctx, operands[0])
				if err != nil {
					return err
				}
				verdicts, err := s.source.Replay(ctx, s.Pool, repo, m, from, to)
				if err != nil {
					return err
				}
				if len(verdicts) == 0 {
					return fmt.Errorf("nothing is known of %s of %s in these days", m.Name, operands[0])
				}
				return savePlot(c.Path("out"), m.Noun.Many+" a day, "+operands[0], chartOf(verdicts, config.Of[insight.Settings](s.settings).Band()))
			})
		}),
	}
}

// savePlot draws the days into a file, whose kind is that of its name.
func savePlot(path, title string, days []chartDay) error {
	p := plot.New()
	p.Title.Text = title
	p.X.Tick.Marker = plot.TimeTicks{Format: time.DateOnly}
	p.Y.Min = 0
	var values, flagged, band plotter.XYs
	var lower plotter.XYs
	for _, d := range days {
		date, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			return err
		}
		x := float64(date.Unix())
		band = append(band, plotter.XY{X: x, Y: d.High})
		lower = append(lower, plotter.XY{X: x, Y: d.Low})
		if d.Value == nil {
			continue
		}
		values = append(values, plotter.XY{X: x, Y: *d.Value})
		if d.Flagged {
			flagged = append(flagged, plotter.XY{X: x, Y: *d.Value})
		}
	}
	for _, point := range slices.Backward(lower) {
		band = append(band, point)
	}
	usual, err := plotter.NewPolygon(band)
	if err != nil {
		return fmt.Errorf("draw the band: %w", err)
	}
	usual.Color = color.NRGBA{R: 0x90, G: 0xb0, B: 0xd8, A: 0x70}
	usual.Width = 0
	p.Add(usual)
	p.Legend.Add("usual", usual)
	if len(values) > 0 {
		line, err := plotter.NewLine(values)
		if err != nil {
			return fmt.Errorf("draw the values: %w", err)
		}
		line.Color = color.NRGBA{R: 0x20, G: 0x40, B: 0x80, A: 0xff}
		p.Add(line)
		p.Legend.Add("value", line)
	}
	if len(flagged) > 0 {
		marks, err := plotter.NewScatter(flagged)
		if err != nil {
			return fmt.Errorf("draw the anomalies: %w", err)
		}
		marks.Color = color.NRGBA{R: 0xd0, G: 0x20, B: 0x20, A: 0xff}
		marks.Radius = vg.Points(3)
		marks.Shape = draw.CircleGlyph{}
		p.Add(marks)
		p.Legend.Add("anomaly", marks)
	}
	p.Legend.Top = true
	return drawInto(path, p)
}

// drawInto writes a picture with a margin.
func drawInto(path string, p *plot.Plot) (err error) {
	const margin = 12
	picture, err := draw.NewFormattedCanvas(30*vg.Centimeter, 12*vg.Centimeter, strings.ToLower(strings.TrimPrefix(filepath.Ext(path), ".")))
	if err != nil {
		return fmt.Errorf("draw %s: %w", path, err)
	}
	p.Draw(draw.Crop(draw.New(picture), margin, -margin, margin, -margin))
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := picture.WriteTo(file); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
