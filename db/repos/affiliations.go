package repos

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/repos/sheet"
)

// The longest domain or e-mail in characters, which is what its column holds, and the longest affiliation in bytes.
const (
	maxDomain      = 64
	maxAffiliation = 255
)

// AddAffiliations adds the affiliations of a CSV file with the columns domain and affiliation: whose commits belong to which organization. A domain may
// also be a whole e-mail address. One that has an affiliation keeps it. Policy and Group of the options have no meaning here. Errors are as for [AddRepos].
func AddAffiliations(ctx context.Context, pool *pgxpool.Pool, src io.Reader, o Options) (Summary, error) {
	a := &affiliationAdder{pool: pool, options: o, queries: db.New(), seen: map[string]int{}}
	table, err := sheet.Open(counted(src, o.Progress),
		sheet.Column{Name: "domain", Looks: looksLikeDomain},
		sheet.Column{Name: "affiliation", Looks: func(value string) bool { return !looksLikeDomain(value) }})
	if err != nil {
		return a.summary, fmt.Errorf("read affiliations: %w", err)
	}
	err = eachRow(table, func(row sheet.Row) error {
		a.chunk = append(a.chunk, a.read(row))
		if len(a.chunk) < o.chunkRows() {
			return nil
		}
		return a.flush(ctx)
	})
	if err == nil {
		err = a.flush(ctx)
	}
	if err != nil {
		return a.summary, fmt.Errorf("add affiliations: %w", err)
	}
	return a.summary, nil
}

type affiliationAdder struct {
	pool    *pgxpool.Pool
	options Options
	queries *db.Queries
	chunk   []Verdict
	seen    map[string]int // line of the first row with that domain
	summary Summary
}

// read judges a row by itself; a row without fault has no status yet.
func (a *affiliationAdder) read(row sheet.Row) Verdict {
	v := Verdict{Line: row.Line}
	if row.Fault != "" {
		v.Status, v.Reason = Rejected, row.Fault
		return v
	}
	domain := lowerASCII(strings.TrimPrefix(row.Values[0], "@"))
	v.Domain, v.Affiliation = shortened(domain), shortened(row.Values[1])
	var reasons []string
	if reason := checkDomain(domain); reason != "" {
		reasons = append(reasons, reason)
	}
	if reason := checkAffiliation(row.Values[1]); reason != "" {
		reasons = append(reasons, reason)
	}
	if len(reasons) == 0 {
		if line, ok := a.seen[domain]; ok {
			reasons = append(reasons, fmt.Sprintf("duplicate of line %d", line))
		} else {
			a.seen[domain] = row.Line
		}
	}
	if len(reasons) > 0 {
		v.Status, v.Reason = Rejected, strings.Join(reasons, "; ")
	}
	return v
}

// looksLikeDomain tells example.org and ann@example.org from the name of an organization.
func looksLikeDomain(value string) bool {
	return strings.ContainsAny(value, ".@") && !strings.ContainsFunc(value, unicode.IsSpace)
}

func checkDomain(domain string) string {
	local, name, address := strings.Cut(domain, "@")
	if !address {
		name = domain
	}
	switch {
	case !utf8.ValidString(domain):
		return "domain has bytes that are not UTF-8"
	case strings.ContainsFunc(domain, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return "domain has a blank or a control character in it"
	case utf8.RuneCountInString(domain) > maxDomain:
		return fmt.Sprintf("domain is longer than %d characters", maxDomain)
	case address && (local == "" || name == "" || strings.Contains(name, "@")):
		return fmt.Sprintf("%q is no e-mail address", shortened(domain))
	case !address && (!strings.Contains(name, ".") || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".")):
		return fmt.Sprintf("%q is neither a domain, such as example.org, nor an e-mail address", shortened(domain))
	}
	return ""
}

func checkAffiliation(name string) string {
	switch {
	case !utf8.ValidString(name):
		return "affiliation has bytes that are not UTF-8"
	case len(name) > maxAffiliation:
		return fmt.Sprintf("affiliation is longer than %d bytes", maxAffiliation)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "affiliation has a control character in it"
	}
	return ""
}

// lowerASCII folds case as the database does when it looks for an affiliation.
func lowerASCII(s string) string {
	folded := []byte(s)
	for i, b := range folded {
		if b >= 'A' && b <= 'Z' {
			folded[i] = b + 'a' - 'A'
		}
	}
	return string(folded)
}

func (a *affiliationAdder) flush(ctx context.Context) error {
	var accepted []*Verdict
	for i := range a.chunk {
		if v := &a.chunk[i]; v.Status != Rejected {
			accepted = append(accepted, v)
		}
	}
	if len(accepted) > 0 {
		err := inTx(ctx, a.pool, func(tx pgx.Tx) error { return a.store(ctx, tx, accepted) })
		if err != nil {
			return err
		}
	}
	for _, v := range a.chunk {
		a.summary.count(v)
		a.options.tell(v)
	}
	a.chunk = a.chunk[:0]
	return nil
}

func (a *affiliationAdder) store(ctx context.Context, tx pgx.Tx, verdicts []*Verdict) error {
	domains := make([]string, len(verdicts))
	for i, v := range verdicts {
		domains[i] = v.Domain
	}
	rows, err := a.queries.Affiliations(ctx, tx, domains)
	if err != nil {
		return err
	}
	have := make(map[string]db.AffiliationsRow, len(rows))
	for _, row := range rows {
		have[lowerASCII(row.Domain)] = row
	}
	p := db.InsertAffiliationsParams{ToolVersion: a.options.ToolVersion}
	for _, v := range verdicts {
		v.Status, v.Reason = Added, ""
		row, known := have[v.Domain]
		if !known {
			p.Domains, p.Affiliations = append(p.Domains, v.Domain), append(p.Affiliations, v.Affiliation)
			continue
		}
		v.Status = AlreadyThere
		switch {
		case row.Active != 1:
			v.Reason = "and switched off (ca_active is not 1)"
		case row.Affiliation != v.Affiliation:
			v.Reason = fmt.Sprintf("keeps its affiliation %q", row.Affiliation)
		}
	}
	if len(p.Domains) == 0 {
		return nil
	}
	inserted, err := a.queries.InsertAffiliations(ctx, tx, p)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		// Somebody else may have been faster.
		if v.Status == Added && len(inserted) < len(p.Domains) && !slices.Contains(inserted, v.Domain) {
			v.Status = AlreadyThere
		}
	}
	return nil
}
