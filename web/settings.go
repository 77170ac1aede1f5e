package web

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Server is section Server of the settings table: where the pages and the API are served.
type Server struct {
	_ struct{} `section:"Server" effect:"restart"`

	// Address to listen on: a name or an IP address of this machine itself, such as 127.0.0.1. One that other machines can reach, such as
	// 0.0.0.0, is refused at the start, because requests need no token yet.
	Host string `setting:"host" default:"127.0.0.1"`
	// Port to listen on.
	Port int `setting:"port" default:"5000" min:"1" max:"65535"`
	// Longest time of one request, in seconds.
	Timeout time.Duration `setting:"timeout" default:"6000" unit:"1s" min:"1" max:"86400"`
	// True serves HTTPS; ssl_cert_file and ssl_key_file are needed then.
	SSL bool `setting:"ssl" default:"False"`
	// File with the certificate chain in PEM, an absolute path.
	CertFile string `setting:"ssl_cert_file" default:""`
	// File with the private key in PEM, an absolute path.
	KeyFile string `setting:"ssl_key_file" default:""`
	// How many processes answered requests.
	Workers int `setting:"workers" default:"6" min:"1" max:"1000" unused:"one process answers all requests"`
	// How long an answer could be repeated without asking the database, in seconds.
	CacheExpire time.Duration `setting:"cache_expire" default:"3600" unit:"1s" type:"str" min:"0" max:"31536000" unused:"every answer is computed"`
}

// A name without a letter would be a misspelt address.
const letters = "abcdefghijklmnopqrstuvwxyz"

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?$`)

// Validate reports settings that cannot be served together.
func (s Server) Validate() error {
	var faults []error
	if _, err := netip.ParseAddr(s.Host); err != nil && (!hostName.MatchString(s.Host) || !strings.ContainsAny(strings.ToLower(s.Host), letters)) {
		faults = append(faults, fmt.Errorf("Server.host: must be a name or an IP address (got %.80q)", s.Host))
	}
	for _, file := range []struct{ setting, path string }{{"ssl_cert_file", s.CertFile}, {"ssl_key_file", s.KeyFile}} {
		if file.path != "" && !filepath.IsAbs(file.path) {
			faults = append(faults, fmt.Errorf("Server.%s: must be absolute or empty (got %.80q)", file.setting, file.path))
		}
	}
	if s.SSL && (s.CertFile == "" || s.KeyFile == "") {
		faults = append(faults, errors.New("Server.ssl: needs ssl_cert_file and ssl_key_file"))
	}
	return errors.Join(faults...)
}
