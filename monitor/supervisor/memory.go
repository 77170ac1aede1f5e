package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/shirou/gopsutil/v4/mem"
)

// TotalMemory is the memory of the machine in bytes.
func TotalMemory(ctx context.Context) (uint64, error) {
	info, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return 0, fmt.Errorf("measure the memory of the machine: %w", err)
	}
	return info.Total, nil
}

// watchMemory replaces the largest worker whenever all together are over the cap, until ctx ends.
func (s *Supervisor) watchMemory(ctx context.Context) {
	ticker := time.NewTicker(s.options.MemoryInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.capMemory(ctx)
		}
	}
}

// capMemory looks once. A replaced worker finishes its jobs or hands them back, as at every stop; its successor starts with little memory.
func (s *Supervisor) capMemory(ctx context.Context) {
	limit := s.options.MemoryCap()
	var total, most uint64
	var largest string
	for name, pid := range s.pids() {
		size := memoryBelow(ctx, pid)
		total += size
		if size > most {
			most, largest = size, name
		}
	}
	if limit == 0 || total <= limit || largest == "" {
		return
	}
	s.options.Log.WarnContext(ctx, "workers are over Celery.worker_process_vmem_cap; the largest is replaced", slog.String("queue", largest),
		slog.Uint64("bytes", most), slog.Uint64("all_bytes", total), slog.Uint64("cap_bytes", limit))
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.running[largest]; r != nil {
		r.once.Do(func() { close(r.replace) })
	}
}

func (s *Supervisor) pids() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := make(map[string]int, len(s.running))
	for name, r := range s.running {
		pids[name] = r.pid
	}
	return pids
}

// memoryBelow is what a process and everything below it occupy.
func memoryBelow(ctx context.Context, pid int) uint64 {
	found, err := below(ctx, pid)
	if err != nil {
		return 0
	}
	var sum uint64
	for _, p := range found {
		sum += p.Memory
	}
	return sum
}
