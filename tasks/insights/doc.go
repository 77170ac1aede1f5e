// Package insights is the source behind the machine learning phase: it reads the daily series of each repository out of the tables, lets package insight judge them,
// stores what is anomalous, and tells people who want to be told.
//
// Its tasks are insights_score (judge all series of a repository in one pass) and, after it and only where a channel is configured, insights_notify. Nothing is sent
// to anybody else.
//
// The cursor is augur_operations.insight_state: per series the state of its detector after the settled day. A run goes on from there, judges what came since, and
// settles all but the newest Insight_Task.anomaly_days days, which late data may still change. Once in a while a series is replayed from
// its beginning, so that changes of older days count, too.
//
// The words: a day is flagged when its verdict is anomalous; a condition is a run of flagged days of one series and direction, and one row of
// augur_operations.insight. A condition that was found in days that are judged again, and is not there any more, is withdrawn: it stays, with a mark.
package insights
