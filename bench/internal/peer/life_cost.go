package peer

import (
	"context"
	"strconv"
	"time"
)

// LifeCost is what the server sees of a job's life.
type LifeCost struct {
	Name string
	// Reads are how often it had something to read on a connection, which is once for each
	// round trip, however many commands that carries.
	Reads float64
	// Commands are all that it executed, those within scripts included.
	Commands float64
	// CPU is the time that its process took.
	CPU time.Duration
}

// LifeCosts has each way of [Env.Lives] at work for about d, and returns what a life took.
func (e *Env) LifeCosts(ctx context.Context, callers int, d time.Duration) ([]LifeCost, error) {
	all := make([]LifeCost, 0, 3)
	for _, l := range e.lives() {
		before, err := e.usage(ctx)
		if err != nil {
			return nil, err
		}
		first := born.Load()
		if _, err := (lives{l, callers}).Block(d); err != nil {
			return nil, err
		}
		after, err := e.usage(ctx)
		if err != nil {
			return nil, err
		}
		n := float64(born.Load() - first)
		all = append(all, LifeCost{
			Name: l.name, Reads: (after.reads - before.reads) / n, Commands: (after.commands - before.commands) / n,
			CPU: time.Duration((after.cpu - before.cpu) / n * float64(time.Second)),
		})
	}
	return all, nil
}

// usage is what the server has done since it was started; cpu is in seconds.
type usage struct{ reads, commands, cpu float64 }

func (e *Env) usage(ctx context.Context) (u usage, err error) {
	info, err := e.GoRedis.InfoMap(ctx, "stats", "cpu").Result()
	if err != nil {
		return u, err
	}
	number := func(section, name string) float64 {
		n, wrong := strconv.ParseFloat(info[section][name], 64)
		if wrong != nil && err == nil {
			err = wrong
		}
		return n
	}
	u.reads, u.commands = number("Stats", "total_reads_processed"), number("Stats", "total_commands_processed")
	u.cpu = number("CPU", "used_cpu_user") + number("CPU", "used_cpu_sys")
	return u, err
}
