package badges

import (
	"fmt"
	"net/url"
	"time"
)

// Settings is section Badges of the settings table.
type Settings struct {
	_ struct{} `section:"Badges" effect:"next task"`

	// Address of the OpenSSF Best Practices service, or of a copy with its JSON API. Empty: nobody is asked, and repo_badging stays as it is.
	URL string `setting:"url" default:"https://www.bestpractices.dev/"`
	// How soon a repository is asked about again. Go duration text.
	Interval time.Duration `setting:"interval" default:"168h" min:"1m" max:"87600h"`
	// Shortest time between two requests of one process. The service asks not to be overwhelmed. Go duration text.
	RequestInterval time.Duration `setting:"request_interval" default:"200ms" min:"0s" max:"1m"`
	// Longest time of one request. Go duration text.
	RequestTimeout time.Duration `setting:"request_timeout" default:"30s" min:"1s" max:"10m"`
	// How long the service is not asked again when it does not answer. Go duration text.
	Pause time.Duration `setting:"pause" default:"1h" min:"1s" max:"24h"`
}

// Validate reports an address that is none.
func (s Settings) Validate() error {
	if s.URL == "" {
		return nil
	}
	u, err := url.Parse(s.URL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("Badges.url: must be an address such as https://www.bestpractices.dev/ (got %.80q)", s.URL)
	}
	return nil
}
