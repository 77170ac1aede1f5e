package people

// SetLimit sets how many files a tally remembers.
func (t *Tally) SetLimit(files int) { t.limit = files }

// SetRecalled sets how many rows of stored commits a tally looks through.
func (t *Tally) SetRecalled(rows int) { t.recalled = rows }
