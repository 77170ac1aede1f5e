package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/config"
)

// sample has a setting of every sort.
type sample struct {
	_ struct{} `section:"Sample" effect:"next task"`

	Text   string        `setting:"text" default:"hello"`
	Word   string        `setting:"word" default:"INFO" oneof:"DEBUG INFO"`
	Count  int           `setting:"count" default:"5" min:"0" max:"100" restart:"true"`
	Share  float64       `setting:"share" default:"0.25" min:"0.01" max:"1"`
	Flag   bool          `setting:"flag" default:"False"`
	Switch bool          `setting:"switch" default:"1" type:"int"`
	Every  time.Duration `setting:"every" default:"30" unit:"1s" min:"1" max:"86400" effect:"at once"`
	Limit  time.Duration `setting:"limit" default:"2h" min:"1s" max:"168h"`
	Pairs  pairs         `setting:"pairs" default:"a=b"`
	Secret config.Secret `setting:"api_key" default:""`
	Dead   int           `setting:"dead" default:"1" unused:"nobody reads it"`
}

// Validate wants the text to be no longer than the count, and quotes what it should not.
func (s sample) Validate() error {
	var faults []error
	if len(s.Text) > s.Count && s.Text != "hello" {
		faults = append(faults, fmt.Errorf("Sample.text: must be at most %d characters long", s.Count))
	}
	if strings.HasPrefix(s.Secret.Reveal(), "bad") {
		faults = append(faults, fmt.Errorf("Sample.api_key: is bad (got %s)", s.Secret.Reveal()))
	}
	return errors.Join(faults...)
}

// pairs are read from text like "a=b c=d".
type pairs []string

func (p *pairs) UnmarshalText(text []byte) error {
	*p = strings.Fields(string(text))
	for _, pair := range *p {
		if !strings.Contains(pair, "=") {
			return fmt.Errorf("must be pairs (got %q)", pair)
		}
	}
	return nil
}

func (p pairs) MarshalText() ([]byte, error) { return []byte(strings.Join(p, " ")), nil }

func registry() *config.Registry { return config.NewRegistry(config.NewSection[sample]("Sample")) }

func TestStaticHasDefaultsAndGivenValues(t *testing.T) {
	t.Parallel()
	got := config.Of[sample](config.Static(registry()))
	require.Equal(t, sample{
		Text: "hello", Word: "INFO", Count: 5, Share: .25, Switch: true, Every: 30 * time.Second, Limit: 2 * time.Hour, Pairs: pairs{"a=b"}, Dead: 1,
	}, got)

	got = config.Of[sample](config.Static(registry(), "Sample.text=hi = ho", "Sample.count=100", "Sample.word=debug", "Sample.flag=TRUE", "Sample.switch=0",
		"Sample.every=90", "Sample.limit=90s", "Sample.share=1", "Sample.pairs=c=d  e=f", "Sample.api_key= "+canary+"\n"))
	require.True(t, got.Secret.Equal(config.NewSecret(canary)))
	got.Secret = config.Secret{}
	require.Equal(t, sample{
		Text: "hi = ho", Word: "DEBUG", Count: 100, Share: 1, Flag: true, Every: 90 * time.Second, Limit: 90 * time.Second, Pairs: pairs{"c=d", "e=f"}, Dead: 1,
	}, got)
}

func TestStaticRefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"Sample.count", "count=1", "Sample.nothing=1", "Other.count=1", "Sample.count=x"} {
		require.Panics(t, func() { config.Static(registry(), pair) }, pair)
	}
	require.Panics(t, func() { config.Of[pairs](config.Static(registry())) })
}

func TestAssumeNamesEveryFault(t *testing.T) {
	t.Parallel()
	store, err := config.Assume(registry(), "Sample.count=7")
	require.NoError(t, err)
	require.Equal(t, 7, config.Of[sample](store).Count)
	_, err = config.Assume(registry(), "Sample.count=x", "nonsense", "Sample.word=ho")
	require.ErrorContains(t, err, `"nonsense" is not Section.setting=value`)
	require.ErrorContains(t, err, "Sample.count: ")
	require.ErrorContains(t, err, "Sample.word: ")
}

