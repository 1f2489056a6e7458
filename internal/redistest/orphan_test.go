//go:build unix

package redistest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const orphanVar = "REDISTEST_LEAVE_ORPHAN"

// TestLeaveOrphan is what TestNothingOutlivesAKilledTest runs and kills. It
// does nothing elsewhere: a skip would look like a missing server.
func TestLeaveOrphan(t *testing.T) {
	if os.Getenv(orphanVar) == "" {
		return
	}
	_, _ = fmt.Fprintf(os.Stdout, "pid=%d\n", Start(t).PID())
	time.Sleep(30 * time.Second)
}

func TestNothingOutlivesAKilledTest(t *testing.T) {
	t.Parallel()
	Require(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestLeaveOrphan$", "-test.v")
	cmd.Env = append(os.Environ(), orphanVar+"=1", "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	pid := 0
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		if s, ok := strings.CutPrefix(lines.Text(), "pid="); ok {
			_, err := fmt.Sscan(s, &pid)
			require.NoError(t, err)
		}
	}
	require.NotZero(t, pid, "the test in the child process started no server")
	require.True(t, alive(pid))

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	assert.Eventually(t, func() bool { return !alive(pid) }, 5*time.Second, 5*time.Millisecond)
}

// A goroutine that ends while locked to its thread takes the thread along, and
// Linux then kills the processes that the thread started.
func TestServersSurviveTheStartingThread(t *testing.T) {
	t.Parallel()
	Require(t)
	var srv *Server
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		srv = Start(t)
	}()
	<-done
	require.NotNil(t, srv)
	ctx := within(t, 5*time.Second)
	for range 20 {
		time.Sleep(time.Millisecond)
		require.NoError(t, srv.Client(t).Ping(ctx).Err())
	}
}
