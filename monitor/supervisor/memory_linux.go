package supervisor

import (
	"context"

	"github.com/shirou/gopsutil/v4/process"
)

// shared is the part of a process's memory that maps files.
func shared(ctx context.Context, p *process.Process) uint64 {
	info, err := p.MemoryInfoExWithContext(ctx)
	if err != nil {
		return 0
	}
	return info.Shared
}
