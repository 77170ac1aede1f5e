package main

import (
	"bufio"
	"fmt"
	"io"
)

// start is the time of the first commit, in seconds.
const start = 1_000_000_000

// writeLong writes n commits of 300 people, each of which changes one of 1,000 files.
func writeLong(out io.Writer, n int) error {
	w := bufio.NewWriterSize(out, 1<<20)
	for i := range n {
		message := fmt.Sprintf("change %d", i)
		content := fmt.Sprintf("line one of the file\nrevision %d\nanother line\n", i)
		person := fmt.Sprintf("Person %d <person%d@example.org> %d +0000", i%300, i%300, start+60*i)
		fmt.Fprintf(w, "commit refs/heads/main\nauthor %s\ncommitter %s\ndata %d\n%s\n", person, person, len(message), message)
		fmt.Fprintf(w, "M 100644 inline dir%d/file%d\ndata %d\n%s\n", i%10, i%1000, len(content), content)
	}
	return w.Flush()
}

// writeWide writes one commit that adds n files.
func writeWide(out io.Writer, n int) error {
	w := bufio.NewWriterSize(out, 1<<20)
	const message = "add everything"
	fmt.Fprintf(w, "commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata %d\n%s\n", start, len(message), message)
	for i := range n {
		content := fmt.Sprintf("file %d\n", i)
		fmt.Fprintf(w, "M 100644 inline dir%d/file%d\ndata %d\n%s\n", i/1000, i, len(content), content)
	}
	return w.Flush()
}
