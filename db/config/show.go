package config

import (
	"regexp"
	"strings"
)

var (
	// A user's part of a URL ends at the last @ before a blank: what is in doubt is hidden.
	urlPassword = regexp.MustCompile(`(://[^\s:@/]*:)\S*@`)
	secretName  = regexp.MustCompile(`(?i)key|token|secret|passw|credential`)
)

// hidePasswords replaces the passwords of the URLs in the text.
func hidePasswords(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return urlPassword.ReplaceAllString(text, "${1}xxxxx@")
}

// secret tells whether the value of a row must not be shown: it is declared so, it lies in section Keys, or nobody knows the key and its name sounds
// like one of a secret.
func (r *Registry) secret(section, name string) bool {
	if setting, known := r.Setting(section, name); known {
		return setting.Secret
	}
	return section == "Keys" || secretName.MatchString(name)
}

// shown is a value as commands show it: whole, but without what is secret.
func (r *Registry) shown(section, name, value string) string {
	if value != "" && r.secret(section, name) {
		return Redacted
	}
	return hidePasswords(value)
}
