package registry

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"augur/facade/manifest"
)

// protocol is how a registry is asked. date is for those whose list of versions has no dates.
type protocol struct {
	find func(ctx context.Context, c *Client, name string) (*Package, error)
	date func(ctx context.Context, c *Client, name, version string) (time.Time, error)
}

var protocols = map[string]protocol{
	manifest.PyPI:     {find: pypi},
	manifest.NPM:      {find: npm},
	manifest.Go:       {find: goproxy, date: goproxyDate},
	manifest.Cargo:    {find: crates},
	manifest.Maven:    {find: maven, date: mavenDate},
	manifest.RubyGems: {find: rubygems},
	manifest.Composer: {find: packagist},
	manifest.NuGet:    {find: nuget},
}

// maxAnswer is the longest answer that is read: the largest packages of npm have some 50 MB.
const maxAnswer = 128 << 20

// get asks for a path below the registry's address, and gives the body of a good answer to read. What the registry does not know is no fault: read is not called.
func (c *Client) get(ctx context.Context, manager, method, path string, read func(body io.Reader, header http.Header) error) error {
	if err := c.pass(ctx, manager); err != nil {
		return err
	}
	address := strings.TrimSuffix(c.options.Bases[manager], "/") + "/" + path
	request, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	request.Header.Set("User-Agent", c.options.UserAgent)
	answer, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.note(manager, err, c.options.Pause)
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone, http.StatusForbidden, http.StatusUnauthorized, http.StatusUnavailableForLegalReasons, http.StatusBadRequest:
		c.note(manager, nil, 0)
		return nil
	default:
		fault := fmt.Errorf("%s says %s", request.URL.Host, answer.Status)
		wait, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		c.note(manager, fault, time.Duration(min(max(wait, 0), 3600))*time.Second)
		return fmt.Errorf("%w: %w", ErrUnreachable, fault)
	}
	if err := read(&limited{r: answer.Body, left: maxAnswer}, answer.Header); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fault := fmt.Errorf("%s: read the answer: %w", request.URL.Host, err)
		c.note(manager, fault, 0)
		return fmt.Errorf("%w: %w", ErrUnreachable, fault)
	}
	c.note(manager, nil, 0)
	return nil
}

// limited is a reader that fails when there is too much, so that half an answer is never taken for all.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errors.New("the answer is too long")
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

func (c *Client) getJSON(ctx context.Context, manager, path string, into any) error {
	return c.get(ctx, manager, http.MethodGet, path, func(body io.Reader, _ http.Header) error { return json.NewDecoder(body).Decode(into) })
}

// moment reads a date that may be absent or odd.
func moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1900 && t.Year() < 10000 { // NuGet dates what it hides to 1900
			return t.UTC()
		}
	}
	return time.Time{}
}

func pypi(ctx context.Context, c *Client, name string) (*Package, error) {
	var answer struct {
		Info struct {
			Version string `json:"version"`
		} `json:"info"`
		Releases map[string][]struct {
			Uploaded string `json:"upload_time_iso_8601"`
			Yanked   bool   `json:"yanked"`
		} `json:"releases"`
	}
	if err := c.getJSON(ctx, manifest.PyPI, "pypi/"+url.PathEscape(name)+"/json", &answer); err != nil {
		return nil, err
	}
	p := &Package{Latest: answer.Info.Version}
	for version, files := range answer.Releases {
		first := time.Time{}
		good := false
		for _, f := range files {
			if t := moment(f.Uploaded); !f.Yanked && (first.IsZero() || !t.IsZero() && t.Before(first)) {
				first, good = t, true
			}
		}
		if good {
			p.Releases = append(p.Releases, Release{Version: version, Date: first})
		}
	}
	return p.sorted(), nil
}

// sorted makes the same answer the same text: maps have no order.
func (p *Package) sorted() *Package {
	slices.SortFunc(p.Releases, func(a, b Release) int { return strings.Compare(a.Version, b.Version) })
	return p
}

