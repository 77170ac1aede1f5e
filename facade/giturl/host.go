package giturl

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var (
	hostLabel = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
	// What the resolver of the C library takes for a number: 2130706433, 0x7f000001, 017700000001.
	numericLabel = regexp.MustCompile(`^([0-9]+|0x[0-9a-f]*)$`)
)

var defaultPorts = map[string]string{"https": "443", "http": "80", "ssh": "22", "git": "9418"}

// parseHost gives the host in lower case (an IPv6 address in its brackets) and the port, which is empty when it is the scheme's own.
func parseHost(text, scheme string) (host, port, reason string) {
	text = strings.ToLower(text)
	host = text
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return "", "", "has a [ in its host without the ] that ends it"
		}
		addr, err := netip.ParseAddr(text[1:end])
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", "", "has brackets around something that is not an IPv6 address"
		}
		host, port = "["+addr.String()+"]", text[end+1:]
	} else if i := strings.IndexByte(text, ':'); i >= 0 {
		host, port = text[:i], text[i:]
	}
	if port, reason = parsePort(port, scheme); reason != "" {
		return "", "", reason
	}
	if strings.HasPrefix(host, "[") {
		return host, port, ""
	}
	host = strings.TrimSuffix(host, ".")
	return host, port, checkHostName(host)
}

func parsePort(text, scheme string) (port, reason string) {
	if text == "" || text == ":" {
		return "", ""
	}
	digits, ok := strings.CutPrefix(text, ":")
	number, err := strconv.ParseUint(digits, 10, 16)
	if !ok || err != nil || number == 0 {
		return "", "has a port that is not a number from 1 to 65535"
	}
	port = strconv.FormatUint(number, 10)
	if port == defaultPorts[scheme] {
		return "", ""
	}
	return port, ""
}

func checkHostName(host string) string {
	if host == "" {
		return "has no host"
	}
	for _, r := range host {
		if r > 0x7e {
			return fmt.Sprintf("has the character %q in its host: write an international name in its xn-- form", r)
		}
	}
	if strings.HasPrefix(host, "-") {
		return "has a host that starts with a dash: ssh would take it for an option"
	}
	if len(host) > 253 {
		return "has a host of more than 253 characters"
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !hostLabel.MatchString(label) {
			return "has a host that is not a host name: letters, digits, dots and dashes only"
		}
	}
	if numericLabel.MatchString(labels[len(labels)-1]) {
		if addr, err := netip.ParseAddr(host); err != nil || !addr.Is4() {
			return "has a number for a host: write an address as four numbers, such as 192.0.2.1"
		}
	}
	return ""
}

// checkServer applies the policy to a host that is not a known forge.
func checkServer(scheme, host string, p Policy) string {
	switch {
	case !p.AllowPrivate && privateHost(host):
		return "points to a loopback, private or link-local address, which is not allowed here (setting Facade.allow_private)"
	case !p.AllowHTTP && scheme == "http":
		return "uses http, which is neither encrypted nor authenticated, and is not allowed here: use https (or setting Facade.allow_http)"
	}
	if hint, ok := notServers[host]; ok {
		return hint
	}
	return ""
}

// Ranges that netip has no name for: this network, carrier-grade NAT, benchmarks, reserved and broadcast.
var specialRanges = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
}

var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

func privateHost(host string) bool {
	switch host {
	case "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback":
		return true
	}
	if strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && privateAddr(addr)
}

func privateAddr(addr netip.Addr) bool {
	addr = addr.Unmap()
	if addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() {
		return true
	}
	for _, prefix := range specialRanges {
		if prefix.Contains(addr) {
			return true
		}
	}
	// An IPv4 address may hide in an IPv6 one that a translator takes apart again.
	bytes := addr.As16()
	switch {
	case nat64.Contains(addr):
		return privateAddr(netip.AddrFrom4([4]byte(bytes[12:16])))
	case sixToFour.Contains(addr):
		return privateAddr(netip.AddrFrom4([4]byte(bytes[2:6])))
	}
	return false
}
