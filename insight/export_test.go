package insight

import "math/rand/v2"

// TestForest is a forest for tests that know its insides.
type TestForest struct{ forest *forest }

// GrowForest grows a forest as scikit-learn does by default.
func GrowForest(values []float32, random *rand.Rand) *TestForest {
	return &TestForest{growForest(values, forestTrees, forestSample, random)}
}

// Score is score_samples of one value.
func (f *TestForest) Score(value float32) float64 { return f.forest.score(value) }

// Depth is the mean length of the path to the value.
func (f *TestForest) Depth(value float32) float64 { return f.forest.depth(value) }

// Offset is the score at the percentile of the training data.
func (f *TestForest) Offset(values []float32, share float64) float64 {
	return percentile(f.forest.scores(values), share)
}
