package apikey

import "time"

// Forecast is how long requests take with the keys at hand.
type Forecast struct {
	// Keys is how many can be used; with none, nothing else says anything.
	Keys int `json:"keys"`
	// Now says that there is budget for all of it at once, without waiting for a reset.
	Now bool `json:"now"`
	// Duration is how long it takes when nobody else uses the keys.
	Duration time.Duration `json:"nanoseconds"`
	// LimitedBy is the resource that takes longest; empty: the pace of a minute does.
	LimitedBy string `json:"limited_by,omitempty"`
}

// Predict tells how long so many points of each resource take. What is left of the windows is used first, then whole windows.
func Predict(now time.Time, keys []KeyState, limit Limit, points map[string]int64) Forecast {
	f := Forecast{Now: true}
	capacity, left, requests := map[string]int64{}, map[string]int64{}, int64(0)
	for _, key := range keys {
		if !key.Usable() {
			continue
		}
		f.Keys++
		for resource := range points {
			b := key.Budgets[resource]
			whole := int64(max(b.Limit-limit.Reserve, b.Limit/2))
			capacity[resource] += whole
			if b.ResetAt == nil || !b.ResetAt.After(now) {
				left[resource] += whole
				continue
			}
			left[resource] += int64(max(b.Remaining-b.Taken-limit.Reserve, 0))
		}
	}
	if f.Keys == 0 {
		return Forecast{}
	}
	for _, n := range points {
		requests += n
	}
	f.Duration = time.Duration(requests) * time.Minute / time.Duration(f.Keys*max(limit.PerMinute, 1))
	for resource, n := range points {
		if n <= left[resource] {
			continue
		}
		f.Now = false
		takes := time.Duration(n-left[resource]) * time.Hour / time.Duration(max(capacity[resource], 1))
		if takes > f.Duration {
			f.Duration, f.LimitedBy = takes, resource
		}
	}
	return f
}
