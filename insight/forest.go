package insight

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The numbers of scikit-learn's isolation forest.
const (
	forestTrees  = 100
	forestSample = 256
)

// forest is an isolation forest over single numbers. Values that few random cuts set apart from the others are anomalous.
type forest struct {
	trees  [][]cut
	sample int
}

// cut is a node: left and right are the nodes for values up to at and above it; a leaf has none, and holds size values.
type cut struct {
	at          float32
	left, right int32
	size        int32
}

// growForest grows so many trees, each from a sample of the values.
func growForest(values []float32, trees, sample int, random *rand.Rand) *forest {
	f := &forest{sample: min(sample, len(values))}
	depth := int(math.Ceil(math.Log2(float64(max(f.sample, 2)))))
	pool := slices.Clone(values)
	for range trees {
		for i := range f.sample {
			j := i + random.IntN(len(pool)-i)
			pool[i], pool[j] = pool[j], pool[i]
		}
		var tree []cut
		grow(&tree, slices.Clone(pool[:f.sample]), depth, random)
		f.trees = append(f.trees, tree)
	}
	return f
}

// grow adds the node of the values, and those below it.
func grow(tree *[]cut, values []float32, depth int, random *rand.Rand) int32 {
	at := int32(len(*tree))                              //nolint:gosec // at most twice forestSample
	*tree = append(*tree, cut{size: int32(len(values))}) //nolint:gosec // at most forestSample
	if len(values) <= 1 || depth == 0 {
		return at
	}
	least, most := slices.Min(values), slices.Max(values)
	if least == most {
		return at
	}
	// As a float64, cut down: a cut at the largest value would part nothing.
	where := float32(float64(least) + random.Float64()*(float64(most)-float64(least)))
	if where >= most {
		where = least
	}
	low := 0
	for i, value := range values {
		if value <= where {
			values[low], values[i] = values[i], values[low]
			low++
		}
	}
	left := grow(tree, values[:low], depth-1, random)
	right := grow(tree, values[low:], depth-1, random)
	node := &(*tree)[at]
	node.at, node.left, node.right = where, left, right
	return at
}

// depth is how many cuts it takes on average to set the value apart.
func (f *forest) depth(value float32) float64 {
	var total float64
	for _, tree := range f.trees {
		node := &tree[0]
		cuts := 0
		for node.right > 0 {
			cuts++
			if value <= node.at {
				node = &tree[node.left]
			} else {
				node = &tree[node.right]
			}
		}
		total += float64(cuts) + averagePath(int(node.size))
	}
	return total / float64(len(f.trees))
}

// score is between -1, for an outlier, and 0.
func (f *forest) score(value float32) float64 {
	return -math.Pow(2, -f.depth(value)/math.Max(averagePath(f.sample), 1e-9))
}

// scores are those of many values, each different one scored once.
func (f *forest) scores(values []float32) []float64 {
	known := map[float32]float64{}
	scores := make([]float64, len(values))
	for i, value := range values {
		score, ok := known[value]
		if !ok {
			score = f.score(value)
			known[value] = score
		}
		scores[i] = score
	}
	return scores
}

// averagePath is the mean length of the path of an unsuccessful search in a binary search tree of n.
func averagePath(n int) float64 {
	const eulerGamma = 0.57721566490153286
	switch {
	case n <= 1:
		return 0
	case n == 2:
		return 1
	}
	m := float64(n)
	return 2*(math.Log(m-1)+eulerGamma) - 2*(m-1)/m
}

// percentile of the values, a share between 0 and 1, with linear interpolation.
func percentile(values []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := share * float64(len(sorted)-1)
	low := int(at)
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// ForestDetector is Augur's detector, for those who want its numbers: an isolation forest over the values of the past days. Contamination is the share of
// days that it reports, however quiet they are. Days that were not collected count as 0, and values of 0 and 1 are never reported. It gives no reason.
type ForestDetector struct {
	options Options
	next    time.Time
	values  []float32 // the last TrainingDays, oldest first
}

// NewForestDetector is a forest for a series that begins at the day first.
func NewForestDetector(first time.Time, o Options) *ForestDetector {
	return &ForestDetector{options: o, next: first}
}

// NextDay is the day that [ForestDetector.Next] will judge.
func (d *ForestDetector) NextDay() time.Time { return d.next }

// Next judges the next day as the last one of the past days. The forest of a day is always the same one.
func (d *ForestDetector) Next(value float64) Verdict {
	verdict := Verdict{Date: d.next, Value: value, Score: noScore, Evidence: Forest, Days: 1, Total: value, options: d.options}
	y := 0.0
	if !math.IsNaN(value) {
		y = math.Min(math.Max(value, 0), maxValue)
	}
	window := max(d.options.TrainingDays, warmUp)
	if len(d.values) >= window {
		d.values = append(d.values[:0], d.values[len(d.values)-window+1:]...)
	}
	d.values = append(d.values, float32(y))
	if len(d.values) >= warmUp {
		random := rand.New(rand.NewPCG(32, uint64(d.next.Unix()))) //nolint:gosec // a forest that can be repeated
		f := growForest(d.values, forestTrees, forestSample, random)
		offset := percentile(f.scores(d.values), d.options.Contamination)
		verdict.Score, verdict.Threshold = -f.score(float32(y)), math.Nextafter(-offset, 1)
		if y == 0 || y == 1 {
			verdict.Score = math.Min(verdict.Score, -offset)
		}
		for _, past := range d.values {
			verdict.Mean += float64(past) / float64(len(d.values))
		}
	} else {
		verdict.Threshold = 1
	}
	d.next = d.next.AddDate(0, 0, 1)
	return verdict
}

// forestVersion is the first byte of a stored state.
const forestVersion = 101

// MarshalBinary is the state of the detector, without its options.
func (d *ForestDetector) MarshalBinary() ([]byte, error) {
	data := binary.LittleEndian.AppendUint64([]byte{forestVersion}, uint64(d.next.Unix())) //nolint:gosec // read back as it was
	return appendList(data, d.values), nil
}

// UnmarshalBinary takes up a state; the options stay. It returns an [ErrState] when the bytes are no state.
func (d *ForestDetector) UnmarshalBinary(data []byte) error {
	if len(data) < 9 || data[0] != forestVersion {
		return ErrState
	}
	next := time.Unix(int64(binary.LittleEndian.Uint64(data[1:])), 0).UTC() //nolint:gosec // written as it was
	r := bytes.NewReader(data[9:])
	values, err := readList[float32](r, math.MaxUint16)
	if err != nil || r.Len() > 0 {
		return ErrState
	}
	d.next, d.values = next, values
	return nil
}
