package corpus

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Tools are the built programs.
type Tools struct {
	Stategen, Msgp string
	// checkout is the root of the SDK's module, which packages are generated for.
	checkout string
}

// Build builds the programs, as "go tool" does, from the directory of this
// module. The go command keeps them in its cache.
func Build(ctx context.Context) (t Tools, err error) {
	for path, args := range map[*string][]string{
		&t.Stategen: {"tool", "-n", "stategen"},
		&t.Msgp:     {"tool", "-n", "msgp"},
		&t.checkout: {"list", "-m", "-f", "{{.Dir}}", "github.com/typedstate/typedstate"},
	} {
		if *path, err = output(ctx, args...); err != nil {
			return Tools{}, err
		}
	}
	return t, nil
}

func output(ctx context.Context, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return strings.TrimSpace(string(text)), nil
}
