package monitor

// choose divides the free places of a phase between repositories that were never collected and those that are due again, in the order in
// which each list comes. Half of the places belong to each sort, the odd one to those that are due; what one sort leaves over goes to the other. So
// neither a flood of new repositories nor a backlog of due ones holds up the other.
func choose[T any](free int, fresh, due []T) []T {
	if free <= 0 {
		return nil
	}
	forFresh := min(len(fresh), free/2)
	forDue := min(len(due), free-forFresh)
	forFresh = min(len(fresh), free-forDue)
	chosen := make([]T, 0, forFresh+forDue)
	chosen = append(chosen, due[:forDue]...)
	return append(chosen, fresh[:forFresh]...)
}
