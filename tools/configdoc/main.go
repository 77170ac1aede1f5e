// Command configdoc writes docs/configuration.md from the structs of the settings: the comments and tags of every struct that has a field with the tag
// `section`. go generate calls it; it reads source files only and needs no database.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "configdoc:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("configdoc", flag.ContinueOnError)
	root := flags.String("root", ".", "directory of the module")
	out := flags.String("o", "docs/configuration.md", "file to write")
	if err := flags.Parse(args); err != nil {
		return err
	}
	sections, err := extract(*root)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	render(&page, sections)
	return os.WriteFile(*out, page.Bytes(), 0o644)
}
