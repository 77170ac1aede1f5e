// Package web answers over HTTP: whether the backend is healthy, and what collection is doing, as JSON. The backend calls it; it shows
// what monitor and tasks know and never changes anything.
//
// It serves this machine only. Everything wider needs tokens, and there are none yet, so [Listen] refuses other
// addresses; whoever needs more puts a proxy that asks for a password before it.
//
// Routes:
//
//	GET /            the routes
//	GET /health      200 and what is wrong (views, clocks, connections, transactions) when the database answers, 503 when not
//	GET /api         200 and the version as soon as requests are answered: Augur's readiness check
//	GET /api/status  what runs, what failed and why, workers
package web
