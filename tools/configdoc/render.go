package main

import (
	"bytes"
	"fmt"
	"strings"
)

const head = `<!-- Made by tools/configdoc from the structs of the settings. Do not edit: change the comments there and run make generate. -->

# Configuration

Settings are rows of the table ` + "`augur_operations.config`" + `: section_name, setting_name, value and type. All values are text; a missing row, or a value that is
NULL, means the default. Change them with ` + "`augur config set --section S --setting K --value V`" + ` or with SQL:

` + "```sql" + `
UPDATE augur_operations.config SET value = '4' WHERE section_name = 'Tasks' AND setting_name = 'max_facade';
` + "```" + `

Running processes take a change over within a second. The last column says when it shows: *at once*; at the *next tick* of the monitor
(Tasks.collection_interval); with the *next task* (tasks that run go on with what they started with); after a *restart* of the backend.

A value that makes no sense changes nothing: the value before it stays in effect, or the default when the program has just started. It is reported once, in
the log, by ` + "`augur config check`" + ` and on the status page, until the row is put right. Rows that nothing reads, such as Augur's
sections Redis and RabbitMQ, are kept and reported as unused.

Switches of type int are 0 (off) or 1 (on). A value of type bool is True or False, in any case. Go duration text is a number with a unit, such as ` + "`90s`, `15m` or `2h`" + `.
`

// render writes the page.
func render(out *bytes.Buffer, sections []section) {
	out.WriteString(head)
	last := ""
	for _, s := range sections {
		if s.name != last {
			fmt.Fprintf(out, "\n## %s\n", s.name)
			last = s.name
		}
		fmt.Fprintf(out, "\n%s\n\n| setting | type | values | default | meaning | takes effect |\n|---|---|---|---|---|---|\n", s.doc)
		for _, row := range s.settings {
			effect := row.effect
			if row.unused != "" {
				effect = "**unused**: " + row.unused
			}
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n",
				code(row.name), row.typ, cell(row.values), code(row.def), cell(row.meaning), cell(effect))
		}
	}
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + cell(text) + "`"
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