func TestRegistryDescribesSettings(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, s := range registry().Settings() {
		if s.Section == "Sample" {
			lines = append(lines, fmt.Sprintf("%s %s %q %s secret=%t unused=%q", s.Path(), s.Type, s.Default, s.Effect, s.Secret, s.Unused))
		}
	}
	require.Equal(t, []string{
		`Sample.text str "hello" next task secret=false unused=""`,
		`Sample.word str "INFO" next task secret=false unused=""`,
		`Sample.count int "5" restart secret=false unused=""`,
		`Sample.share float "0.25" next task secret=false unused=""`,
		`Sample.flag bool "False" next task secret=false unused=""`,
		`Sample.switch int "1" next task secret=false unused=""`,
		`Sample.every int "30" at once secret=false unused=""`,
		`Sample.limit str "2h" next task secret=false unused=""`,
		`Sample.pairs str "a=b" next task secret=false unused=""`,
		`Sample.api_key str "" next task secret=true unused=""`,
		`Sample.dead int "1" next task secret=false unused="nobody reads it"`,
	}, lines)
}

func TestSectionRefusesStructsThatContradictThemselves(t *testing.T) {
	t.Parallel()
	type badDefault struct {
		A int `setting:"a" default:"x" effect:"at once"`
	}
	type outOfRange struct {
		A int `setting:"a" default:"9" max:"8" effect:"at once"`
	}
	type noEffect struct {
		A int `setting:"a" default:"9"`
	}
	type noUnit struct {
		A int `setting:"a" default:"9" unit:"1s" effect:"at once"`
	}
	type noType struct {
		A int `setting:"a" default:"9" type:"integer" effect:"at once"`
	}
	type noRange struct {
		A int `setting:"a" default:"9" min:"one" effect:"at once"`
	}
	type noKind struct {
		A []int `setting:"a" default:"9" effect:"at once"`
	}
	type other struct {
		_ struct{} `section:"Other" effect:"at once"`
		A int      `setting:"a" default:"9"`
	}
	for name, build := range map[string]func() config.Section{
		"default": func() config.Section { return config.NewSection[badDefault]("S") },
		"range":   func() config.Section { return config.NewSection[outOfRange]("S") },
		"effect":  func() config.Section { return config.NewSection[noEffect]("S") },
		"unit":    func() config.Section { return config.NewSection[noUnit]("S") },
		"type":    func() config.Section { return config.NewSection[noType]("S") },
		"bounds":  func() config.Section { return config.NewSection[noRange]("S") },
		"kind":    func() config.Section { return config.NewSection[noKind]("S") },
		"name":    func() config.Section { return config.NewSection[other]("S") },
		"struct":  func() config.Section { return config.NewSection[int]("S") },
	} {
		require.Panics(t, func() { build() }, name)
	}
	section := config.NewSection[other]("Other")
	require.Panics(t, func() { config.NewRegistry(section, section) })
}

func TestSectionMayBeServedByTwoStructs(t *testing.T) {
	t.Parallel()
	type more struct {
		_    struct{} `section:"Sample" effect:"at once"`
		More int      `setting:"more" default:"1"`
	}
	reg := config.NewRegistry(config.NewSection[sample]("Sample"), config.NewSection[more]("Sample"))
	store := config.Static(reg, "Sample.more=7", "Sample.count=8")
	require.Equal(t, 7, config.Of[more](store).More)
	require.Equal(t, 8, config.Of[sample](store).Count)

	type again struct {
		_     struct{} `section:"Sample" effect:"at once"`
		Count int      `setting:"count" default:"1"`
	}
	require.Panics(t, func() { config.NewRegistry(config.NewSection[sample]("Sample"), config.NewSection[again]("Sample")) })
}