// npm reads only two fields of what may be tens of megabytes, and keeps nothing of the others.
func npm(ctx context.Context, c *Client, name string) (*Package, error) {
	p := &Package{}
	err := c.get(ctx, manifest.NPM, http.MethodGet, url.PathEscape(name), func(body io.Reader, _ http.Header) error {
		var tags map[string]string
		var times map[string]any
		err := eachField(json.NewDecoder(body), map[string]any{"dist-tags": &tags, "time": &times})
		p.Latest = tags["latest"]
		for version, at := range times {
			if text, ok := at.(string); ok && version != "created" && version != "modified" {
				p.Releases = append(p.Releases, Release{Version: version, Date: moment(text)})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.sorted(), nil
}

// eachField decodes the wanted fields of an object and skips the others token by token.
func eachField(d *json.Decoder, wanted map[string]any) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(err, errors.New("no object"))
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if into, ok := wanted[name]; ok {
			if err := d.Decode(into); err != nil {
				return err
			}
			continue
		}
		for depth := 0; ; {
			t, err := d.Token()
			if err != nil {
				return err
			}
			switch t {
			case json.Delim('{'), json.Delim('['):
				depth++
			case json.Delim('}'), json.Delim(']'):
				depth--
			}
			if depth == 0 {
				break
			}
		}
	}
	_, err := d.Token()
	return err
}

type goInfo struct {
	Version string
	Time    time.Time
}

// goproxy needs no list of versions: a go.mod names one, and the proxy knows the latest.
func goproxy(ctx context.Context, c *Client, name string) (*Package, error) {
	escaped, err := module.EscapePath(name)
	if err != nil {
		return &Package{}, nil //nolint:nilerr // no registry knows a name that is none
	}
	var latest goInfo
	if err := c.getJSON(ctx, manifest.Go, escaped+"/@latest", &latest); err != nil {
		return nil, err
	}
	p := &Package{Latest: latest.Version}
	if latest.Version != "" {
		p.Releases = []Release{{Version: latest.Version, Date: latest.Time.UTC()}}
	}
	return p, nil
}

func goproxyDate(ctx context.Context, c *Client, name, version string) (time.Time, error) {
	if module.IsPseudoVersion(version) {
		return module.PseudoVersionTime(version) // it is a commit, and says of when
	}
	escaped, err := module.EscapePath(name)
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // as above
	}
	escapedVersion, err := module.EscapeVersion(version)
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // as above
	}
	var info goInfo
	err = c.getJSON(ctx, manifest.Go, escaped+"/@v/"+escapedVersion+".info", &info)
	return info.Time, err
}

func crates(ctx context.Context, c *Client, name string) (*Package, error) {
	var answer struct {
		Crate struct {
			Stable string `json:"max_stable_version"`
		} `json:"crate"`
		Versions []struct {
			Number  string `json:"num"`
			Created string `json:"created_at"`
			Yanked  bool   `json:"yanked"`
		} `json:"versions"`
	}
	if err := c.getJSON(ctx, manifest.Cargo, "api/v1/crates/"+url.PathEscape(name), &answer); err != nil {
		return nil, err
	}
	p := &Package{Latest: answer.Crate.Stable}
	for _, v := range answer.Versions {
		if !v.Yanked {
			p.Releases = append(p.Releases, Release{Version: v.Number, Date: moment(v.Created)})
		}
	}
	return p.sorted(), nil
}

// mavenPath is the directory of group:artifact.
func mavenPath(name string) (string, bool) {
	group, artifact, ok := strings.Cut(name, ":")
	if !ok || group == "" || artifact == "" || strings.ContainsAny(name, "/\\$ ") || strings.Contains(name, "..") {
		return "", false
	}
	return strings.ReplaceAll(url.PathEscape(group), ".", "/") + "/" + url.PathEscape(artifact), true
}

func maven(ctx context.Context, c *Client, name string) (*Package, error) {
	path, ok := mavenPath(name)
	if !ok {
		return &Package{}, nil
	}
	var answer struct {
		Release  string   `xml:"versioning>release"`
		Versions []string `xml:"versioning>versions>version"`
	}
	err := c.get(ctx, manifest.Maven, http.MethodGet, path+"/maven-metadata.xml", func(body io.Reader, _ http.Header) error {
		return xml.NewDecoder(body).Decode(&answer)
	})
	if err != nil {
		return nil, err
	}
	p := &Package{Latest: answer.Release}
	for _, version := range answer.Versions {
		p.Releases = append(p.Releases, Release{Version: version})
	}
	return p.sorted(), nil
}

