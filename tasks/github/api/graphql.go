package api

import "context"

// Query runs one GraphQL query and decodes its data into out. operation names it for people and for the ledger. Errors that concern a part of the
// answer come back in [Reply.Errors]; nothing under their paths may be believed. Errors of the whole query are [QueryErrors], and [ErrTooCostly]
// when smaller pages would help.
func (c *Client) Query(ctx context.Context, operation, text string, variables map[string]any, out any) (Reply, error) {
	return c.query(ctx, operation, text, variables, out)
}
