package github

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ownerLogin is what GitHub allows as the name of an account: letters, digits and single hyphens, not at the beginning, and for accounts that an enterprise manages a suffix
// after an underscore. At the end there is a hyphen in names of long ago.
var ownerLogin = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*-?(_[A-Za-z0-9]+)?$`)

const longestLogin = 39

// OwnerName reads the name of an organisation or a user as people write it: octo, @octo, or an address such as https://github.com/octo or
// https://github.com/orgs/octo/repositories. An error is a phrase about the text.
func OwnerName(text string) (string, error) {
	name, isAddress := strings.TrimPrefix(strings.TrimSpace(text), "@"), false
	for _, scheme := range []string{"https://", "http://"} {
		if len(name) >= len(scheme) && strings.EqualFold(name[:len(scheme)], scheme) {
			name, isAddress = name[len(scheme):], true
			break
		}
	}
	host, path, _ := strings.Cut(name, "/")
	if host = strings.ToLower(host); host == "github.com" || host == "www.github.com" {
		name, _, _ = strings.Cut(path, "?")
		parts := strings.Split(strings.Trim(name, "/"), "/")
		switch {
		case len(parts) > 1 && (parts[0] == "orgs" || parts[0] == "users"):
			name = parts[1]
		case len(parts) > 1:
			return "", fmt.Errorf("names a repository: `augur db add-repo https://github.com/%.60s/%.100s` adds it", parts[0], parts[1])
		default:
			name = parts[0]
		}
	} else if isAddress {
		return "", errors.New("is not on github.com: only organisations and users there are followed")
	}
	if len(name) > longestLogin || !ownerLogin.MatchString(name) {
		return "", fmt.Errorf("is no name that GitHub allows: letters, digits and single hyphens, at most %d", longestLogin)
	}
	return name, nil
}