// mavenDate is the date of the file that describes a version: the registry tells no other.
func mavenDate(ctx context.Context, c *Client, name, version string) (time.Time, error) {
	path, ok := mavenPath(name)
	if !ok {
		return time.Time{}, nil
	}
	_, artifact, _ := strings.Cut(name, ":")
	v := url.PathEscape(version)
	var when time.Time
	err := c.get(ctx, manifest.Maven, http.MethodHead, path+"/"+v+"/"+url.PathEscape(artifact)+"-"+v+".pom", func(_ io.Reader, header http.Header) error {
		when, _ = http.ParseTime(header.Get("Last-Modified")) // without it there is no date
		return nil
	})
	return when, err
}

func rubygems(ctx context.Context, c *Client, name string) (*Package, error) {
	var answer []struct {
		Number  string `json:"number"`
		Created string `json:"created_at"`
	}
	if err := c.getJSON(ctx, manifest.RubyGems, "api/v1/versions/"+url.PathEscape(name)+".json", &answer); err != nil {
		return nil, err
	}
	p := &Package{}
	seen := map[string]bool{} // one version has a file per platform
	for _, v := range answer {
		if !seen[v.Number] {
			seen[v.Number] = true
			p.Releases = append(p.Releases, Release{Version: v.Number, Date: moment(v.Created)})
		}
	}
	return p.sorted(), nil
}

// packagist reads metadata in which a version says only what differs from the one before it.
func packagist(ctx context.Context, c *Client, name string) (*Package, error) {
	vendor, short, ok := strings.Cut(name, "/")
	if !ok {
		return &Package{}, nil
	}
	var answer struct {
		Packages map[string][]struct {
			Version string `json:"version"`
			Time    string `json:"time"`
		} `json:"packages"`
	}
	if err := c.getJSON(ctx, manifest.Composer, "p2/"+url.PathEscape(vendor)+"/"+url.PathEscape(short)+".json", &answer); err != nil {
		return nil, err
	}
	p := &Package{}
	at := ""
	for _, v := range answer.Packages[name] {
		if v.Time != "" {
			at = v.Time
		}
		p.Releases = append(p.Releases, Release{Version: v.Version, Date: moment(at)})
	}
	return p.sorted(), nil
}

type nugetPage struct {
	ID    string `json:"@id"`
	Items []struct {
		Entry struct {
			Version   string `json:"version"`
			Published string `json:"published"`
			Listed    *bool  `json:"listed"`
		} `json:"catalogEntry"`
	} `json:"items"`
}

// maxPages is how many pages of versions of one package are read.
const maxPages = 100

// nuget reads an index, whose pages are in it or, for packages with many versions, beside it.
func nuget(ctx context.Context, c *Client, name string) (*Package, error) {
	var index struct {
		Items []nugetPage `json:"items"`
	}
	if err := c.getJSON(ctx, manifest.NuGet, url.PathEscape(strings.ToLower(name))+"/index.json", &index); err != nil {
		return nil, err
	}
	p := &Package{}
	for _, page := range index.Items[:min(len(index.Items), maxPages)] {
		if len(page.Items) == 0 {
			rest, ok := strings.CutPrefix(page.ID, strings.TrimSuffix(c.options.Bases[manifest.NuGet], "/")+"/")
			if !ok {
				continue // nobody but the registry is asked
			}
			if err := c.getJSON(ctx, manifest.NuGet, rest, &page); err != nil {
				return nil, err
			}
		}
		for _, item := range page.Items {
			if e := item.Entry; e.Listed == nil || *e.Listed {
				p.Releases = append(p.Releases, Release{Version: e.Version, Date: moment(e.Published)})
			}
		}
	}
	return p.sorted(), nil
}
