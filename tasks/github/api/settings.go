package api

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Settings is section GitHub of the settings table: where the API is, and how much of each key may be used, and how fast. The keys themselves are in section
// Keys.
type Settings struct {
	_ struct{} `section:"GitHub" effect:"at once"`

	// Address of the REST API. For GitHub Enterprise Server it is `https://HOST/api/v3`. Plain http is permitted to this machine only.
	APIURL string `setting:"api_url" default:"https://api.github.com"`
	// Address of the GraphQL API. Empty: what belongs to api_url, which is `https://api.github.com/graphql`, or `https://HOST/api/graphql`.
	GraphQLURL string `setting:"graphql_url" default:""`
	// Requests of each key (points of GraphQL) that are never used in an hour, so that the key's owner can go on working.
	Reserve int `setting:"reserve" default:"50" min:"0" max:"100000"`
	// Requests at the same time with one key, over all processes. GitHub refuses 100, and asks for few.
	Concurrency int `setting:"concurrency_per_key" default:"4" min:"1" max:"50"`
	// Requests a minute with one key, over all processes. github.com refuses more than 900, so that more is taken for an Enterprise Server only.
	PerMinute int `setting:"requests_per_minute" default:"600" min:"1" max:"100000"`
	// How many requests a process takes from the ledger at once. More is fewer statements, less is a better share when keys are nearly used up.
	Block int `setting:"budget_block" default:"50" min:"1" max:"1000"`
	// Longest time of one request, the reading of the answer included. Go duration text.
	RequestTimeout time.Duration `setting:"request_timeout" default:"1m" min:"1s" max:"10m"`
}

// publicHost is where the limits of github.com hold, and perMinute is how many requests of a key it answers in a minute.
const (
	publicHost = "api.github.com"
	perMinute  = 900
)

// Validate reports addresses to which a key must not be sent, and a pace that their server refuses.
func (s Settings) Validate() error {
	var faults []error
	u, err := endpoint(s.APIURL)
	switch {
	case err != nil:
		faults = append(faults, fmt.Errorf("GitHub.api_url: %w", err))
	case u.Hostname() == publicHost && s.PerMinute > perMinute:
		faults = append(faults, fmt.Errorf("GitHub.requests_per_minute: github.com refuses more than %d (got %d)", perMinute, s.PerMinute))
	}
	if s.GraphQLURL != "" {
		if _, err := endpoint(s.GraphQLURL); err != nil {
			faults = append(faults, fmt.Errorf("GitHub.graphql_url: %w", err))
		}
	}
	return errors.Join(faults...)
}

// rest is the base of REST addresses; it ends with a slash.
func (s Settings) rest() (*url.URL, error) {
	u, err := endpoint(s.APIURL)
	if err != nil {
		return nil, err
	}
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	return u, nil
}

// graphQL is the address of GraphQL.
func (s Settings) graphQL() (*url.URL, error) {
	if s.GraphQLURL != "" {
		return endpoint(s.GraphQLURL)
	}
	u, err := endpoint(s.APIURL)
	if err != nil {
		return nil, err
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v3") + "/graphql"
	return u, nil
}

// endpoint reads an address to which keys are sent.
func endpoint(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Host == "", u.Hostname() == "":
		return nil, fmt.Errorf("must be an address such as https://api.github.com (got %.80q)", withoutUser(address))
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("must have no user, query or fragment")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fmt.Errorf("must be https, since keys are sent to it (got %.80q)", u.String())
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// withoutUser is what is behind the last @.
func withoutUser(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
