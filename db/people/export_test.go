package people

// SetLimit sets how many files a tally remembers.
func (t *Tally) SetLimit(files int) { t.limit = files }
