package api

import (
	"net/url"
	"strings"
)

// links reads the Link headers of a list (RFC 8288): the address of the next page, and the number of the last one. What it cannot read is not there.
func links(headers []string) (next string, last int) {
	for _, header := range headers {
		for header != "" {
			_, rest, ok := strings.Cut(header, "<")
			if !ok {
				break
			}
			target, params, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			// Up to the next target, which is the only place where a bracket may stand.
			end := strings.IndexByte(params, '<')
			if end < 0 {
				end = len(params)
			}
			switch header = params[end:]; relation(params[:end]) {
			case "next":
				next = target
			case "last":
				if u, err := url.Parse(target); err == nil {
					last = number(u.Query().Get("page"))
				}
			}
		}
	}
	return next, last
}

// relation is the rel of one link.
func relation(params string) string {
	for param := range strings.FieldsFuncSeq(params, func(r rune) bool { return r == ';' || r == ',' }) {
		name, value, ok := strings.Cut(strings.TrimSpace(param), "=")
		if ok && strings.EqualFold(strings.TrimSpace(name), "rel") {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}
