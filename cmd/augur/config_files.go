package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
)

func (a *app) configInitCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "write the settings that are missing, with the given values or the defaults",
		Description: "What is there stays, unless --force is given: then all settings get their default or given value; API keys that are not given stay.\n\n" +
			"Better than on the command line, where others see it, a key is given in the environment: AUGUR_GITHUB_API_KEY, AUGUR_GITLAB_API_KEY.\n\n" +
			"Exit status: 0 the settings are there; 1 a value was refused: then nothing is written.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "github-api-key", EnvVars: []string{"AUGUR_GITHUB_API_KEY"}, Usage: "`TOKEN` for GitHub, setting Keys.github_api_key"},
			&cli.StringFlag{Name: "gitlab-api-key", EnvVars: []string{"AUGUR_GITLAB_API_KEY"}, Usage: "`TOKEN` for GitLab, setting Keys.gitlab_api_key"},
			&cli.PathFlag{
				Name: "facade-repo-directory", EnvVars: []string{"AUGUR_FACADE_REPO_DIRECTORY"},
				Usage: "`DIRECTORY` of the clones, which must exist; setting Facade.repo_directory",
			},
			&cli.PathFlag{
				Name: "logs-directory", EnvVars: []string{"AUGUR_LOGS_DIRECTORY"},
				Usage: "`DIRECTORY` of the log files; setting Logging.logs_directory",
			},
			&cli.StringFlag{Name: "redis-conn-string", EnvVars: []string{"AUGUR_REDIS_CONN_STRING"}, Hidden: true},
			&cli.StringFlag{Name: "rabbitmq-conn-string", EnvVars: []string{"AUGUR_RABBITMQ_CONN_STRING"}, Hidden: true},
			&cli.BoolFlag{Name: "force", Usage: "overwrite the settings that are there"},
		},
		Action: alone(a.initConfig),
	}
}

func (a *app) initConfig(c *cli.Context) error {
	values, err := initValues(c)
	if err != nil {
		return err
	}
	for _, name := range []string{"redis-conn-string", "rabbitmq-conn-string"} {
		if c.String(name) != "" {
			fmt.Fprintf(a.stderr, "--%s has no effect: the queue lives in PostgreSQL\n", name)
		}
	}
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		report, err := config.Init(ctx, s.Pool, registry(), config.InitOptions{Values: values, Force: c.Bool("force")})
		if err != nil {
			return err
		}
		a.printReport(report)
		return nil
	})
}

// directorySettings are the settings of the options that name directories.
var directorySettings = map[string]string{"facade-repo-directory": "Facade.repo_directory", "logs-directory": "Logging.logs_directory"}

// initValues are the settings that the options give. Directories may be relative to the current one.
func initValues(c *cli.Context) (map[string]string, error) {
	values := map[string]string{}
	for option, path := range map[string]string{"github-api-key": "Keys.github_api_key", "gitlab-api-key": "Keys.gitlab_api_key"} {
		if c.String(option) != "" {
			values[path] = c.String(option)
		}
	}
	var faults []error
	for _, option := range []string{"facade-repo-directory", "logs-directory"} {
		given := c.Path(option)
		if given == "" {
			continue
		}
		dir, err := filepath.Abs(given)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", option, err)
		}
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			// The logs' directory is made on demand.
			if option == "facade-repo-directory" {
				faults = append(faults, fmt.Errorf("--%s: %s does not exist: create it first", option, dir))
			}
		case err != nil:
			faults = append(faults, fmt.Errorf("--%s: %w", option, err))
		case !info.IsDir():
			faults = append(faults, fmt.Errorf("--%s: %s is not a directory", option, dir))
		}
		values[directorySettings[option]] = dir
	}
	if err := errors.Join(faults...); err != nil {
		return nil, usage("%w", err)
	}
	return values, nil
}

