// Package insight finds anomalies in the daily figures of repositories, and says why a day is one.
//
// tasks/insights calls it with series that it reads from the tables, and `augur insights backtest` with series from files: both go the same way, day by day. It
// is pure: it reads no database, knows no queue, and imports nothing of ours.
//
// The words:
//
//   - A series is one number a day: how many commits, issues, new contributors. A day that was not wholly collected is NaN, never 0.
//   - A judge looks at the days one after the other and gives a verdict on each; a verdict never depends on a later day. [Detector] is the judge,
//     [ForestDetector] the alternative that has Augur's numbers.
//   - The score of a day is -log10 of the share of days of this very series that are as extreme: 3 is one day in a thousand. A day is anomalous when
//     the score reaches the threshold, which is made from the setting contamination.
//   - Evidence is which look at the series was the most surprising: the day itself, the sum of 3 or 7 days, or a run of days without any.
//   - A reason is a verdict as a sentence for people, with the drivers: who or what is behind the day.
//
// The detector expects a level (a mean that forgets within weeks) times a factor of the weekday, and takes counts as negative binomial around
// it. How surprising a count is under that model is then compared with how surprising the last year's days were, so that a repository that is always
// bursty has to beat its own bursts. Level shifts are flagged, then adopted.
package insight
