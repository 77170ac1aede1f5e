package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// withOperands makes an action of work, which gets the arguments that are no options. Options count wherever they stand; package flag alone
// stops looking for them at the first operand. What follows `--` is an operand.
func withOperands(work func(*cli.Context, []string) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		var operands []string
		rest := c.Args().Slice()
		for len(rest) > 0 {
			arg := rest[0]
			rest = rest[1:]
			if arg == "--" {
				operands = append(operands, rest...)
				break
			}
			if !strings.HasPrefix(arg, "-") || arg == "-" {
				operands = append(operands, arg)
				continue
			}
			name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			if name == "help" || name == "h" {
				return cli.ShowSubcommandHelp(c)
			}
			flag := findFlag(c.Command, name)
			switch {
			case flag == nil:
				return usage("there is no option %s; see `%s --help`", arg, c.Command.HelpName)
			case !hasValue && !takesValue(flag):
				value = "true"
			case !hasValue && len(rest) == 0:
				return usage("option %s needs a value", arg)
			case !hasValue:
				value, rest = rest[0], rest[1:]
			}
			// Each name of an option has a value of its own.
			for _, n := range flag.Names() {
				if err := c.Set(n, value); err != nil {
					return usage("option --%s: %w", name, err)
				}
			}
		}
		return work(c, operands)
	}
}

func findFlag(command *cli.Command, name string) cli.Flag {
	for _, flag := range command.Flags {
		if slices.Contains(flag.Names(), name) {
			return flag
		}
	}
	return nil
}

func takesValue(flag cli.Flag) bool {
	f, ok := flag.(cli.DocGenerationFlag)
	return ok && f.TakesValue()
}

// alone makes an action of work that takes no operands.
func alone(work func(*cli.Context) error) cli.ActionFunc {
	return withOperands(func(c *cli.Context, operands []string) error {
		if len(operands) > 0 {
			return usage("unexpected argument %q; see `%s --help`", operands[0], c.Command.HelpName)
		}
		return work(c)
	})
}

// isInteractive tells whether input comes from a person at a terminal.
func isInteractive(input io.Reader) bool {
	file, ok := input.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// yesFlag answers a question in advance.
func yesFlag() cli.Flag {
	return &cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do it without asking"}
}

// errDeclined is the answer no: nothing was done, as the person wanted.
var errDeclined = errors.New("declined")

// confirm returns nil when the person agrees, or agreed with --yes, and errDeclined when not. Without a terminal there is nobody to ask: that
// is an error. Consequence is a phrase about what will happen.
func (a *app) confirm(c *cli.Context, consequence string) error {
	if c.Bool("yes") {
		return nil
	}
	if !isInteractive(a.stdin) {
		return usage("this %s: add --yes, as there is no terminal to ask on", consequence)
	}
	fmt.Fprintf(a.stderr, "This %s. Go on? [y/N] ", consequence)
	input := interruptible(c.Context, a.stdin)
	defer input.Close()
	answer, err := bufio.NewReader(input).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		fmt.Fprintln(a.stderr, "nothing was changed")
		return errDeclined
	}
	return nil
}

// asked runs work if the person agrees. An answer of no is not a failure.
func (a *app) asked(c *cli.Context, consequence string, work func() error) error {
	err := a.confirm(c, consequence)
	if errors.Is(err, errDeclined) {
		return nil
	}
	if err != nil {
		return err
	}
	return work()
}

// interruptible reads from src until ctx ends, also when src never answers, as a terminal does. Its goroutine ends with src, after the
// close; one that waits for a key is left behind, because nothing can interrupt it, and the program ends then.
func interruptible(ctx context.Context, src io.Reader) io.ReadCloser {
	r, w := io.Pipe()
	stop := context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(w, src)
		w.CloseWithError(err)
		stop()
	}()
	return r
}

// input opens a file, or standard input for "-". The caller closes it.
func (a *app) input(ctx context.Context, path string) (io.ReadCloser, error) {
	if path == "-" {
		return interruptible(ctx, a.stdin), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a directory", path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// printable is a text from a table as a terminal can bear it, on one line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
