// Package machine says what figures were measured on and with.
package machine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Facts are the lines that name the machine. What cannot be found out is
// "unknown".
func Facts(ctx context.Context, redisVersion string) []string {
	return []string{
		"cpu     " + or(field("/proc/cpuinfo", "model name")) + fmt.Sprintf(", %d cores used", runtime.GOMAXPROCS(0)),
		"memory  " + or(field("/proc/meminfo", "MemTotal")),
		"kernel  " + or(kernel(ctx)),
		"go      " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		"redis   " + or(redisVersion) + ", started by this program, TCP on the loopback interface, on the same cores",
		"date    " + time.Now().UTC().Format(time.DateOnly),
	}
}

// Peers returns the modules that are compared with this one, with the versions
// that are part of this program.
func Peers() []string {
	compared := []string{
		"github.com/redis/go-redis/v9", "github.com/redis/rueidis", "github.com/go-redis/cache/v9",
		"github.com/go-redis/redis_rate/v10", "github.com/tinylib/msgp", "github.com/goccy/go-json",
		"github.com/vmihailenco/msgpack/v5", "github.com/hibiken/asynq",
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var lines []string
	for _, m := range info.Deps {
		if slices.Contains(compared, m.Path) {
			lines = append(lines, m.Path+" "+m.Version)
		}
	}
	return lines
}

// field returns the value of the first line of a file that begins with a name
// and a colon.
func field(path, name string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(content) {
		if key, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func kernel(ctx context.Context) string {
	text, err := exec.CommandContext(ctx, "uname", "-sr").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func or(value string) string {
	if value == "" {
		return "unknown"
	}
	return value
}