func (a *app) configAllJSONCommand() *cli.Command {
	return &cli.Command{
		Name:        "get_all_json",
		Aliases:     []string{"get-all-json"},
		Usage:       "print the whole table as JSON, in the form that `augur config load` reads",
		Description: "Secrets are REDACTED; loaded again, that leaves a secret as it is.",
		Action:      alone(a.allConfigJSON),
	}
}

func (a *app) allConfigJSON(c *cli.Context) error {
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		text, err := config.AllJSON(ctx, s.Pool, registry())
		if err != nil {
			return err
		}
		_, err = a.stdout.Write(text)
		return err
	})
}

func (a *app) configLoadCommand() *cli.Command {
	return &cli.Command{
		Name:  "load",
		Usage: "replace all settings by those of a JSON file",
		Description: "FILE is an object of sections, each an object of settings, as `augur config get_all_json` prints it; - is standard input. A setting " +
			"that is not in it has its default afterwards.\n\nExit status: 0 loaded, or not wanted; 1 refused: then nothing is changed.",
		Flags:  []cli.Flag{&cli.PathFlag{Name: "file", Usage: "the JSON `FILE` (required)"}, yesFlag()},
		Action: alone(a.loadConfig),
	}
}

func (a *app) loadConfig(c *cli.Context) error {
	if err := required(c, "file"); err != nil {
		return err
	}
	return a.withSettingsFile(c, func(src io.Reader) error {
		return a.asked(c, "replaces all settings by those of "+c.Path("file"), func() error {
			return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
				report, err := config.Load(ctx, s.Pool, registry(), src)
				if err != nil {
					return fmt.Errorf("%s: %w", c.Path("file"), err)
				}
				a.printReport(report)
				return nil
			})
		})
	})
}

func (a *app) configAddSectionCommand() *cli.Command {
	return &cli.Command{
		Name:  "add-section",
		Usage: "add one section from a JSON file, or replace it",
		Description: "FILE is an object of settings; - is standard input. A section that is in the table is replaced, after asking.\n\n" +
			"Exit status: 0 loaded, or not wanted; 1 refused: then nothing is changed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "section-name", Usage: "the `SECTION` (required)"},
			&cli.PathFlag{Name: "file", Usage: "the JSON `FILE` (required)"},
			yesFlag(),
		},
		Action: alone(a.addSection),
	}
}

func (a *app) addSection(c *cli.Context) error {
	if err := required(c, "section-name", "file"); err != nil {
		return err
	}
	section := c.String("section-name")
	return a.withSettingsFile(c, func(src io.Reader) error {
		return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
			add := func() error {
				report, err := config.AddSection(ctx, s.Pool, registry(), section, src)
				if err != nil {
					return fmt.Errorf("%s: %w", c.Path("file"), err)
				}
				a.printReport(report)
				return nil
			}
			exists, err := sectionExists(ctx, s, section)
			if err != nil {
				return err
			}
			if exists {
				return a.asked(c, fmt.Sprintf("replaces section %q by the settings of %s", section, c.Path("file")), add)
			}
			return add()
		})
	})
}

// sectionExists tells whether the table has a value of the section.
func sectionExists(ctx context.Context, s *session, section string) (bool, error) {
	values, err := config.GetSection(ctx, s.Pool, registry(), section)
	if errors.Is(err, config.ErrUnknown) {
		return false, nil
	}
	for _, v := range values {
		if !v.Default {
			return true, nil
		}
	}
	return false, err
}

// withSettingsFile opens --file before anybody is asked anything.
func (a *app) withSettingsFile(c *cli.Context, work func(io.Reader) error) (err error) {
	path := c.Path("file")
	if path == "-" && !c.Bool("yes") {
		return usage("--file -: add --yes, because standard input cannot be the file and the answer to a question")
	}
	src, err := a.input(c.Context, path)
	if err != nil {
		return fmt.Errorf("--file: %w", err)
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	return work(src)
}
