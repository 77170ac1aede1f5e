package config_test

import (
	"testing"

	"augur/db/config"
)

func BenchmarkOf(b *testing.B) {
	store := config.Static(registry())
	b.ReportAllocs()
	for b.Loop() {
		if config.Of[sample](store).Count != 5 {
			b.Fatal("not the default")
		}
	}
}
