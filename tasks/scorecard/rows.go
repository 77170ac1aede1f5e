package scorecard

import (
	"strings"
	"time"

	"augur/db"
)

// unknown is the score of a check that cannot be decided.
const unknown = -1

// maintainedCommits are as many commits in 90 days as give the full score: one a week.
const maintainedCommits = 12

// young is the age under which Scorecard does not trust a project to be maintained.
const young = 90 * 24 * time.Hour

// dependabot is the address of the account that commits for it.
const dependabot = "49699333+dependabot[bot]@users.noreply.github.com"

// updateConfigs are files that configure a tool for updates of dependencies, in lower case.
func updateConfigs() []string {
	return []string{
		".github/dependabot.yml", ".github/dependabot.yaml", "renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5",
		".gitlab/renovate.json", ".gitlab/renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.json5", ".scala-steward.conf", "scala-steward.conf",
		".github/.scala-steward.conf", ".github/scala-steward.conf", ".config/.scala-steward.conf", ".config/scala-steward.conf",
	}
}

// published are the checks of Scorecard, and what keeps the rows from deciding those that computed does not know.
func published() map[string]string {
	return map[string]string{
		"Binary-Artifacts":       "binary files are not stored",
		"Branch-Protection":      "the protection of branches is not collected",
		"CI-Tests":               "runs of checks are not collected",
		"CII-Best-Practices":     "the badge service was not asked, or did not answer",
		"Code-Review":            "who approved each of the last commits is not stored",
		"Contributors":           "the organizations of contributors are not stored",
		"Dangerous-Workflow":     "the content of workflows is not stored",
		"Dependency-Update-Tool": "no configuration of a tool is among the stored files, but not all files are stored",
		"Fuzzing":                "projects of OSS-Fuzz are not collected",
		"License":                "GitHub names no license, and files of licenses are not looked at",
		"Maintained":             "there are fewer commits than one a week, or not stored yet, and who is a member is not stored",
		"Packaging":              "the content of workflows is not stored",
		"Pinned-Dependencies":    "the content of workflows and build files is not stored",
		"SAST":                   "runs of checks are not collected",
		"SBOM":                   "assets of releases are not collected",
		"Security-Policy":        "the content of the policy is not stored",
		"Signed-Releases":        "assets of releases are not collected",
		"Token-Permissions":      "the content of workflows is not stored",
		"Vulnerabilities":        "known vulnerabilities are not collected",
		"Webhooks":               "webhooks are not collected",
	}
}

// fromRows are the checks as the rows decide them. The reasons hold nothing that changes while the scores stay.
func fromRows(repository string, facts db.ScorecardFactsRow, now time.Time) snapshot {
	computed := map[string]func(db.ScorecardFactsRow, time.Time) (score int, reason string){
		"CII-Best-Practices": bestPractices, "Dependency-Update-Tool": updateTool, "License": license, "Maintained": maintained,
	}
	found := snapshot{
		source: "rows", score: unknown, about: about{Name: repository, Reason: "only some checks can be computed from what is stored; the program scorecard makes all: see the setting Scorecard.tool"},
	}
	for name, reason := range published() {
		c := check{Name: name, Score: unknown, Reason: reason, Documentation: documentation{URL: "https://github.com/ossf/scorecard/blob/main/docs/checks.md#" + strings.ToLower(name)}}
		if decide := computed[name]; decide != nil {
			if score, why := decide(facts, now); score != unknown {
				c.Score, c.Reason = score, why
			}
		}
		found.checks = append(found.checks, c)
	}
	return found
}

// bestPractices is the level of the badge: https://github.com/ossf/scorecard/blob/main/docs/checks.md#cii-best-practices
func bestPractices(facts db.ScorecardFactsRow, _ time.Time) (int, string) {
	switch {
	case !facts.BadgeKnown:
		return unknown, ""
	case facts.BadgeRows == 0:
		return 0, "no effort to earn an OpenSSF best practices badge detected"
	}
	score, ok := map[string]int{"in_progress": 2, "passing": 5, "silver": 7, "gold": 10}[facts.BadgeLevel]
	if !ok {
		return unknown, ""
	}
	return score, "badge detected: " + facts.BadgeLevel
}

// updateTool tells of a tool that is there. That there is none cannot be seen.
func updateTool(facts db.ScorecardFactsRow, _ time.Time) (int, string) {
	switch {
	case facts.UpdateConfig != "":
		return 10, "update tool detected: " + clean(facts.UpdateConfig)
	case facts.ByDependabot:
		return 10, "update tool detected: commits of Dependabot"
	}
	return unknown, ""
}

// license gives 9 points for a license file, and one more for a license that the FSF or the OSI accept, as those are that GitHub knows by name.
func license(facts db.ScorecardFactsRow, _ time.Time) (int, string) {
	switch {
	case facts.License == nil || *facts.License == "":
		return unknown, ""
	case *facts.License == "Other":
		return 9, "license file detected, but no license that GitHub knows"
	}
	return 10, "license file detected: " + clean(*facts.License)
}

// maintained counts commits; activity on issues counts as well, but who of those who write is a member is not stored, so that too few commits decide nothing.
func maintained(facts db.ScorecardFactsRow, now time.Time) (int, string) {
	created, err := time.Parse(time.RFC3339, facts.CreatedAt)
	switch {
	case facts.Archived:
		return 0, "project is archived"
	case err != nil:
		return unknown, ""
	case now.Sub(created) < young:
		return 0, "project was created within the last 90 days"
	case facts.RecentCommits >= maintainedCommits:
		return 10, "at least one commit a week in the last 90 days"
	}
	return unknown, ""
}
